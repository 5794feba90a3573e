# SPDX-License-Identifier: Apache-2.0
"""The ports: what the path needs from outside, as Protocols. The docstring is the contract; `tests/conformance` runs
one suite over every adapter of a port.

Contract common to all: an adapter raises errors of `answerable.errors` alone; what it cannot do now is `Unavailable`,
what it will not do is `Refused`. It never blocks the event loop for longer than a few milliseconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from answerable.admission.stopset import StopSet
from answerable.errors import AnswerableError
from answerable.model.actions import Action, Chunk, Decision, Facts, Finding, Spent
from answerable.model.devices import Command, DeviceState, Hand
from answerable.model.labels import Label, LabelReading
from answerable.model.records import Admin, Copy, Handle, Party, Stop, System
from answerable.model.sights import Crossing, Sight
from answerable.model.terms import Act, Criticality, Locality, World
from answerable.model.units import Committed, Space, Unit
from answerable.model.warrants import Bearer, Credential, Horizon


class Clock(Protocol):
    """The two clocks of one machine. A lease is counted on both, and the stricter one holds."""

    def now_ms(self) -> int:
        """Wall clock, ms UTC."""

    def mono_ms(self) -> int:
        """Monotonic clock that goes on in suspend (CLOCK_BOOTTIME), ms."""


class Signer(Protocol):
    """One key for one purpose. Every signature is over ``domain || 0x00 || message`` unless a format fixes its own
    bytes."""

    @property
    def public(self) -> bytes:
        """32 bytes, Ed25519."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes over exactly `message` (RFC 8032)."""


class Ledger(Protocol):
    """The one way to change state. Implemented by the sequencer."""

    async def commit(self, unit: Unit) -> Committed:
        """Write leaves, effects and payloads whole and durably, or not at all; return after the disk has them.

        By the time it returns the `Directory` shows the effects. Raises Refused ``log.conflict`` (an `Expect` does not
        hold), Unavailable ``log.full`` (queue bound reached: refuse rather than wait), Unavailable ``log.stopped``.
        Of a unit that is to be witnessed also: Refused ``log.no_quorum``, where no witnesses are configured (nothing
        was written), Unavailable ``log.unwitnessed``, when they did not cosign in time (it *is* written).
        Cancelling the caller does not withdraw a unit that was accepted.
        """

    async def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """`Store.erase`, between two batches; returns how many payloads there were. Raises Unavailable ``store.*``,
        ``log.stopped``: what is recorded as erased is ended at the next start, if not before."""

    def count_refusal(self, code: str) -> None:
        """Count a refusal of an unknown caller; counts are written in aggregate, at most one leaf every few seconds."""


Held = Callable[[str], bool]  # whether the payloads of the leaf with that rid must be kept


