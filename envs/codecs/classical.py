"""Classical codecs behind one interface: x264, x265, hevc-intra, svt-av1; jpeg, jpeg2000, webp, avif.

What is sent: the packets of a `Bitstream`. What the receiver is assumed to have without error: the codec, the
size and number of the frames, the length of every packet, and for video the parameter sets (36 to 81 bytes a
clip). Pictures are sent as whole files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semverse.envs.codecs.bitstream import (
    Bitstream,
    Frames,
    Received,
    check_frames,
    check_level,
    codec_named,
    shown,
)
from semverse.envs.codecs.pictures import decode_pictures, encode_pictures
from semverse.envs.codecs.video import decode_video, encode_video
from semverse.envs.errors import InputError

DEFAULT_GOP = 30


def encode(frames: Frames, codec: str, level: float | None = None, gop: int = DEFAULT_GOP) -> Bitstream:
    """Encode frames, and make sure that the bitstream decodes.

    Args:
        frames: [F, H, W, 3] of uint8, RGB.
        codec: name out of `CODECS`.
        level: QP of video codecs, quality of picture codecs; each codec's own default if None.
        gop: frames from one intra frame to the next; video codecs except hevc-intra (always 1).

    Raises:
        InputError: an unknown codec, a level or gop out of range, no frames, or too small ones.
    """
    chosen = codec_named(codec)
    value = check_level(chosen, chosen.default if level is None else level)
    if not 1 <= gop <= 10000:
        raise InputError(f"is {gop}", key="gop", remedy="give 1 to 10000 frames")
    check_frames(frames, chosen)
    count, height, width = frames.shape[:3]
    if chosen.kind == "video":
        header, packets = encode_video(frames, chosen, value, gop)
        pictures, types = decode_video(chosen, header, packets, height, width)
        frame_types = "".join(types.get(index, "?") for index in range(count))
    else:
        header, packets = b"", encode_pictures(frames, chosen, value)
        pictures = decode_pictures(chosen, packets, height, width)
        frame_types = "I" * count
    clean = shown(pictures, count, height, width)
    if not clean.decoded.all() or set(frame_types) - set("IP"):
        raise RuntimeError(f"{codec}: the clean stream does not decode, or has other frames than I and P")
    return Bitstream(chosen, value, height, width, header, packets, frame_types, clean.frames)


def decode(stream: Bitstream, packets: Sequence[bytes | None] | None = None) -> Received:
    """Decode what arrived of a bitstream.

    A frame that is not decoded shows the last one before it, grey before the first. After a missing packet
    the receiver waits for the next intra frame. A damaged packet goes to the decoder as it is.

    Args:
        stream: what was sent.
        packets: what arrived, one a frame, None where it is missing; everything if not given.

    Raises:
        InputError: another number of packets than were sent.
    """
    arrived = list(stream.packets if packets is None else packets)
    if len(arrived) != len(stream.packets):
        raise InputError(f"are {len(arrived)}", key="packets", remedy=f"give {len(stream.packets)}")
    usable: list[bytes | None] = []
    waiting = True
    for packet, frame_type in zip(arrived, stream.frame_types, strict=True):
        waiting = packet is None or (waiting and frame_type != "I")
        usable.append(None if waiting else packet)
    if stream.codec.kind == "video":
        pictures, _ = decode_video(stream.codec, stream.header, usable, stream.height, stream.width)
    else:
        pictures = decode_pictures(stream.codec, usable, stream.height, stream.width)
    return shown(pictures, len(usable), stream.height, stream.width)


def clean_psnr_db(stream: Bitstream, frames: Frames) -> float:
    """Return the mean luma PSNR of a stream that arrives whole, dB."""
    from semverse.envs.codecs.metrics import luma, psnr_db

    return float(np.mean(psnr_db(luma(frames), luma(stream.clean))))
