# SPDX-License-Identifier: Apache-2.0
"""Reads the table of red lines that ships with the package, once, and strictly: an unknown member is a defect."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from answerable.errors import Refused

# With these a text detector (`ports.Detector`, a plugin) holds an answer back for a red line; rows name them: `codes`.
TEXT_CODES: Final = frozenset({"redline.weapons", "redline.cyber", "redline.deception", "redline.impersonation"})


class Measure(StrEnum):
    """What a detector does."""

    RECORD = "record"
    SUSPEND = "suspend"
    TERMINATE = "terminate"


class Reach(StrEnum):
    """How far: a detector goes no further than the copy and its system."""

    COPY = "copy"
    SYSTEM = "system"


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str
    name_zh: str


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One red line. The head of the file says what each member is."""

    id: str
    event: str
    name: str
    name_zh: str
    exact: bool
    reach: Reach
    yellow: Measure
    red: Measure
    officers: str
    officers_zh: str
    harms: tuple[str, ...]
    sources: tuple[str, ...]
    provokable: bool = False
    witness: bool = False
    codes: tuple[str, ...] = ()

    def measure(self, level: str) -> Measure:
        """level: yellow | red."""
        return self.red if level == "red" else self.yellow


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    source: tuple[Source, ...]
    line: tuple[Line, ...]


@cache
def table() -> Table:
    """The table as it ships."""
    data = tomllib.loads(resources.files(__package__).joinpath("redlines.toml").read_text("utf-8"))
    return msgspec.convert(data, Table)


@cache
def lines() -> dict[str, Line]:
    """Red lines by id, in the order of the table."""
    return {line.id: line for line in table().line}


def line(name: str) -> Line:
    """A red line by its id or its event's name. Raises Refused ``redline.unknown``."""
    for each in table().line:
        if name in (each.id, each.event):
            return each
    raise Refused("redline.unknown", line=name[:64])


@cache
def by_code() -> dict[str, Line]:
    """Which line a text detector's refusal stands for."""
    return {code: each for each in table().line for code in each.codes}
