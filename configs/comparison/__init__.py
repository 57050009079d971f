"""Configurations of ``semverse compare-codecs`` (YAML only)."""
