"""Wrong input to the FedSem studies and trainings: exit code 2, one line, nothing written."""

from importlib import import_module

import numpy as np
import pytest
import yaml

from semverse.envs.config import shipped
from semverse.scripts.cli import run

STUDIES = ("fedsem_figures", "fedsem_bits", "fedsem_attacks")
COMMANDS = (*STUDIES, "fedsem_train")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with wrong files, made the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    images, labels = np.ones((2000, 8, 8), np.float32), np.arange(2000) % 10
    for name, arrays in {
        "flat": {"images": images.reshape(2000, 64), "labels": labels},
        "short": {"images": images, "labels": labels[:-1]},
        "nan": {"images": np.full_like(images, np.nan), "labels": labels},
        "eleven": {"images": images, "labels": labels + 1},
        "half": {"images": images, "labels": labels + 0.5},
        "few": {"images": images[:100], "labels": labels[:100]},
        "huge": {"images": np.ones((10, 65, 65), np.float32), "labels": labels[:10]},
        "no_labels": {"images": images},
        "objects": {"images": images, "labels": np.array([{}] * 2000)},
    }.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "words.csv").write_text("label,p1\n1,dark\n")
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").write_text("x")
    values = yaml.safe_load(shipped("fedsem", "training", "digits.yaml").read_text())
    for name, change in {
        "unknown_key": {"clientele": 3},
        "chosen": {"chosen": 41},
        "labels": {"labels": 401},
        "bits": {"bits": 33},
        "model": {"models": ["transformer"]},
        "none": {"models": []},
        "noise": {"epsilon": -1.0},
        "mixed": {"models": ["cnn", "mlp"]},
        "averaged": {"models": ["cnn", "mlp"], "algorithm": "fedavg"},
        "step": {"client": {"epochs": 1, "batch": 5, "learning_rate": float("nan")}},
        "many": {"clients": 4000, "chosen": 10},
    }.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({**values, **change}))
    (tmp_path / "no_yaml.yaml").write_text("a: [")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.npz").write_text("no state")
    return tmp_path


DATA = [  # (what the line must name, --data)
    ("data", "letters"),
    ("mnist.npz", "mnist"),
    ("missing.npz", "missing.npz"),
    ("missing.csv", "missing.csv"),
    ("folder.npz", "folder.npz"),
    ("text.npz", "text.npz"),
    ("flat.npz: images have shape", "flat.npz"),
    ("short.npz: images have shape", "short.npz"),
    ("nan.npz: images", "nan.npz"),
    ("eleven.npz: labels", "eleven.npz"),
    ("half.npz: labels", "half.npz"),
    ("has 100 pictures", "few.npz"),
    ("huge.npz: images", "huge.npz"),
    ("no_labels.npz: labels", "no_labels.npz"),
    ("objects.npz", "objects.npz"),
    ("empty.csv: label", "empty.csv"),
    ("words.csv: line 2", "words.csv"),
]
TRAIN = [
    ("epsilon", ("--epsilon", "-1")),
    ("epsilon", ("--epsilon", "nan")),
    ("epsilon", ("--epsilon", "inf")),
    ("epsilon", ("--epsilon", "much")),
    ("algorithm", ("--algorithm", "fedprox")),
    ("seed", ("--seed", "-1")),
    ("--backend", ("--backend", "torch")),
    ("workers", ("--workers", "0")),
    ("missing.yaml", ("--config", "missing.yaml")),
    ("atlantis", ("--config", "atlantis")),
    ("no_yaml.yaml", ("--config", "no_yaml.yaml")),
    ("unknown_key.yaml: clientele", ("--config", "unknown_key.yaml")),
    ("chosen must not exceed clients", ("--config", "chosen.yaml")),
    ("labels must not exceed public", ("--config", "labels.yaml")),
    ("bits.yaml: bits", ("--config", "bits.yaml")),
    ("model.yaml: models.0", ("--config", "model.yaml")),
    ("none.yaml: models", ("--config", "none.yaml")),
    ("noise.yaml: epsilon", ("--config", "noise.yaml")),
    ("step.yaml: client.learning_rate", ("--config", "step.yaml")),
    ("cannot be averaged", ("--config", "averaged.yaml")),
    ("models", ("--config", "mixed.yaml", "--backend", "flower")),
    ("are needed", ("--config", "many.yaml")),
    ("state.npz", ("--out", "state")),
]
STUDY = [("seeds", ("--seeds", "0")), ("seeds", ("--seeds", "some"))]
CASES = [
    *((name, text, ("--data", value)) for name in COMMANDS for text, value in DATA),
    *((name, "file", ("--out", path)) for name in COMMANDS for path in ("file", "file/new")),
    *((name, text, flags) for name in STUDIES for text, flags in STUDY),
    *(("fedsem_train", text, flags) for text, flags in TRAIN),
    *((name, "a.png", ("--figure", "missing/a.png")) for name in ("fedsem_figures", "fedsem_attacks")),
]


@pytest.mark.parametrize(("name", "named", "flags"), CASES, ids=[f"{c[0]} {' '.join(c[2])}" for c in CASES])
def test_one_line_and_nothing_written(name, named, flags, place, monkeypatch, capsys):
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    monkeypatch.setattr("sys.argv", [name, "--out", "new", *flags])
    with pytest.raises(SystemExit) as caught:
        run(import_module(f"semverse.scripts.{name}").command)
    found = capsys.readouterr()
    assert caught.value.code == 2, found.err
    assert found.out == ""
    assert found.err.startswith("semverse: error: ")
    assert found.err.count("\n") == 1
    assert named in found.err
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
