"""Reading the packaged YAML files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster


class PolicyError(Exception):
    """A policy file says something impossible; the message names the file and the place."""


def as_day(value: date | str | None) -> date | None:
    """Return a day as YAML or JSON holds it.

    Raises:
        PolicyError: it is none.
    """
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"不是日期：{value}") from error


def read_yaml(path: Traversable) -> Any:
    """The parsed content of one YAML file.

    Raises:
        PolicyError: the file is not valid YAML; the message names file and line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, stricter
    except yaml.YAMLError as error:
        raise PolicyError(f"{path.name}: {error}") from error


def packaged(folder: str) -> Iterator[tuple[str, Any]]:
    """(file name, content) of every YAML file in a folder of the package, by name."""
    root = resources.files("policy").joinpath(folder)
    for path in sorted(root.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            yield path.name, read_yaml(path)


def packaged_file(name: str) -> Any:
    """The content of one YAML file of the package, e.g. `form.yaml`."""
    return read_yaml(resources.files("policy").joinpath(name))
