"""Sharing a band among the semantic, AIGC and rendering links of the metaverse (ISGC, paper 001)."""
