"""Quality of experience of the ISGC problem."""
