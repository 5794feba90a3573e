# SPDX-License-Identifier: Apache-2.0
"""The control plane's side of gateway nodes: what an enrolled node may ask over the holders' plane, and how.

Each question carries a proof by the node's own key, each answer the issuer's signature over the question's nonce. A
node is given warrants for copies that it started itself, for copies behind handles, and for the canary; no others.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta

from answerable.admission import node_answer
from answerable.app.node_feed import Feed
from answerable.app.node_repeat import REPEATED
from answerable.control.auth import Doorkeeper
from answerable.control.commit import carry_out
from answerable.control.services import Services
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.log import checkpoint, leaf
from answerable.log.merkle import verify_consistency
from answerable.log.note import VerifierKey
from answerable.model.leaves import ShardLeaf, WarrantLeaf
from answerable.model.records import Copy, Node, Stop
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Signer
from answerable.registry import copies
from answerable.registry.requests import EndCopy, StartCopy
from answerable.relay.routes import Answer, Call, Route
from answerable.sequencer.replay import ROOT, SHARD
from answerable.verify.links import pointed
from answerable.warrants import envelopes
from answerable.warrants.far import TOGETHER, Ask

PREFIX: Final = "/relay/v1/node/"
MAX_BODY: Final = 1 << 20
# A node that has nothing new to hear is answered after so long.
LONGEST_WAIT_S: Final = 20.0
# Leaves that one action's record can lead to: a lineage of 256, its parties, and what changed their standing.
MAX_LEAVES: Final = 4_096
# Order messages in one answer; of more the rest is pulled.
MAX_ORDERS: Final = 256

_stop = msgspec.json.Decoder(Stop).decode


class Asks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """known: up to which change of the stop set the node has heard all; -1 where it wants no orders."""

    asks: Annotated[tuple[Ask, ...], Meta(max_length=TOGETHER)]
    known: Annotated[int, Meta(ge=-1, lt=2**53)] = -1


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """token, or the code and parameters of why there is none."""

    token: str = ""
    code: str = ""
    kind: str = ""
    params: dict[str, Any] = {}


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """answers: one for each question; orders: the messages of the changes that a warrant among them names and the node
    does not know, where they fit."""

    answers: tuple[Answered, ...]
    orders: tuple[str, ...] = ()


class Admitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """copy: rid of the canary's copy that the node's own gate let in."""

    copy: Annotated[str, Meta(max_length=128)]


class Carried(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A leaf of this log, byte for byte, with the name that its commitment hides: salt and body, base64, or ""."""

    leaf: str
    salt: str = ""
    name: str = ""


class Handed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """note: the newest checkpoint of the node's log; proof: nodes, base64, that it continues the one recorded last."""

    note: Annotated[str, Meta(max_length=65_536)]
    proof: Annotated[tuple[str, ...], Meta(max_length=64)] = ()


