"""Profiles of the ISGC bandwidth problem."""
