"""Dynamics of the slotted ISGC problem."""
