"""The person cut out of a clip and put before another background (paper 000, section 2.2)."""
