"""MO-CMPO: a consistency model that places virtual spaces for any preference (paper 003, section III)."""
