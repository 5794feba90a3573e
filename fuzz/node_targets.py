# SPDX-License-Identifier: Apache-2.0
"""What a gateway node and a control plane that recovers read from others: answers, cards, rows, order messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from answerable.admission import node_answer
from answerable.app.node_card import parse_card
from answerable.app.node_feed import Told
from answerable.app.node_replica import Replica
from answerable.app.order_store import OrderStore
from answerable.errors import VerificationError
from answerable.stops import regain
from tests.small_log import ORIGIN, key


def answer(data: bytes) -> None:
    node_answer.read(data, origin=ORIGIN, nonce="n", public=key("issuer").public)


def card(data: bytes) -> None:
    parse_card(data)


def rows(data: bytes) -> None:
    """The bytes as a row of each space that a node follows."""
    for space in ("parties", "systems", "copies", "handles", "stops", "counters", "misc", "nowhere"):
        text = data.decode("utf-8", "replace")
        told = Told(since="r:1", whole=bool(len(data) % 2), more=False, epoch=0, rows=((space, "k", text),))
        try:
            Replica("demo.invalid").take(told)
        except VerificationError:
            continue


def orders(data: bytes) -> None:
    OrderStore.parse(data)
    regain.row_of(data)
    regain.parts_of(data)


NODE_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "node.answer": answer,
    "node.card": card,
    "node.rows": rows,
    "node.orders": orders,
}
