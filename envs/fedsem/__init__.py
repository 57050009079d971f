"""Trustworthy semantic codecs by federated distillation with differential privacy (paper 004)."""