class Store(Protocol):
    """Where the sequencer keeps things. Blocking: it is called from the sequencer's own thread only.

    Raises Unavailable ``store.*`` for any failure: ``store.full`` when there is no space, ``store.damaged`` for what it
    cannot read back, ``store.failed`` otherwise. After one the sequencer reopens and verifies before it writes again.
    """

    def head(self) -> tuple[int, bytes]:
        """(size, root) of the newest committed tree; (0, SHA-256 of nothing) when empty."""

    def append(
        self,
        first: int,
        leaves: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        checkpoint: bytes,
        expect: tuple[int, bytes],
        root: bytes,
        units: Sequence[Unit],
    ) -> None:
        """One transaction: a segment row of `leaves` (C2SP bundle framing) from index `first`, right-edge tiles
        {(level, n): up to 256 hashes of 32 bytes}, the checkpoint, and the units' effects. Raises Unavailable
        ``store.forked`` if (size, root) is not `expect`; then nothing was written. Durable when it returns."""

    def put_payloads(self, units: Sequence[Unit], expires: int, *, bodies: bool = True) -> None:
        """Write the units' payloads durably, in a file of their own; called before the `append` of the same units, at
        the same head. expires: ms UTC, from when `sweep` deletes those that say nothing of their own
        (`Payload.expires`); groups in `LASTING` stay. bodies: False keeps the salts alone."""

    def sweep(self, now: int, held: Held | None = None) -> int:
        """Delete payloads that expired by `now` (ms UTC) and those whose leaves were never written; returns 0 when
        there is nothing left to do, so that it is called until then. held: of which leaves (rid) the payloads stay for
        now, whatever their expiry; they go with a later sweep that does not hold them any more. The bytes are gone from
        the disk when it returns. What `held` raises is raised before anything was deleted for that answer."""

    def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """Make the payloads of these leaves, of every group, unreadable for ever: body, salt, key and tags are gone
        from every file of the store when it returns, and `StoreView.payload` and `by_tag` know them no more. leaves:
        (index, rid) of each. Returns how many payloads there were; again for the same leaves: 0. The leaves, and the
        payloads of all others, stay as they are. Interrupted at any point, what is not yet erased is whole, and calling
        it again after the next opening ends the work."""

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]: ...

    def leaf(self, index: int) -> bytes:
        """Raises Unavailable ``store.absent`` for an index past the end."""

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves [start, end), fewer at the end of the log."""

    def tile(self, level: int, n: int) -> bytes:
        """Hashes of a full or partial tile, 32 bytes each; b"" if there is none."""

    def checkpoint(self) -> bytes:
        """The newest signed note, or b""."""

    def view(self) -> StoreView:
        """A reader of its own for another thread."""

    def reopen(self) -> None:
        """Drop every handle and cached page, open again, and make what is then seen durable. Raises Unavailable."""

    def spend_reserve(self) -> bool:
        """Give back the space that is kept for stop orders, so that one more append fits. False: already spent."""

    def close(self) -> None: ...


class StoreView(Protocol):
    """Reads what is committed, beside the writer. Blocking; one thread at a time. Errors as `Store`."""

    def head(self) -> tuple[int, bytes]: ...

    def checkpoint(self) -> bytes: ...

    def leaf(self, index: int) -> bytes: ...

    def leaves(self, start: int, end: int) -> list[bytes]: ...

    def tile(self, level: int, n: int) -> bytes: ...

    def find(self, rid: str) -> int | None:
        """Index of the leaf with that record id."""

    def close_of(self, rid: str) -> str | None:
        """rid of the close leaf of that open leaf."""

    def by_tag(self, tag: bytes) -> list[str]:
        """rids of the leaves whose payload carries the tag, oldest first."""

    def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) of what a commitment hides; body None where only salts are kept; None if absent or erased."""

    def kept(self) -> list[tuple[int, int, int]]:
        """(day, payloads, bytes) of all that is kept, by the day (since 1970, UTC) after which it is let go of, the
        soonest first; 0 is the day of what lasts. Looks through all of it."""

    def state(self) -> tuple[int, Mapping[str, Mapping[str, bytes]]]:
        """(size of the tree, space -> key -> row): every row as it stood at one committed instant."""

    def integrity(self) -> list[str]:
        """What the storage engine itself finds wrong with its files; [] if nothing, or if it cannot tell."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Group:
    """Systems of one class, and their running copies."""

    tier: int
    worlds: tuple[World, ...]
    criticality: Criticality
    systems: int
    copies: int


class Reach(Protocol):
    """A set of systems by registry number, ascending, as it was when it was asked for. What it answers costs no look at
    a system's row."""

    def __len__(self) -> int: ...

    def __contains__(self, num: int) -> bool: ...

    def __iter__(self) -> Iterator[int]: ...

    def by_twins(self) -> Reach:
        """Of a set that was made with `twins`, those that it would not have had without."""

    def without(self, other: Any) -> Reach:
        """Those that are not in `other`, a set of the same directory."""

    def copies(self) -> int:
        """How many copies of them run."""

    def running(self) -> Iterator[int]:
        """Those of which a copy runs."""

    def groups(self) -> Sequence[Group]:
        """By class."""

    def parties(self) -> Sequence[str]:
        """rids of the parties of any of them, each once."""

    def digest_count(self) -> int:
        """How many different digests they hold, where the set was made with `twins`."""

    def digest_list(self) -> tuple[int, str] | None:
        """(how many, SHA-256 as hex) of the sorted list of their digests, one a line; None where that is not known
        without their rows."""


