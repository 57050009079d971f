"""Benchmarks of episodes: agents are compared by the returns they earn in the same episodes."""
