# SPDX-License-Identifier: Apache-2.0
"""One action on its way along the path, and what is decided and measured about it.

What every call makes anew is a struct: a tenth of the time that a frozen dataclass takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from answerable.errors import Refused
from answerable.model.labels import Sampling
from answerable.model.media import Medium
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Effect,
    Locality,
    Measure,
    Ruling,
    Standing,
    World,
)
from answerable.model.tools import Tool
from answerable.model.warrants import Bearer, Credential


class Action(msgspec.Struct, frozen=True):
    """What a caller asks for. `request` is the decoded body as the dialect understood it, never trusted further."""

    act: Act
    credential: Credential
    model: str  # a system's name or id, or "auto"
    request: dict[str, Any]
    body: bytes  # the request exactly as it came: what the `in` commitment is over
    stream: bool
    language: str  # "en" or "zh": of the label and the errors
    data_class: DataClass = DataClass.OPEN
    world: World = World.INFORMATION
    criticality: Criticality = Criticality.ORDINARY
    principal: str = ""  # the end user, as the caller names it; only a commitment of it is recorded
    explicit_in_text: bool = (
        True  # False where text must stay as the model wrote it: JSON mode, tools, structured output
    )
    hold: str = ""  # rid of the open leaf that this call repeats after approval
    fault: Refused | None = (
        None  # what is wrong with the request itself; refused, and recorded, once its caller is known
    )
    sampling: Sampling = Sampling.NONE
    tool: str = ""  # of a tool call its name, as its server lists it; then `model` is the server's name
    again: str = ""  # of a tool call the caller's own key: another one makes the same call another call


class Facts(msgspec.Struct, frozen=True, gc=False):
    """All that the kernel's decision may look at: total, no optional member."""

    act: Act
    tier: int  # the higher of caller's and model's
    world: World
    criticality: Criticality
    audience: Audience
    standing: Standing  # the weaker of the answering parties' standings
    stopped: bool  # caller's or model's lineage
    duties_met: bool  # every duty of the tier whose means exist
    data_class: DataClass
    locality: Locality  # of the upstream
    # Of a tool call; an answer has the effect NONE, no envelope, and needs nothing that is not met.
    effect: Effect
    envelope: bool  # the tool has a safe envelope, and the arguments lie in it
    guarded: bool  # the caller shows a warrant of its own, with its key, from a guard: not a handle
    attested: bool  # the caller's system has the attestation that is asked for; True where none is
    funded: bool  # a budget covers what is metered; True where none is asked for
    needs_met: bool  # what else the domain's row asks for: `policy.worlds.Needs.met`; True where nothing is


class About(msgspec.Struct, frozen=True):
    """What an operator's policy may look at beside the facts: who asks, through whom, and for what.

    via: of a generation the model's copy, of a tool call its server's. tool: the row of the tool that is called, None
    for an answer. arguments: sha256 hex of its exact arguments, "" for an answer.
    """

    action: Action
    caller: Bearer
    via: Bearer
    tool: Tool | None = None
    arguments: str = ""


class Decision(msgspec.Struct, frozen=True, gc=False):
    ruling: Ruling
    rule: str  # "R001"; `answerable policy explain R001`
    why: str  # a term, not prose
    obligations: tuple[str, ...] = ()


@dataclass(slots=True)
class Chunk:
    """One piece of an answer: an SSE event, or the whole body of an unstreamed answer.

    body: decoded JSON; text: what people would read in it (all choices), examined in step 5; event: the SSE event
    name, if the dialect has one; usage: (tokens in, tokens out) where the piece tells; last: nothing follows it but the
    dialect's trailer.
    """

    body: dict[str, Any]
    text: str = ""
    event: str = ""
    usage: tuple[int, int] | None = None
    last: bool = False
    media: ClassVar[Sequence[Medium]] = ()  # what stands in it beside text, to be labelled: see `Bearing`

    @property
    def pieces(self) -> int:
        """How many of the upstream's pieces that say something it stands for."""
        return 1


class Bearing(Chunk):
    """A piece with pictures, sound or files in it."""

    __slots__ = ("media",)

    def __init__(self, chunk: Chunk, media: Sequence[Medium]) -> None:
        super().__init__(chunk.body, chunk.text, chunk.event, chunk.usage, chunk.last)
        self.media = media  # type: ignore[misc]  # a member of this piece, where other pieces have the class's


class Spent(msgspec.Struct, frozen=True, gc=False):
    """What an action used: the `u` of its close leaf. energy in millijoule; cost in millionths of `currency`; images:
    pictures that it made; speech_ms: milliseconds of sound that it made. told: the upstream said what it used, else
    tokens, and what is reckoned by them, are the least that it can have been; whole: the answer came to its end."""

    tokens_in: int
    tokens_out: int
    duration_ms: int
    energy_mj: int
    energy_measure: Measure
    cost_micro: int = 0
    currency: str = ""
    images: int = 0
    speech_ms: int = 0
    told: bool = True
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector saw. `code` is a key of the catalogue; the action is refused with it."""

    red_line: str
    level: str  # yellow | red
    code: str
    params: dict[str, object] = field(default_factory=dict)