class Directory(Protocol):
    """The registry as it stands after the newest commit: in memory, synchronous, consistent. Implemented by
    `registry.book.Book`."""

    domain: str
    changes: int  # goes up with each commit that changes something here: what was looked up before may have changed

    def party(self, ref: str) -> Party | None:
        """By rid or by party id."""

    def system(self, ref: str) -> System | None:
        """By rid, SPIFFE id, or name (the newest of that name)."""

    def copy(self, ref: str) -> Copy | None:
        """By rid or SPIFFE id."""

    def admin(self, rid: str) -> Admin | None: ...

    def admins(self) -> Iterable[Admin]:
        """Every key that was enrolled for a person, withdrawn ones included."""

    def handle(self, digest: str) -> Handle | None: ...

    def systems(self) -> Iterable[System]: ...

    def called(self, name: str) -> tuple[System, ...]:
        """The systems of that name that were not born dead, the newest last; `system` means the newest."""

    def copies_of(self, system: str) -> Iterable[Copy]:
        """Running copies of the system with that rid."""

    def children(self, system: str) -> Iterable[tuple[System, str]]:
        """(child, relation) for every edge that names the system with that rid as parent."""

    def by_number(self, num: int) -> System | None: ...

    def by_digest(self, digest: str) -> Iterable[System]: ...

    def reach(self, roots: Iterable[int], *, descend: bool = True, twins: bool = False) -> Reach:
        """The systems with the numbers `roots`; with `descend` all that came from them over weights edges; with `twins`
        all that hold one of their digests, and so on until nothing is added."""

    def where(self, *, party: str = "", world: str = "") -> Reach:
        """The systems with that party (rid), or in that world; all of them for neither."""

    def users(self, of: Reach) -> Reach:
        """What uses a system of the set, or uses one that does; without the set."""

    def odd(self) -> Iterable[int]:
        """Numbers of systems whose list of ancestors does not name all of their parents: none, but in damaged rows."""

    def stops(self) -> Iterable[Stop]: ...

    def stop_set(self) -> StopSet:
        """`stops`, indexed; made once for each change of them."""

    def raw(self, space: Space, key: str) -> bytes | None:
        """The encoded row, for `Expect`."""

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        """Every encoded row of a space, oldest first."""


class Bus(Protocol):
    """Tells other processes of the same registry, quickly, that something is new. It is never trusted: whoever takes a
    message verifies it. It may lose, repeat and reorder messages: what counts can always be pulled."""

    name: str

    async def publish(self, topic: str, data: bytes) -> None:
        """Hand `data` to whoever subscribes to `topic` now; returns when the bus has it. topic: lower-case words with
        dots between them, 48 characters at most. What is longer than the bus carries arrives as b"". Raises Unavailable
        ``bus.unreachable``, Refused ``bus.topic``."""

    def subscribe(self, topic: str) -> AsyncIterator[bytes]:
        """What is published, for ever, whatever becomes of the server in between. b"" is a hint that something may have
        been missed: it comes first, as soon as the bus listens, again after each time that the server was away, and in
        place of what a slow reader did not take. A reader that pulls at each hint has missed nothing."""

    async def close(self) -> None:
        """End every subscription."""


class Desk(Protocol):
    """Recognises credentials and holds the warrants of the copies that this gateway serves for. Implemented by
    `warrants.desk.Desk`."""

    async def present(self, credential: Credential) -> Bearer:
        """The bearer behind a handle or a warrant, with its current warrant, expired or not. Raises Refused
        ``warrant.missing|malformed|forged``, ``handle.unknown|revoked|expired|elsewhere`` for what does not let in: as
        `Recognised` where it is known whose it is."""

    async def still(self, credential: Credential, bearer: Bearer) -> Bearer:
        """The bearer again, inside long work: renewed where this gateway keeps its warrant, and refused as `present`
        does if the credential or what is registered behind it ended meanwhile. A warrant that a newer one followed
        stays good for what began under it, until it ends."""

    def horizon(self, credential: Credential, caller: Bearer, model: Bearer) -> Horizon | None:
        """Until when `still` and `own` return these two again, and the gate, which has just admitted both, goes on to
        do so. None: not to be told, ask each time."""

    async def own(self, copy: Copy) -> Bearer:
        """The bearer of a copy whose warrant this gateway keeps fresh (a model that it serves). Raises Refused when the
        issuer does not renew."""


class Gate(Protocol):
    """The one admission check, bound to this gateway's clock, audience and current stop set."""

    def admit(self, bearer: Bearer) -> None:
        """Raises Refused ``warrant.expired|audience|not_yet|replayed`` or ``stop.*``."""

    def holds(self, horizon: Horizon) -> bool:
        """Whether nothing changed in the directory since, and no clock is past the horizon or behind its start."""

    def stopped_by(self, bearer: Bearer) -> str:
        """rid of the order that stops it, or ""."""


