"""Radio channels: path loss, fading, capacity, modulation and coding (numpy, SI units)."""
