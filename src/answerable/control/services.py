# SPDX-License-Identifier: Apache-2.0
"""What the control plane needs from outside, as one frozen value that the composition root fills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from answerable.config import IncidentsConfig, RedlinesConfig
from answerable.control.auth import Doorkeeper
from answerable.control.drills import Drilling
from answerable.control.policing import Policing
from answerable.control.rates import Rates
from answerable.control.recovery import Recovering
from answerable.control.seldom import Seldom
from answerable.errors import Unavailable
from answerable.log.note import Signing
from answerable.marks.text_watermark import Score
from answerable.model.prints import Print
from answerable.model.records import System
from answerable.ports import Clock, Detector, Ledger, Signer
from answerable.privacy.retention import Retention
from answerable.registry.book import Book
from answerable.tools.calls import Calls
from answerable.tools.holds import Holds
from answerable.tools.spending import Spending
from answerable.tools.standing import Listed
from answerable.warrants.envelopes import Envelopes
from answerable.warrants.issuer import Issuer

if TYPE_CHECKING:
    from answerable.control.labelling import Labelling


class Proved(Protocol):
    """A leaf, its place, and the nodes of its inclusion proof."""

    @property
    def index(self) -> int: ...

    @property
    def leaf(self) -> bytes: ...

    @property
    def proof(self) -> Sequence[bytes]: ...


class Reader(Protocol):
    """The reading side of the log. Implemented by `sequencer.reader.Reader`. Raises Unavailable ``store.*``."""

    async def checkpoint(self) -> bytes:
        """A signed note over everything acknowledged so far."""

    async def prove(self, rid: str) -> Proved:
        """A record, proven against the tree as it is now. Raises Refused ``log.unrecorded``."""

    async def prove_all(self, rids: Sequence[str], *, cosigned: bool = False) -> tuple[bytes, Sequence[Proved]]:
        """A checkpoint, and the records with their proofs against it. cosigned: by a quorum, where there are witnesses.
        Raises Refused ``log.unrecorded``, Unavailable ``log.unwitnessed``."""

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """The proof that the tree of `old` leaves is the beginning of that of `new`. Raises VerificationError
        ``log.proof``."""

    async def root(self, size: int) -> bytes:
        """The root of the tree as it was when it had `size` leaves."""

    async def find(self, rid: str) -> bytes | None:
        """The leaf with that record id."""

    async def close_of(self, rid: str) -> str | None:
        """rid of the close leaf of an open leaf."""

    async def tail(self, start: int, end: int) -> Sequence[bytes]:
        """Leaves [start, end), at most 1000."""

    async def by_tag(self, tag: bytes) -> Sequence[str]:
        """rids of the records whose content carries the tag, oldest first."""

    async def alike(self, tags: Sequence[bytes], least: int) -> Sequence[tuple[str, int]]:
        """(rid, how many of the tags its content carries), the most first, of those with `least` or more."""

    async def near(self, wanted: Print) -> Sequence[tuple[str, Print]]:
        """(rid, its fingerprint) of the records whose content is near, the nearest first."""

    async def tags(self, rid: str) -> Sequence[bytes]:
        """All tags of the record's content; none where it is gone."""

    async def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) behind a commitment; body None where only salts are kept; None if it is erased or not kept."""

    async def size(self) -> int:
        """How many leaves the log has."""

    async def proofs(self, indices: Sequence[int], size: int) -> Sequence[Proved]:
        """The leaves at `indices`, proven against the tree as it was when it had `size` leaves."""

    async def kept(self) -> Sequence[tuple[int, int, int]]:
        """(day, payloads, bytes) of what is kept, by the day of expiry (since 1970, UTC); 0 for what lasts."""


class Heart(Protocol):
    """Takes pulses. Implemented by `app.beating.Heart`."""

    @property
    def newest(self) -> bytes:
        """The newest pulse, b"" before there was one."""

    @property
    def life_ms(self) -> int:
        """How long this gateway goes on without a new pulse; 0 where it needs none."""

    def take(self, data: bytes) -> None:
        """Raises Refused ``pulse.*``, VerificationError ``pulse.malformed|forged``."""


class Watch(Protocol):
    """The watch over red lines. Implemented by `app.watching.Watching`."""

    def wake(self) -> None:
        """Something was committed."""

    async def test(self, lines: Sequence[str]) -> list[Any]:
        """Plant a test for each line; the outcomes (`control.routes.redlines.Trial`)."""


class ToolServers(Protocol):
    """The configured tool servers. Implemented by `app.tool_servers.ToolServers`."""

    def listed(self, name: str) -> Listed:
        """Raises Refused ``tool.server``."""

    def names(self) -> Sequence[str]: ...

    def problems(self) -> Mapping[str, str]: ...

    async def answers_anyone(self) -> Mapping[str, bool | None]:
        """Of each server at an address, whether it answers who has no credential of the gate's."""


