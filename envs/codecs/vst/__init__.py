"""Video semantic transmission (paper 000, section 2.1): GOPs with common and individual features."""

from semverse.envs.codecs.vst.checkpoint import load_video_codec
from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.sending import Delivery, send

__all__ = ["Delivery", "VideoCodec", "load_video_codec", "send"]
