"""What several learned agents share: checkpoints, networks, buffers, random states."""
