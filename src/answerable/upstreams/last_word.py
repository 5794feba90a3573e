# SPDX-License-Identifier: Apache-2.0
"""A copy in a child process signs its own stop receipt (`docs/spec/stop-receipt.md`): what stands in it is the word of
the gateway in front of it, through which alone it acts.

    POST /answerable/receipt  {"origin", "order", "holder", ...}  ->  the receipt

The child makes the receipt itself, so that whoever reaches its socket gets no other statement signed.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

import msgspec

from answerable.admission.receipts import MAX_RECEIPT, Receipt, StopState, make
from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.net.pool import Pool, head, request

PATH: Final = "/answerable/receipt"


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `Receipt`, with the origin of the log that it is for."""

    origin: str
    order: str
    holder: str
    t_received: int
    t_last_action: int
    in_flight: int
    stop_state: StopState
    n: str

    def signed(self, key: Key) -> bytes:
        """The receipt. Raises VerificationError ``order.receipt`` for what no reader would take."""
        receipt = Receipt(
            order=self.order,
            holder=self.holder,
            t_received=self.t_received,
            t_last_action=self.t_last_action,
            in_flight=self.in_flight,
            stop_state=self.stop_state,
            n=self.n,
        )
        return make(receipt, key, self.origin)


def answer(body: bytes, key: Key) -> bytes:
    """The copy's side. Raises VerificationError ``log.encoding``, ``order.receipt`` for a body that asks for no
    receipt."""
    try:
        word = msgspec.json.decode(body, type=Word)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VerificationError("log.encoding", detail="not a receipt") from None
    return word.signed(key)


async def ask(pool: Pool, word: Word) -> bytes:
    """The asker's side: the receipt, which the registry checks. Raises Unavailable ``upstream.possession``,
    ``upstream.unreachable``."""
    message = request(
        head("POST", PATH, pool.endpoint, (("content-type", "application/json"),)), msgspec.json.encode(word)
    )
    with closing(await pool.ask(message)) as reply:
        body = await reply.whole(MAX_RECEIPT)
    if reply.status != 200:
        raise Unavailable("upstream.possession")
    return body
