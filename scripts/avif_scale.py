"""``python -m semverse.scripts.avif_scale``: the scale of avif in `semverse.envs.codecs.fineness`."""

from __future__ import annotations

from semverse.scripts.cli import run


def command() -> None:
    """Print the mean PSNR of 20 pictures of BSDS500 at all qualities; about five minutes of one core.

    Every ninth training picture is taken, eight of them whole and twelve at half their size.
    """
    import numpy as np
    from tqdm import tqdm

    from semverse.envs.codecs.classical import encode
    from semverse.envs.codecs.clips import halved
    from semverse.envs.codecs.media import data_folder, read_picture
    from semverse.envs.codecs.metrics import psnr_db

    paths = sorted(data_folder("images", "bsds500", "train").glob("*.jpg"))[::9][:20]
    pictures = [read_picture(path)[None] for path in paths]
    pictures[8:] = map(halved, pictures[8:])
    for quality in tqdm(range(1, 101)):
        found = [psnr_db(picture, encode(picture, "avif", quality).clean)[0] for picture in pictures]
        tqdm.write(f"{quality} {np.mean(found):.2f}")


if __name__ == "__main__":
    run(command)
