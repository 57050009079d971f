"""Configurations of ``semverse train`` (YAML only)."""
