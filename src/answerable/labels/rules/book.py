# SPDX-License-Identifier: Apache-2.0
"""Rules as data: one file a regime, `cn.toml`, `eu.toml`, `ca.toml`, whose heads say what each member means. How far a
clause was looked up stands with it: this project names no clause that it has not found somewhere."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

BOOKS: Final = ("cn", "eu", "ca")
Medium = Literal["image", "audio", "video", "text"]
Read = Literal["source", "quoted", "notes"]
READ: Final = {
    "source": "the text itself, in a public reprint",
    "quoted": "as others quote or sum it up",
    "notes": "by this project's design notes alone",
}


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: stable; clause: as its source numbers it; check: name of the function that tests it, "" for a duty that no
    file can show; applies: media that it is about; unless: formats that have no place for what it asks; binds: whom;
    weight: "must" counts in the verdict of a file, "may" only where it is broken; from_: first day in force; ours: what
    this project does for it."""

    id: str
    clause: str
    title: str
    title_zh: str
    applies: tuple[Medium, ...]
    remedy: str
    remedy_zh: str
    source: str
    read: Read
    ours: str
    from_: date = msgspec.field(name="from")
    check: str = ""
    unless: tuple[str, ...] = ()
    binds: Literal["provider", "deployer"] = "provider"
    weight: Literal["must", "may"] = "must"


class Book(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of one regime. note: what whoever reads the table has to know first."""

    id: str
    title: str
    title_zh: str
    note: str
    rule: tuple[Rule, ...]

    def about(self, medium: str, format: str, *, deployer: bool) -> tuple[Rule, ...]:
        """The rules that a file of that medium and format is tested with. deployer: also those that bind who
        publishes."""
        return tuple(
            rule
            for rule in self.rule
            if rule.check
            and medium in rule.applies
            and format not in rule.unless
            and (deployer or rule.binds == "provider")
        )

    @property
    def duties(self) -> tuple[Rule, ...]:
        """What no file can show."""
        return tuple(rule for rule in self.rule if not rule.check)


@cache
def book(name: str) -> Book:
    """The book `cn`, `eu` or `ca`. Raises KeyError for another name."""
    if name not in BOOKS:
        raise KeyError(name)
    data = resources.files("answerable.labels.rules").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(data), Book)
