"""Reading of YAML configuration files into pydantic models, with one-line errors."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml

from semverse.envs.errors import InputError
from semverse.envs.files import read_text

ModelT = TypeVar("ModelT", bound=pydantic.BaseModel)


class Config(pydantic.BaseModel):
    """Base of every configuration schema: unknown keys are refused, values are not changed later."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def shipped(*parts: str) -> Path:
    """Return the path of a YAML file that ships in ``semverse.configs``."""
    return Path(str(files("semverse.configs").joinpath(*parts)))


# besides its own, PyYAML lets through what its constructors meet: a 13th month, "!!bool maybe", "!!int ''"
_YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


class _UniqueLoader(yaml.SafeLoader):
    """The safe loader, refusing a key that is given twice (YAML would silently keep the last)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise InputError("is given twice", key=key.value, remedy="keep one of the two")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        InputError: the file cannot be read, is no YAML, or is no mapping.
    """
    text = read_text(path)
    try:
        data = yaml.load(text, Loader=_UniqueLoader)
    except InputError as error:
        raise error.at(path) from error
    except _YAML_ERRORS as error:
        raise InputError(f"is no valid YAML ({error})", source=path, remedy="mend the file") from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputError("is no YAML mapping", source=path, remedy="write 'key: value' lines")
    return data


def parse(model: type[ModelT], data: dict[str, Any], source: object = None) -> ModelT:
    """Validate a mapping against a schema.

    Raises:
        InputError: names the first offending key, what is wrong and the allowed keys or values.
    """
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        # a misspelt key is both unknown and missing: name the one that was written
        first = min(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"]) or None
        remedy = _allowed_keys(model, first["loc"]) if first["type"] == "extra_forbidden" else None
        got = f" (got {reprlib.repr(first['input'])})" if first["type"] != "missing" else ""
        raise InputError(
            first["msg"] + got, source=source, key=key, remedy=remedy or "correct the value"
        ) from error


def read_profile(
    model: type[ModelT], family: str, known: Sequence[str], profile: str | Path, overrides: Mapping[str, Any]
) -> ModelT:
    """Read a profile of a family of environments.

    Args:
        model: its schema.
        family: folder of ``semverse.configs`` that the profiles ship in.
        known: names of those that ship.
        profile: one of these, or a path ending in .yaml or .yml.
        overrides: keys that replace the file's values; a mapping replaces those keys of its section that it
            names, None is ignored.

    Raises:
        InputError: unknown profile, unreadable file, unknown key or bad value.
    """
    if str(profile).endswith((".yaml", ".yml")):
        path, source = Path(profile), str(profile)
    elif profile in known:
        path, source = shipped(family, f"{profile}.yaml"), f"profile {profile}"
    else:
        remedy = f"choose {', '.join(known)} or a YAML file"
        raise InputError(f"unknown profile {str(profile)!r:.60}", key="profile", remedy=remedy)
    data = load_yaml(path)
    for key, value in overrides.items():
        before = data.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            data[key] = {**before, **value}
        elif value is not None:
            data[key] = value
    return parse(model, data, source=source)


def load_config(model: type[ModelT], path: str | Path) -> ModelT:
    """Read and validate a YAML file; errors name the file."""
    return parse(model, load_yaml(path), source=path)


def _allowed_keys(model: type[pydantic.BaseModel], loc: tuple[int | str, ...]) -> str:
    """Return the remedy for an unknown key: the keys its section knows."""
    section: Any = model
    for part in loc[:-1]:
        fields = getattr(section, "model_fields", {})
        section = fields[part].annotation if part in fields else section
    return "known keys: " + ", ".join(getattr(section, "model_fields", {}))
