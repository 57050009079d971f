"""Configuration values (YAML only)."""
