"""Agents of semverse: learned policies, heuristics and solvers behind one registry."""
