# SPDX-License-Identifier: Apache-2.0
"""What detectors of red lines are shown, and what they say: one committed leaf, one told event, or one request for a
warrant at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from answerable.model.events import Told
from answerable.model.leaves import Leaf, OpenLeaf


class Standing(StrEnum):
    """Whose word it is."""

    RECORD = "record"  # the log's own
    OWN = "own"  # a copy's, about itself
    TRUSTED = "trusted"  # of a copy that the deployment trusts
    OFFICER = "officer"  # an officer's: it may suspend, as an officer alone may
    STRANGER = "stranger"  # anybody else's, about others: it is recorded


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that happened.

    rid: of the leaf, "" for a request for a warrant; at: when, ms UTC; system, copy: rids of whom it concerns, "" where
    nobody; leaf: as committed; fact: of a told event; opened: of a close leaf, its open leaf, and `action` that one's
    rid; boot, refused: of a request for a warrant, the asker's boot and the code that it got, "" if it was granted.
    """

    rid: str
    at: int
    system: str = ""
    copy: str = ""
    standing: Standing = Standing.RECORD
    leaf: Leaf | None = None
    fact: Told | None = None
    opened: OpenLeaf | None = None
    action: str = ""
    boot: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a detector found. level: yellow (neared) or red (crossed); system, copy: rids; evidence: rids of leaves;
    action: rid of the open leaf, ""; stranger: its teller is not to be believed about this system; text: a text
    detector found it in an answer, which was held back; declared: a person says so; provoked: its teller says that an
    evaluation was to provoke it; detail: what was seen, for the page of facts."""

    line: str
    level: str
    system: str
    copy: str = ""
    evidence: tuple[str, ...] = ()
    action: str = ""
    stranger: bool = False
    text: bool = False
    declared: bool = False
    provoked: bool = False
    detail: dict[str, str | int] = field(default_factory=dict)