def never() -> Mapping[str, int]:
    return {}


def nothing() -> Mapping[str, str]:
    return {}


def nowhere() -> Sequence[str]:
    return ()


Explained = Callable[[int, int], Awaitable[tuple[bytes, ...]]]
"""(since, epoch) -> the messages of the changes after `since`, for who is given a warrant of change `epoch`."""


async def unexplained(_since: int, _epoch: int) -> tuple[bytes, ...]:
    """Where no orders are told."""
    return ()


@dataclass(frozen=True, slots=True)
class Services:
    """origin: of the log; index_key: 32 bytes, for the keyed digests by which content is found again; gateway: base
    URL for OpenAI's clients; audience: of the warrants that it takes; operator: id of the
    party that runs it; trust: the text of the trust file; anchors: DER
    of the certificates that prove a party's identifier; retention: how long what is said is kept; feed_key:
    signs the authorities' feed, None: there is no feed; flights: the actions in flight;
    log_key: signs COSE receipts over roots that were published, None: this process signs nothing; problems: what is
    wrong now, name -> words, empty where all is well; cosigned: the newest checkpoint that a quorum of witnesses
    cosigned, b"" for none; metrics: Prometheus text; heard: gateway nodes, when each
    asked last, ms UTC; recovery: of a registry that was put back from the past; drills: of stops;
    demo: whether the store is a demo's.
    pulses, authorities: keys that holders pin beside the issuer's (kid -> public key, base64url); planes: URLs of the
    holders' plane; explained: the order messages that go with a warrant of that change."""

    book: Book
    ledger: Ledger
    reader: Reader
    clock: Clock
    doorkeeper: Doorkeeper
    issuer: Issuer
    origin: str
    index_key: bytes
    gateway: str
    audience: str
    operator: str
    trust: str
    flights: Sized
    log_key: Signing | None = None
    problems: Callable[[], Mapping[str, str]] = nothing
    cosigned: Callable[[], bytes] = bytes
    metrics: Callable[[], str] = str
    anchors: Sequence[bytes] = field(default=())
    retention: Retention | None = None
    feed_key: Signer | None = None
    heard: Callable[[], Mapping[str, int]] = never
    recovery: Recovering | None = None
    drills: Drilling | None = None
    store: str = ""
    demo: bool = False
    certificates: bool = False  # the gateway asks its clients for theirs
    refusals: Seldom = field(default_factory=Seldom)
    started_ms: int = 0
    envelopes: Envelopes | None = None  # None where none are issued
    heart: Heart | None = None  # None where no pulse is pinned
    told: Callable[[int], bytes] | None = None  # a page of order messages after that change; None where none are told
    explained: Explained = unexplained
    pulses: Mapping[str, str] = field(default_factory=dict)
    authorities: Mapping[str, str] = field(default_factory=dict)
    planes: Callable[[], Sequence[str]] = nowhere
    redlines: RedlinesConfig = field(default_factory=RedlinesConfig)
    incidents: IncidentsConfig = field(default_factory=IncidentsConfig)
    watch: Watch | None = None  # None where nothing is watched: a store that is read only
    rates: Rates = field(default_factory=Rates)
    calls: Calls | None = None  # None where no tool is called: at a gateway node
    holds: Holds | None = None  # None where no action waits for people: at a gateway node
    spending: Spending | None = None  # None where nothing is counted: at a gateway node
    policy: Callable[[], str] = str  # digest of the policy by which actions are judged now
    policing: Policing | None = None  # the operators' policies, and how they are exchanged
    servers: ToolServers | None = None  # None where no tools are served: at a gateway node
    attesters: Sequence[str] = ()  # ids of the parties whose attestations count
    texts: Sequence[Detector] = ()  # the text detectors that watch every answer here
    labels: Labelling | None = None  # None where no files are labelled: at a gateway node
    # text -> what each model here whose words are marked says of it; None where no models run
    find_marks: Callable[[str], Awaitable[Sequence[tuple[System, Score]]]] | None = None

    @property
    def signing(self) -> Signing:
        """Raises Unavailable ``log.stopped`` where this process signs nothing."""
        if self.log_key is None or (self.recovery is not None and self.recovery.behind):
            raise Unavailable("log.stopped", detail="nothing is signed here")
        return self.log_key
