"""Exact, evolutionary and heuristic solvers, front indicators and certified bounds."""
