"""Whole trainings of any size."""
