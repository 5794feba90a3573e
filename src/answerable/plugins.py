# SPDX-License-Identifier: Apache-2.0
"""Plugins: entry points found by name, off until the config names them; one that does not load is no start.

What was loaded is written to the log at start: name, version of its distribution, and SHA-256 of the module's file.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from answerable.errors import Refused


@dataclass(frozen=True, slots=True)
class Plugin:
    """One loaded plugin. digest: sha256 hex of the file that defines it."""

    name: str
    port: str
    version: str
    digest: str
    value: Any


def load(port: str, names: Iterable[str]) -> tuple[Plugin, ...]:
    """The plugins of group ``answerable.<port>`` with these names, in this order, each called without arguments.

    Raises Refused ``config.plugin`` for a name that is not installed, is installed twice, or fails to load.
    """
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=f"answerable.{port}"):
        found.setdefault(point.name, []).append(point)
    return tuple(_load(port, name, found.get(name, [])) for name in names)


def _load(port: str, name: str, points: list[EntryPoint]) -> Plugin:
    if len(points) != 1:
        detail = "not installed" if not points else f"installed {len(points)} times"
        raise Refused("config.plugin", port=port, name=name, detail=detail)
    (point,) = points
    try:
        value = point.load()()
        spec = importlib.util.find_spec(point.module)
        if spec is None or spec.origin is None:
            raise ImportError(f"{point.module} has no file")
        digest = hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()
    except Exception as error:
        raise Refused("config.plugin", port=port, name=name, detail=f"{type(error).__name__}: {error}") from error
    version = point.dist.version if point.dist is not None else "0"
    return Plugin(name, port, version, digest, value)