class Reply(Protocol):
    """An upstream's answer on its way in. Whoever got it closes it."""

    async def read(self) -> bytes:
        """All that has come of the body, at least one byte; b"" at its end. Raises Unavailable ``upstream.*`` if the
        connection breaks, the body is shorter than announced, or a time-out passes. Not reading is back-pressure."""

    def close(self) -> None:
        """Take no more: an answer that is not at its end is cancelled. Safe to call twice."""


class Upstream(Protocol):
    """A model server. Never trusted. Off until named in the config."""

    name: str
    locality: Locality

    async def call(self, path: str, body: bytes, *, stream: bool) -> Reply:
        """POST `body` (JSON) to `path` ("/v1/chat/completions"); return once the answer has begun. A call that was
        sent is never repeated; being cancelled cancels it. Raises Unavailable ``upstream.unreachable|timeout|busy``."""

    async def close(self) -> None: ...


class Served(Protocol):
    """A model that can answer: its system, copy and upstream."""

    @property
    def system(self) -> System: ...

    @property
    def copy(self) -> Copy: ...

    @property
    def upstream(self) -> Upstream: ...

    @property
    def model(self) -> str:
        """What the upstream calls it."""


class Models(Protocol):
    """What `model` in a request may mean."""

    def named(self, model: str, act: Act) -> tuple[Served, ...]:
        """Candidates in order of preference: one for a name, all that can do `act` for "auto", none for an unknown
        name."""

    def absent(self, model: str, act: Act) -> AnswerableError:
        """Why `named` has nothing under that name: ``stop.system``, ``upstream.unreachable`` or ``model.unknown``."""


class Device(Protocol):
    """A machine that moves, seen by who leads it, stops it or stands beside it. One suite runs over every transport.

    The machine decides by itself: it checks each warrant, signature, limit and clock, and brakes when it hears nothing.
    No method waits longer than its adapter's time-out: what is not answered raises Unavailable ``device.unreachable``,
    and was perhaps done. What the machine does not do raises Refused ``device.*``, ``warrant.*``, ``envelope.*``,
    ``stop.*``; it goes on as it was. Messages may be lost, doubled and late: none that is late moves the machine.
    """

    @property
    def id(self) -> str:
        """Of the machine: 26 base32 characters that name its key."""

    async def lease(self, warrant: str, envelope: str = "") -> DeviceState:
        """Show a warrant, with its envelope where it was signed on site, or show it again: each showing renews the
        lease. Without a renewal within the machine's watchdog (100 to 500 ms) it brakes."""

    async def command(self, command: Command) -> DeviceState:
        """Tell it how to move. What moves it no more than before is always admitted, whoever it is from and whatever
        has ended, and recorded after; what moves it more needs the lease's holder, a live lease and a record first."""

    async def stop(self, order: bytes = b"") -> DeviceState:
        """A Stop 1 (IEC 60204-1): it brakes, stands, then its drive loses power. Always admitted, recorded after; it
        returns when braking has begun. order: a stop order's message, if there is one: the machine then stays stopped
        until a person resets it. This is not the emergency stop, which depends on no network and no program."""

    async def state(self) -> DeviceState:
        """How it is now. `standstill` comes from the machine's own sensor."""

    async def takeover(self, hand: Hand) -> DeviceState:
        """A person, by a key that is pinned at the machine, takes it over (it brakes, and does what no system tells
        it), gives it back, or resets a stop. Neither giving back nor a reset moves it: a new lease and a new command
        do. Recorded."""

    async def close(self) -> None:
        """Let the transport go. A leader that goes away, by this or by dying, makes the machine brake."""


class Policy(Protocol):
    """An operator's policy. It may only tighten: the final ruling is the stricter of the kernel's and each of these."""

    digest: str  # sha256 hex of its text

    def decide(self, facts: Facts) -> Decision: ...


class Watch(Protocol):
    """A detector's memory for one action."""

    def see(self, text: str) -> Finding | None:
        """Examine the next piece of what goes out, in order. It must find what straddles two pieces."""


