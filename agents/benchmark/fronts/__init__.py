"""Benchmarks of whole instances: agents are compared by their Pareto fronts."""
