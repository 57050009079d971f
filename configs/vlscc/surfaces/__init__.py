"""What quality surfaces are measured of."""
