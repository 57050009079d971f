"""How users move from slot to slot; the default and variants of it."""
