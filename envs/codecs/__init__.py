"""Source codecs: classical ones, the link that carries their bits, and picture quality metrics."""
