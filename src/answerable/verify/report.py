# SPDX-License-Identifier: Apache-2.0
"""What a verified receipt says: what stands in leaves that the checkpoint proves, or under a commitment in one."""

from __future__ import annotations

from dataclasses import dataclass

from answerable.log.head import Checkpoint
from answerable.model.leaves import Leaf


@dataclass(frozen=True, slots=True)
class PartyFact:
    """A party that answers. name: "" where it was not disclosed; standing: as of the newest of its leaves shown."""

    rid: str
    id: str
    kind: str
    standing: str
    name: str


@dataclass(frozen=True, slots=True)
class SystemFact:
    """A system as it was registered. parties: (rid of the party, role), a transfer may have changed them since."""

    rid: str
    id: str
    kind: str
    version: str
    name: str
    tier: int
    parties: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WarrantFact:
    """A warrant's first grant. copy: rid of the copy; copy_id: its SPIFFE id, "" if its leaf is not shown."""

    rid: str
    copy: str
    copy_id: str
    tier: int
    audience: str


@dataclass(frozen=True, slots=True)
class Closing:
    """How the action ended. outcome: done, error, refused, stopped, unknown; tokens and energy where recorded."""

    rid: str
    outcome: str
    at: int  # ms UTC
    error: str
    tokens_in: int | None
    tokens_out: int | None
    energy_mj: int | None
    energy_measure: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """The payloads of the record were erased. basis: under which rule, as the leaf names it; at: ms UTC."""

    rid: str
    basis: str
    at: int


@dataclass(frozen=True, slots=True)
class Content:
    """What was disclosed and matched its commitment. rid: the leaf that commits; group: in, out, ctx, reason …"""

    rid: str
    group: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Logged:
    """One leaf, proven to stand in a log. data: its bytes; size and root: of the tree that it was proven against;
    witnesses: as in `Report`."""

    rid: str
    leaf: Leaf
    data: bytes
    origin: str
    index: int
    size: int
    root: bytes
    witnesses: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One record, proven. `caller` asked, `maker` is the model that answered, of a tool call its server (None: refused
    before one was looked for). tool: of a tool call ``<server>/<name>``, "" where the record does not say.

    closing None: the receipt does not show how it ended. at: when it was decided, ms UTC by the gateway's clock.
    witnesses: who of the trust file cosigned the checkpoint, and when, s UTC by their own clocks. erased: None where
    the receipt shows no erasure; there may have been one. joined: of a shard, the head of its root log, which is what
    was cosigned.
    """

    record: str
    at: int
    act: str
    decision: str
    rule: str
    error: str
    world: str
    tier: int
    party: PartyFact
    parties: tuple[PartyFact, ...]  # every party shown, the answering one first
    caller: SystemFact
    warrant: WarrantFact
    maker: SystemFact | None
    maker_warrant: WarrantFact | None
    closing: Closing | None
    contents: tuple[Content, ...]
    origin: str
    index: int
    size: int
    root: bytes
    witnesses: tuple[tuple[str, int], ...] = ()
    erased: Erasure | None = None
    joined: Checkpoint | None = None
    tool: str = ""

    @property
    def outcome(self) -> str:
        """ "" where the receipt does not show the end."""
        return self.closing.outcome if self.closing else ""

    def content(self, group: str) -> bytes | None:
        """The disclosed bytes of this action's `in`, `out` or `ctx`, or None."""
        own = {self.record, self.closing.rid if self.closing else ""}
        return next((part.body for part in self.contents if part.group == group and part.rid in own), None)