class NodeDesk:
    """feed: what is told of the registry; signer: the issuer's key; canary: rid of the system that is stopped for
    practice now, "" for none; shown: told up to which change a node knows the stop set, and its root: whether that is
    news; message: of a stop order."""

    def __init__(
        self,
        services: Services,
        feed: Feed,
        door: Doorkeeper,
        signer: Signer,
        canary: Callable[[], str] = str,
        shown: Callable[[Node, int, str], Awaitable[bool]] | None = None,
        message: Callable[[Stop], Awaitable[bytes]] | None = None,
    ) -> None:
        self._services = services
        self._feed = feed
        self._door = door
        self._signer = signer
        self._canary = canary
        self._shown = shown
        self._message = message
        self._perched: dict[str, set[str]] = {}  # canary copy -> nodes whose gate let it in
        self.heard: dict[str, int] = {}  # node's rid -> when it last asked, ms UTC
        self._verbs = {
            ("GET", "directory"): self._directory,
            ("GET", "leaves"): self._leaves,
            ("GET", "recorded"): self._recorded,
            ("POST", "warrants"): self._warrants,
            ("POST", "return"): self._return,
            ("POST", "admitted"): self._perch,
            ("POST", "copies"): self._start,
            ("POST", "copies/end"): self._end,
            ("POST", "checkpoint"): self._checkpoint,
        }

    async def answer(self, method: str, target: str, authorization: str, body: bytes) -> bytes:
        """target: path and query. Raises Refused ``admin.*`` for who is not an enrolled node, ``admin.path``,
        ``admin.request``, and what is refused."""
        parts = urlsplit(target)
        verb = self._verbs.get((method, parts.path.removeprefix(PREFIX)))
        if verb is None or not parts.path.startswith(PREFIX):
            raise Refused("admin.path")
        node = self._door.node(authorization, method, target, body)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.heard[node.rid] = self._services.clock.now_ms()
        try:
            told = await verb(node, query, body)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise Refused("admin.request", detail=str(error)[:300]) from None
        return node_answer.make(
            msgspec.json.encode(told), origin=self._services.origin, nonce=query.get("n", "")[:64], signer=self._signer
        )

    async def _directory(self, node: Node, query: dict[str, str], body: bytes) -> Any:
        since, wait = query.get("since", ""), query.get("wait", "")
        seconds = min(LONGEST_WAIT_S, float(wait)) if wait.isascii() and wait.isdigit() and len(wait) < 4 else 0.0
        epoch, root = query.get("epoch", ""), query.get("root", "")
        if (
            self._shown is not None
            and epoch.isascii()
            and epoch.isdigit()
            and len(epoch) < 17
            and await self._shown(node, int(epoch), root)
        ):
            seconds = 0.0  # it knows what is not known here: it is told at once, and offers
        await self._feed.changed(since, seconds)
        told = self._feed.since(since)
        if told.whole or self._message is None:
            return told  # of everything, the messages are pulled
        stops = [_stop(value) for space, _, value in told.rows if space == Space.STOPS.value and value is not None]
        messages = []
        for stop in stops[:MAX_ORDERS]:
            try:
                messages.append((await self._message(stop)).decode())
            except AnswerableError:
                continue  # it is pulled, once it can be told
        return msgspec.structs.replace(told, orders=tuple(messages))

    async def _warrants(self, node: Node, query: dict[str, str], body: bytes) -> Granted:
        asked = msgspec.json.decode(body, type=Asks)
        answers = tuple([await self._warrant(node, ask) for ask in asked.asks])
        if asked.known < 0:
            return Granted(answers=answers)
        # No warrant that was just signed names a later change than the registry shows now.
        told = await self._services.explained(asked.known, self._services.book.epoch)
        return Granted(answers=answers, orders=tuple([message.decode() for message in told]))

    async def _warrant(self, node: Node, ask: Ask) -> Answered:
        issuer, aud = self._services.issuer, audience(self._services.book.domain, node)
        try:
            copy = self._its(node, ask.copy)
            if ask.seq == 1:
                granted = await issuer.grant(copy.rid, aud=aud, nonce=ask.nonce[:64], holder=holder_of(node))
            else:
                granted = issuer.renew(copy.rid, aud=aud, nonce=ask.nonce, seq=ask.seq, holder=holder_of(node))
        except AnswerableError as error:
            return Answered(code=error.code, kind=type(error).__name__, params=error.as_dict()["params"])
        return Answered(token=granted.token)

    def perched(self, copy: str) -> frozenset[str]:
        """rids of the nodes that said that their own gate let in this copy of the canary."""
        return frozenset(self._perched.get(copy, ()))

    async def _perch(self, node: Node, query: dict[str, str], body: bytes) -> dict[str, int]:
        """A node's gate let in the canary: from now on its stop is one there too."""
        copy = self._its(node, msgspec.json.decode(body, type=Admitted).copy)
        if copy.system != self._canary():
            raise Refused("node.not_its", copy=copy.id)
        # One canary flies at a time: those before it are forgotten.
        self._perched = {copy.rid: {*self._perched.get(copy.rid, ()), node.rid}}
        return {"admitted": len(self._perched[copy.rid])}

    def _its(self, node: Node, ref: str) -> Copy:
        """The copy, if this node keeps its warrants. Raises Refused ``warrant.unregistered``, ``node.not_its``."""
        book = self._services.book
        copy = book.copy(ref)
        if copy is None:
            raise Refused("warrant.unregistered")
        now = self._services.clock.now_ms()
        its = (
            copy.node == node.rid
            or copy.system == self._canary()
            or any(h.copy == copy.rid and not h.revoked and now < h.expires for h in book.handles())
        )
        if not its:
            raise Refused("node.not_its", copy=copy.id)
        return copy

    async def _granted(self, node: Node, ref: str, grant: str) -> Copy:
        """The copy, if this node keeps its warrants or if it shows this node one of its own. Raises as `_its`."""
        data = await self._services.reader.find(grant) if grant else None
        warrant = leaf.decode(data) if data is not None else None
        copy = self._services.book.copy(ref)
        aud = audience(self._services.book.domain, node)
        if copy is not None and isinstance(warrant, WarrantLeaf) and envelopes.names(warrant, copy.rid, aud):
            return copy
        return self._its(node, ref)

    async def _return(self, node: Node, query: dict[str, str], body: bytes) -> dict[str, int]:
        """The node ends in order, and holds nothing any more: another boot of it need not wait."""
        asks = msgspec.json.decode(body, type=Asks).asks
        forgotten = [self._services.issuer.forget(ask.copy, holder_of(node), ask.nonce) for ask in asks]
        return {"returned": sum(forgotten)}

    async def _start(self, node: Node, query: dict[str, str], body: bytes) -> dict[str, str]:
        request = msgspec.json.decode(body, type=StartCopy)
        services = self._services
        planned, _ = await carry_out(
            services, lambda: copies.start(services.book, request, services.clock.now_ms(), node=node.rid)
        )
        return {"rid": planned.rid, "id": planned.id}

    async def _end(self, node: Node, query: dict[str, str], body: bytes) -> dict[str, str]:
        request = msgspec.json.decode(body, type=EndCopy)
        services = self._services
        copy = services.book.copy(request.copy)
        if copy is None or copy.node != node.rid:
            raise Refused("node.not_its", copy=request.copy[:200])
        planned, _ = await carry_out(services, lambda: copies.end(services.book, request, services.clock.now_ms()))
        return {"rid": planned.rid, "id": planned.id}

    async def _leaves(self, node: Node, query: dict[str, str], body: bytes) -> list[Carried]:
        """Everything that a record under this warrant leads to, the older first: the node's log repeats it, so that its
        receipts are whole."""
        book, reader = self._services.book, self._services.reader
        copy = await self._granted(node, query.get("copy", ""), query.get("grant", ""))
        system = book.system(copy.system)
        waiting = [copy.rid, copy.system, *filter(None, (query.get("grant", ""),))]
        people = {entry.party for entry in system.parties} if system is not None else set()
        found: dict[str, tuple[int, bytes]] = {}
        seen: set[str] = set()
        while waiting:
            rid = waiting.pop()
            if rid in seen or len(seen) > MAX_LEAVES:
                continue
            seen.add(rid)
            data = await reader.find(rid)
            if data is None:
                continue
            decoded = leaf.decode(data)
            if decoded.k not in REPEATED:
                continue
            found[rid] = (await reader.prove(rid)).index, data
            waiting += pointed(decoded)
            if (party := book.party(rid)) is not None:
                people.add(party.rid)
            for each in people:
                if (party := book.party(each)) is not None:
                    waiting += [each, *filter(None, (party.stands, party.voucher))]
            people.clear()
        carried = []
        for rid, (_, data) in sorted(found.items(), key=lambda entry: entry[1][0]):
            hidden = await reader.payload(rid, "name")
            salt, name = (hidden[0], hidden[1] or b"") if hidden is not None else (b"", b"")
            carried.append(Carried(leaf=_b64(data), salt=_b64(salt), name=_b64(name)))
        return carried

    async def _recorded(self, node: Node, query: dict[str, str], body: bytes) -> dict[str, int]:
        row = self._services.book.raw(Space.MISC, SHARD + VerifierKey.parse(node.log).name)
        last = leaf.decode(row) if row is not None else None
        return {"size": last.size if isinstance(last, ShardLeaf) else 0}

    async def _checkpoint(self, node: Node, query: dict[str, str], body: bytes) -> dict[str, int]:
        """Record what the node's log has come to. Raises Refused ``node.checkpoint`` for a log that did not only
        grow."""
        handed = msgspec.json.decode(body, type=Handed)
        services = self._services
        key = VerifierKey.parse(node.log)
        row = services.book.raw(Space.MISC, SHARD + key.name)
        last = leaf.decode(row) if row is not None else None
        try:
            head = checkpoint.verify(handed.note.encode(), (key,))
            if isinstance(last, ShardLeaf):
                if head.size <= last.size:
                    if (head.size, head.root.hex()) == (last.size, last.root):
                        return {"size": head.size}
                    raise Refused("node.checkpoint", detail=f"{head.size} leaves after {last.size}")
                nodes = [base64.b64decode(each, validate=True) for each in handed.proof]
                verify_consistency(last.size, bytes.fromhex(last.root), head.size, head.root, nodes)
        except (VerificationError, ValueError) as error:
            raise Refused("node.checkpoint", detail=getattr(error, "code", "its form")) from None
        made = leaf.encode(
            ShardLeaf(n=nonce(), origin=key.name, root=head.root.hex(), size=head.size, t=services.clock.now_ms())
        )
        at = SHARD + key.name
        unit = Unit(
            leaves=(made,),
            effects=(Put(Space.MISC, ROOT, b"1"), Put(Space.MISC, at, made)),
            expect=(Expect(Space.MISC, at, row),),
        )
        await services.ledger.commit(unit)
        return {"size": head.size}


def routes(desk: NodeDesk) -> tuple[Route, ...]:
    """What the holders' plane answers to nodes."""

    async def run(call: Call) -> Answer:
        header = call.headers.get(b"authorization", b"").decode("latin-1")
        return Answer(await desk.answer(call.method, call.target, header, call.body))

    return Route("GET", PREFIX, run), Route("POST", PREFIX, run, MAX_BODY)


def audience(domain: str, node: Node) -> str:
    return f"spiffe://{domain}/gateway/{node.name}"


def holder_of(node: Node) -> str:
    """Under which name the issuer counts the node's boots."""
    return f"node:{node.rid}"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
