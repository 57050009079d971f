"""Variable-length semantic-channel coding (paper 002): learned codecs of human meshes and of pictures."""

from semverse.envs.codecs.vlscc.checkpoint import load_codec, make_codec, save_codec, shipped_codecs
from semverse.envs.codecs.vlscc.codec import Codec, Passage

__all__ = ["Codec", "Passage", "load_codec", "make_codec", "save_codec", "shipped_codecs"]
