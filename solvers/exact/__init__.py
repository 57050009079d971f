"""Column generation for SCC placement, with lower bounds certified by exact pricing."""
