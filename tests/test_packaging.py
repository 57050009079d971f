"""What is shipped, what importing costs, and who may import whom."""

import ast
import configparser
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

PACKAGES = ("envs", "agents", "solvers", "scripts", "configs")
HEAVY = (
    "torch",
    "ortools",
    "pymoo",
    "moocore",
    "matplotlib",
    "mo_gymnasium",
    "scipy",
    "tensorboard",
    "plotly",
)
SHIPPED = (".py", ".yaml", ".typed", ".npz", ".json", ".safetensors")
CHECKPOINTS = (("agents", "checkpoints"), ("envs", "checkpoints"))
ROOT = Path(__file__).resolve().parent.parent


def python(code: str) -> str:
    """Run code in a fresh interpreter; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


def source_files(pattern: str) -> list[Path]:
    found = [path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob(pattern)]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def test_every_package_is_listed():
    listed = set(setup()["options"]["packages"].split())
    there = {"semverse." + ".".join(path.parent.parts) for path in source_files("__init__.py")}
    assert listed == there


def test_every_folder_with_files_is_a_package():
    for path in [*source_files("*.py"), *source_files("*.yaml")]:
        if path.parts[:2] in CHECKPOINTS:
            continue  # data of the packages
        assert (ROOT / path.parent / "__init__.py").is_file(), path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel, built from a copy so that the source tree stays clean."""
    copy, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(target)!r})"
    subprocess.run([sys.executable, "-c", build], check=True, capture_output=True, cwd=copy)
    (path,) = target.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_has_every_module_and_data_file(wheel):
    files = [path for suffix in SHIPPED for path in source_files(f"*{suffix}")]
    expected = {f"semverse/{path.as_posix()}" for path in files}
    got = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert got == expected


def test_every_data_file_is_of_a_shipped_kind():
    others = {path.suffix for path in source_files("*.*")} - set(SHIPPED)
    assert not others, "list the new suffix under options.package_data and in the test above"


def test_wheel_names_the_command(wheel):
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert b"semverse = semverse.scripts.main:main" in wheel.read(entry_points)


def test_import_is_light():
    loaded = python("import sys, semverse.envs\nprint(*sys.modules)").split()
    assert not {name.partition(".")[0] for name in loaded} & set(HEAVY)


@cache
def imports(path: Path) -> frozenset[str]:
    """Modules a source file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def touches(path: Path, *packages: str) -> set[str]:
    return {name for name in imports(path) if any(name == p or name.startswith(p + ".") for p in packages)}


def modules(*parts: str) -> list[Path]:
    return [path for path in source_files("*.py") if path.parts[: len(parts)] == parts]


PROBLEMS = ("scc", "isgc", "vlscc", "fedsem")


def adapters() -> tuple[str, ...]:
    """Environment modules: those that import Gymnasium or PettingZoo, or one that does."""
    found: set[str] = set()
    while True:
        more = {
            "semverse." + ".".join(path.with_suffix("").parts)
            for path in [path for problem in PROBLEMS for path in modules("envs", problem)]
            if touches(path, "gymnasium", "pettingzoo", *found)
        }
        if more == found:
            return tuple(sorted(found))
        found = more


MODEL_LAYER = (
    "types",
    "model",
    "state",
    "reward",
    "config",
    "geo",
    "cells",
    "traces",
    "generator",
    "servable",
)
MODEL_LAYER += ("io", "toy", "checks", "layout", "json_format", "npz_format")


def test_adapters_are_found():
    assert {"semverse.envs.scc.env", "semverse.envs.scc.vector_env"} <= set(adapters())


@pytest.mark.parametrize("path", source_files("*.py"), ids=str)
def test_dependency_rule(path):
    top = path.parts[0]
    if top != "scripts":
        assert not touches(path, "semverse.scripts")
    if top == "envs":
        assert not touches(path, "semverse.agents", "semverse.solvers")
    if top == "solvers":
        assert not touches(path, "semverse.agents", "gymnasium", "pettingzoo", *adapters())
    if top == "agents":
        assert not touches(path, *adapters())
    layered = (("envs", "cee"), ("envs", "fedsem"), ("envs", "isgc"), ("envs", "vlscc"))
    if path.parts[:2] in layered and not path.stem.endswith("env"):
        allowed = {"options", "speed"}  # what the adapters have in common, and what measures them
        assert path.stem in allowed or not touches(path, "gymnasium", "pettingzoo", *adapters())
    if path.parts[:2] == ("envs", "scc") and path.stem in MODEL_LAYER:
        assert not touches(path, "gymnasium", "pettingzoo", *adapters())
    if path.parts[:2] in (("envs", "channels"), ("envs", "codecs")):
        assert not touches(path, "gymnasium", "pettingzoo", "semverse.envs.scc")


@pytest.mark.parametrize("path", modules("scripts"), ids=str)
def test_commands_are_thin(path):
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= 80


def test_every_extra_is_part_of_all():
    extras = setup()["options.extras_require"]
    parts = extras["all"].strip().removeprefix("semverse[").removesuffix("]").split(",")
    assert set(extras) == {*parts, "all", "dev"}
