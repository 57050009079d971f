"""Profiles of the federated training problem."""
