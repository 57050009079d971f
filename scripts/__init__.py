"""The commands of semverse; each is a thin layer over the library."""
