"""Source codecs: classical ones, the link that carries their bits, and picture quality metrics."""

from semverse.envs.codecs.rate_model import RateDistortion, rate_distortion

__all__ = ["RateDistortion", "rate_distortion"]
