"""Tables of surfaces: what ships, what is written and read back, what is damaged."""

from dataclasses import fields, replace

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.vlscc.surfaces import TOYS, checked, load_surfaces, save_surfaces, toy_surfaces
from semverse.envs.vlscc.types import Surfaces


@pytest.mark.parametrize("make", TOYS.values(), ids=TOYS)
def test_surfaces_survive_a_file(make, tmp_path):
    path = str(tmp_path / "some.npz")
    save_surfaces(checked(make()), path)
    read = load_surfaces(path)
    for field in fields(Surfaces):
        before, after = getattr(make(), field.name), getattr(read, field.name)
        if isinstance(before, np.ndarray):
            assert np.allclose(before, after, rtol=1e-6)
            assert before.dtype == after.dtype or field.name == "sources"
        else:
            assert before == after


DAMAGE = {
    "distortion": lambda s: -s.distortion,
    "snr_db": lambda s: s.snr_db[::-1],
    "features": lambda s: s.features * np.nan,
    "feature_names": lambda s: ("size",),
    "allocation": lambda s: s.allocation + 4,
    "scene": lambda s: s.scene[:-1],
    "held_out": lambda s: np.ones_like(s.held_out),
    "sources": lambda s: s.sources[:-1],
    "measure": lambda s: "lpips",
    "symbols": lambda s: 0,
    "best": lambda s: s.worst,
}


@pytest.mark.parametrize("key", DAMAGE)
def test_surfaces_that_do_not_fit_are_the_users_error(key, tmp_path):
    toy, path = toy_surfaces(), str(tmp_path / "bad.npz")
    save_surfaces(replace(toy, **{key: DAMAGE[key](toy)}), path)
    with pytest.raises(InputError, match=rf"bad.npz: {key}: "):
        load_surfaces(path)


def test_files_that_hold_no_surfaces_are_the_users_error(tmp_path):
    good = tmp_path / "good.npz"
    save_surfaces(toy_surfaces(), good)
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:-200])
    (tmp_path / "text.npz").write_text("quality")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    np.savez(tmp_path / "few.npz", format=np.asarray("semverse.vlscc/1"), x=np.zeros(3))
    np.savez(tmp_path / "words.npz", **{**np.load(good), "distortion": np.array("much")})
    for name in ("cut", "text", "other", "few", "words", "missing"):
        with pytest.raises(InputError, match=rf"{name}\.npz"):
            load_surfaces(str(tmp_path / f"{name}.npz"))
    with pytest.raises(InputError, match="surfaces"):
        load_surfaces("../toy")
