"""Profiles of the VL-SCC rate control problem."""
