"""Learned and classical codecs side by side: figures 6, 8 and 9 of paper 002 from one run."""
