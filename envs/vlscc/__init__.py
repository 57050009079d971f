"""Rate control of variable-length semantic-channel codes (paper 002)."""