class Detector(Protocol):
    """Watches for red lines. Bounded work, no I/O. One that raises refuses the action and suspends nothing. One that
    has a member `planted`, a function without arguments, gives with it a text that it must find: its weekly test."""

    name: str

    def watch(self, action: Action) -> Watch: ...


class LogDetector(Protocol):
    """Watches what is committed, told and asked for, not what is said. Bounded work and memory, no I/O, no clock. One
    that raises finds nothing, and suspends nothing. One with a member `takes`, types of leaves and of told facts
    (NoneType: requests for warrants), is shown those alone."""

    name: str

    @property
    def lines(self) -> tuple[str, ...]:
        """ids of the red lines that it watches."""

    def see(self, sight: Sight) -> Crossing | None:
        """Examine the next thing that happened, in the order of the log."""


Piece = TypeVar("Piece")


class LabelWriter(Protocol[Piece]):
    """Marks one piece of content after another: bytes of a file, chunks of an answer. Bounded memory."""

    def feed(self, piece: Piece) -> Piece: ...


class LabelFormat(Protocol[Piece]):
    """How one medium carries a label. One module a format under `formats`; found by content, not by name."""

    name: str

    def writer(self, label: Label) -> LabelWriter[Piece]: ...

    def read(self, content: bytes) -> LabelReading:
        """Never raises for foreign bytes: what it cannot read is `could_not_check` or `not_labelled`."""


class Decoder(Protocol):
    """Sans-io reader of an upstream's answer in one dialect."""

    def feed(self, data: bytes) -> list[Chunk]:
        """Raises Unavailable ``upstream.broken`` for what is not the dialect, ``upstream.oversized`` past its bound."""

    def end(self) -> list[Chunk]:
        """The rest; raises Unavailable ``upstream.truncated`` if the answer is not complete."""


class Dialect(Protocol):
    """One endpoint's wire format, as OpenAI's clients know it."""

    act: Act
    path: str

    def prepare(self, request: dict[str, Any], model: str, *, stream: bool) -> bytes:
        """The body for the upstream: `model` replaced, usage asked for, our own labels taken out of earlier turns."""

    def decoder(self, *, stream: bool) -> Decoder: ...

    def label_format(self, *, stream: bool) -> LabelFormat[Chunk]: ...

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        """Set the piece's `id` to the record id and `model` to the name of the system that answers, in place."""

    def content(self) -> Transcript:
        """A fresh collector of what is said, in the canonical form that is committed to."""

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes: ...

    def trailer(self, *, stream: bool) -> bytes:
        """What ends the answer on the wire (``data: [DONE]``), or b""."""


class Transcript(Protocol):
    """Collects what was said. `body` is the same for a streamed and an unstreamed answer and for what an SDK saves of
    it (`docs/spec/content.md`)."""

    def add(self, chunk: Chunk) -> None: ...

    def body(self) -> bytes: ...

    def texts(self) -> tuple[str, ...]:
        """Each choice's text alone: what people copy."""


class Meter(Protocol):
    """Counts what calls use: tokens, time, energy, money where priced; says what was measured and what estimated."""

    def start(self, served: Served) -> Metering: ...


class Metering(Protocol):
    """The meter's memory of one call; it runs from `Meter.start` on."""

    def spent(self, tokens_in: int, tokens_out: int) -> Spent: ...


class Trace(Protocol):
    """What one action tells telemetry. Never a prompt, an answer or a credential."""

    def step(self, name: str) -> None:
        """A step of the path begins: check, decide, intend, call, watch, label, record."""

    def end(self, outcome: str, code: str, spent: Spent | None) -> None: ...


class Tracer(Protocol):
    """Begins a trace for each action."""

    def start(self, action: Action) -> Trace: ...


class Out(Protocol):
    """Where `carry` writes the answer; the gateway's side of the path."""

    def start(self, record: str, aigc: bytes) -> None:
        """Once, before the first piece. aigc: the implicit label, a JSON object in ASCII, for those who look at no
        content."""

    async def send(self, data: bytes) -> None:
        """Returns when the client can take more (back-pressure). Raises Refused ``request.disconnected``."""

    async def fail(self, error: Exception, record: str) -> None:
        """Instead of `start`, or after it: an error in the dialect's shape. `record` may be ""."""

    async def finish(self, data: bytes) -> None:
        """The last bytes; the answer is complete."""
