"""SCC: placing virtual spaces on a distributed edge (paper 003)."""
