"""Video codecs by PyAV, whose wheels carry libx264, libx265 (both GPL) and SVT-AV1.

Low delay throughout: no B frames, no look-ahead, one packet a frame, one thread, so that the same frames give
the same bits. Colours are 4:2:0, 8 bits.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from semverse.envs.codecs.bitstream import Codec, Frames
from semverse.envs.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av import VideoCodecContext, VideoFrame

FRAME_TYPES = {1: "I", 2: "P", 3: "B"}  # of FFmpeg's AVPictureType
# units, up to the next start code, that the receiver has already or does not need: x264 writes its settings
# as text (SEI) into the first packet, x265 repeats its parameter sets in every packet where all are intra
_SPARED = {
    decoder: re.compile(rb"\x00{2,3}\x01[" + types + rb"].*?(?=\x00{2,3}\x01|\Z)", re.DOTALL)
    for decoder, types in {"h264": rb"\x06", "hevc": rb"\x40\x42\x44\x4e"}.items()
}
_X265 = (
    "bframes=0:scenecut=0:rc-lookahead=0:repeat-headers=0:info=0:pools=none:frame-threads=1:log-level=none"
)


def encode_video(frames: Frames, codec: Codec, qp: int, gop: int) -> tuple[bytes, tuple[bytes, ...]]:
    """Encode frames at a constant quantiser.

    Args:
        frames: [F, H, W, 3]; odd sides are extended by one pixel.
        codec: one of kind ``video``.
        qp: quantiser of P frames; I frames get what the encoder makes of it.
        gop: frames from one intra frame to the next.

    Returns:
        Header (parameter sets), and one packet a frame.

    Raises:
        InputError: this build of PyAV does not have the encoder.
    """
    from av import VideoFrame
    from av.codec.context import Flags

    padded = np.pad(frames, ((0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)), mode="edge")
    context = _context(codec.encoder, "w")
    context.height, context.width = padded.shape[1:3]
    context.pix_fmt, context.time_base, context.framerate = "yuv420p", Fraction(1, 30), Fraction(30)
    context.flags |= Flags.global_header
    context.options = _options(codec.name, qp, gop)
    packets = []
    for index, picture in enumerate(padded):
        frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = index
        packets += context.encode(frame)
    packets += context.encode(None)
    if [packet.pts for packet in packets] != list(range(len(frames))):
        raise RuntimeError(f"{codec.encoder} did not give one packet a frame in order")
    spared = _SPARED.get(codec.decoder, re.compile(rb"(?!)"))  # the latter matches nothing
    return bytes(context.extradata or b""), tuple(spared.sub(b"", bytes(packet)) for packet in packets)


def decode_video(
    codec: Codec, header: bytes, packets: Sequence[bytes | None], height: int, width: int
) -> tuple[dict[int, Frames], dict[int, str]]:
    """Decode what can be decoded; packets that are missing or damaged beyond use give no frame.

    Args:
        codec: one of kind ``video``.
        header: what `encode_video` returned.
        packets: one a frame, None where it is missing.
        height: of a frame.
        width: of a frame.

    Returns:
        Frame number -> picture [H, W, 3], and frame number -> frame type (I, P or B).
    """
    from av.codec.context import Flags

    context = _context(codec.decoder, "r")
    context.flags |= Flags.low_delay
    if header:
        context.extradata = header
    pictures, types = {}, {}
    for frame in _decoded(context, packets):
        picture = frame.to_ndarray(format="rgb24")
        # a damaged header may announce another size
        if frame.pts is not None and picture.shape == (height + height % 2, width + width % 2, 3):
            pictures[frame.pts] = picture[:height, :width]
            types[frame.pts] = FRAME_TYPES.get(int(frame.pict_type), "?")
    return pictures, types


def _decoded(context: VideoCodecContext, packets: Sequence[bytes | None]) -> Iterator[VideoFrame]:
    from av import FFmpegError, Packet

    for index, data in enumerate(packets):
        if data:
            packet = Packet(data)
            packet.pts = index
            try:
                yield from context.decode(packet)
            except FFmpegError:  # damaged beyond use; the decoder goes on with the next packet
                continue
    try:
        yield from context.decode(None)
    except FFmpegError:
        return


def _context(name: str, mode: str) -> VideoCodecContext:
    # SVT-AV1 writes its settings to standard error unless told otherwise; 1: errors alone
    os.environ.setdefault("SVT_LOG", "1")
    from av import CodecContext
    from av.codec.codec import UnknownCodecError

    try:
        context = CodecContext.create(name, mode)
    except UnknownCodecError:
        remedy = "install the wheel of av from PyPI"
        raise InputError(f"this build of PyAV has no {name}", key="codec", remedy=remedy) from None
    context.thread_count = 1
    return context


def _options(name: str, qp: int, gop: int) -> dict[str, str]:
    intra = 1 if name == "hevc-intra" else gop
    if name == "x264":
        lookahead = "rc-lookahead=0:sync-lookahead=0"
        return {"qp": f"{qp}", "g": f"{gop}", "bf": "0", "sc_threshold": "0", "x264-params": lookahead}
    if name == "svt-av1":
        return {"preset": "8", "g": f"{gop}", "svtav1-params": f"rc=0:qp={qp}:aq-mode=0:pred-struct=1:lp=1"}
    return {"x265-params": f"qp={qp}:keyint={intra}:min-keyint={intra}:{_X265}"}
