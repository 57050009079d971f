"""Trainings of learned codecs."""
