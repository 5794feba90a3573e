# SPDX-License-Identifier: Apache-2.0
"""A gateway node's questions to its control plane, each proven by the node's key, each answer believed by signature."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from answerable.admission import node_answer, proof
from answerable.app.node_card import Card
from answerable.app.node_desk import PREFIX, Admitted, Answered, Asks, Carried, Granted, Handed
from answerable.app.node_feed import Told
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import CATALOGUE, AnswerableError, Refused, Unavailable, VerificationError
from answerable.net.limits import Limits
from answerable.net.relay_client import RelayClient
from answerable.ports import Clock
from answerable.registry.requests import EndCopy, StartCopy
from answerable.warrants.far import Ask

# Changes are waited for so long in one question.
WAIT_S: Final = 15
_KINDS: Final[dict[str, type[AnswerableError]]] = {
    kind.__name__: kind for kind in (Refused, Unavailable, VerificationError)
}
# Between us and whoever answers at that address; what is behind it said nothing.
_AWAY: Final = ("upstream.", "relay.")

Kind = TypeVar("Kind")


class Link:
    """url: of the control plane's holders' plane; known, hear: up to which change of the stop set all is known here,
    and who takes in an order that came with warrants. Belongs to one event loop. Every method raises Unavailable
    ``node.away`` where nobody answers, VerificationError ``node.answer`` for what the issuer did not sign, and what the
    control plane refuses."""

    def __init__(self, url: str, card: Card, key: Key, clock: Clock, *, ca_file: str = "") -> None:
        limits = Limits(connections=8, waiting=256, connect=5.0, head=WAIT_S + 10.0, silence=10.0)
        self._client = RelayClient(url, ca_file, limits)
        self._card = card
        self._key = key
        self._clock = clock
        self.known: Callable[[], int] = lambda: -1
        self.hear: Callable[[bytes], object] = lambda _: None
        self.heard_ms = 0  # monotonic instant of the newest answer that was believed

    async def changes(self, since: str, *, wait: bool, epoch: int = 0, root: str = "") -> Told:
        """What the registry says since; waits for news where there are none. epoch, root: of the stop set that this
        node knows."""
        query = {"since": since, "epoch": str(epoch), "root": root, **({"wait": str(WAIT_S)} if wait else {})}
        return await self._ask("GET", "directory", Told, query)

    async def warrants(self, asks: Sequence[Ask]) -> list[str | AnswerableError]:
        """`warrants.far.Asker`. The orders that the warrants name and that were not known here are heard first."""
        told = await self._ask("POST", "warrants", Granted, {}, Asks(asks=tuple(asks), known=self.known()))
        if len(told.answers) != len(asks):
            raise Unavailable("node.away", detail="an answer to another question")
        for message in told.orders:
            self.hear(message.encode())
        return [each.token or _error(each) for each in told.answers]

    async def give_back(self, asks: Sequence[Ask]) -> None:
        """This boot holds these no more."""
        await self._ask("POST", "return", dict[str, int], {}, Asks(asks=tuple(asks)))

    async def perch(self, copy: str) -> None:
        """Say that the gate here let in that copy of the canary, by its rid."""
        await self._ask("POST", "admitted", dict[str, int], {}, Admitted(copy=copy))

    async def start_copy(self, request: StartCopy) -> str:
        """rid of the copy."""
        return (await self._ask("POST", "copies", dict[str, str], {}, request))["rid"]

    async def end_copy(self, request: EndCopy) -> str:
        """rid of the leaf."""
        return (await self._ask("POST", "copies/end", dict[str, str], {}, request))["rid"]

    async def leaves(self, copy: str, grant: str) -> list[tuple[bytes, bytes, bytes]]:
        """(leaf, salt, name) of all that a record under that warrant leads to, the older first."""
        found = await self._ask("GET", "leaves", list[Carried], {"copy": copy, "grant": grant})
        try:
            return [
                (base64.b64decode(each.leaf), base64.b64decode(each.salt), base64.b64decode(each.name))
                for each in found
            ]
        except ValueError:
            raise VerificationError("node.answer", detail="leaves in another form") from None

    async def checkpoint(self, note: bytes, path: Sequence[bytes]) -> int:
        """Size of the tree that the control plane has recorded."""
        handed = Handed(note=note.decode(), proof=tuple(base64.b64encode(each).decode() for each in path))
        return (await self._ask("POST", "checkpoint", dict[str, int], {}, handed))["size"]

    async def recorded(self) -> int:
        """As `checkpoint`, without handing in any."""
        return (await self._ask("GET", "recorded", dict[str, int], {}))["size"]

    async def receipt(self, data: bytes) -> None:
        """A stop receipt, signed by this node: anyone may carry it."""
        await self._post("/relay/v1/receipts", data)

    async def regain(self, orders: Sequence[bytes]) -> None:
        """Offer order messages to a control plane that has lost them."""
        await self._post("/relay/v1/regain", msgspec.json.encode({"orders": [msgspec.Raw(each) for each in orders]}))

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, path: str, data: bytes) -> None:
        try:
            await self._client.post(path, data)
        except Unavailable as error:
            raise _away(error) from None

    async def _ask(self, method: str, verb: str, kind: type[Kind], query: dict[str, str], body: Any = None) -> Kind:
        drawn = nonce()
        target = f"{PREFIX}{verb}?{urlencode({**query, 'n': drawn})}"
        data = b"" if body is None else msgspec.json.encode(body)
        token = proof.make(
            self._key,
            typ=proof.NODE,
            kid=self._card.node,
            origin=self._card.origin,
            method=method,
            path=target,
            body=data,
            now_ms=self._clock.now_ms(),
        )
        headers = (("authorization", f"Proof {token}"),)
        try:
            if method == "GET":
                raw = await self._client.get(target, headers)
            else:
                raw = await self._client.post(target, data, headers)
        except Unavailable as error:
            raise _away(error) from None
        told = node_answer.read(raw, origin=self._card.origin, nonce=drawn, public=self._card.public)
        try:
            answer = msgspec.json.decode(told, type=kind)
        except msgspec.MsgspecError:
            raise VerificationError("node.answer", detail="its form") from None
        self.heard_ms = self._clock.mono_ms()
        return answer


def _away(error: Unavailable) -> Unavailable:
    return Unavailable("node.away", detail=error.code) if error.code.startswith(_AWAY) else error


def _error(answer: Answered) -> AnswerableError:
    """What was raised there."""
    if answer.code not in CATALOGUE:
        return Unavailable("node.away", detail="an error that this version does not know")
    try:
        return _KINDS.get(answer.kind, Unavailable if answer.kind != "Recognised" else Refused)(
            answer.code, **answer.params
        )
    except TypeError:
        return Unavailable(answer.code)
