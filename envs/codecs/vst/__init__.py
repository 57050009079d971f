"""Video semantic transmission (paper 000, section 2.1): GOPs with common and individual features."""
