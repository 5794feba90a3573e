# SPDX-License-Identifier: Apache-2.0
"""What is said about content that AI made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec


class AIGC(msgspec.Struct, frozen=True, rename="pascal"):
    """The implicit label of GB 45438-2025 Appendix E: these keys, in this order, all strings of 0x21-0x7E."""

    label: str  # "1" is, "2" may be, "3" is suspected to be made by AI
    content_producer: str
    produce_id: str = msgspec.field(name="ProduceID")
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = msgspec.field(name="PropagateID", default="")
    reserved_code2: str = ""


class Sampling(StrEnum):
    """How the words of an answer are chosen, as its request has it."""

    FREE = ""
    FORMED = "formed"  # a form, tools or probabilities were asked for: our own sampler stands back
    GREEDY = "greedy"  # always the likeliest word: there is no choice that could carry a mark
    NONE = "none"  # no words are made


class EngineMarks(StrEnum):
    """Whether an engine marks the words that it chooses."""

    UNKNOWN = ""  # nobody has said
    OWN = "own"  # the local model, through our own sampler
    ENGINE = "engine"  # the operator says that the server was started with a watermark of its own


class WordsMark(StrEnum):
    """What was done for a mark in the words of one answer."""

    UNKNOWN = ""
    MARKED = "marked"
    ASKED = "asked"
    GREEDY = "greedy"
    UNMARKED = "unmarked"


class Place(StrEnum):
    TEXT = "text"  # first words of the answer itself
    FIELD = "field"  # a member of its own beside the answer


class Label(msgspec.Struct, frozen=True, gc=False):
    """One label for one record. explicit: the words that people see, "" for none; seen: whether people are told inside
    what they see and hear, so in pictures and sound too; notice: the words by which a digital human says what it is,
    "" for what is none."""

    explicit: str
    place: Place
    aigc: AIGC
    record: str  # rid of the open leaf = ProduceID
    system: str  # rid
    party: str  # rid
    language: str
    words: WordsMark = WordsMark.UNKNOWN
    seen: bool = False
    notice: str = ""


class Reading(StrEnum):
    LABELLED = "labelled"
    NOT_LABELLED = "not_labelled"
    INCONSISTENT = "inconsistent"
    UNCHECKED = "could_not_check"


@dataclass(frozen=True, slots=True)
class LabelReading:
    """Each layer of a label on its own, and the verdict over them."""

    verdict: Reading
    explicit: str = ""
    aigc: AIGC | None = None
    record: str = ""
    problems: tuple[str, ...] = field(default=())
