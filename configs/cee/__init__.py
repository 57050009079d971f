"""Profiles of the cloud-edge-end service, and what its link tables are made of."""
