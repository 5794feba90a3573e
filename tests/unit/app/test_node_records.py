# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from answerable.admission import receipts
from answerable.admission.orders import read
from answerable.app.node_card import read_card
from answerable.app.node_create import node_key
from answerable.app.node_records import HandIn, Noted, Receipts
from answerable.errors import Refused, Unavailable
from answerable.log.leaf import encode
from answerable.model.units import Unit
from tests.small_nodes import joined, node, plane
from tests.small_relay import until
from tests.unit.admission.a_stop import PINNED, issued, order


class Taking:
    """In the place of `Link`."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.error: Exception | None = None

    async def receipt(self, data: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.taken.append(data)


async def test_a_receipt_is_signed_and_sent_until_it_is_taken(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        settings = await joined(control, tmp_path / "node")
        card, key = read_card(settings.store_path), node_key(settings.store_path)
        link: Any = Taking()
        noted = Noted(control.core.ledger, control.core.clock)
        found = Receipts(control.core, control.core.book, noted, card, key, link)
        told = read(issued(order(7), 7, epoch=1), PINNED)
        found.told(told, 2)
        found.told(told, 0)
        link.error = Unavailable("node.away", detail="cut")
        with pytest.raises(Unavailable, match=r"node\.away"):
            await found.flush()
        link.error = None
        await found.flush()
        assert found.sent == len(link.taken) == 2
        said = [receipts.read(data, {card.node: key.public}, card.origin) for data in link.taken]
        assert [(each.in_flight, each.stop_state) for each in said] == [(2, "draining"), (0, "stopped")]
        assert {each.order for each in said} == {told.stop.rid}
        found.told(told, 0)
        link.error = Refused("stop.order_unknown", order="x")
        await found.flush()  # one that is refused for good keeps no other waiting
        link.error = None
        await found.flush()
        assert found.sent == 2


async def test_the_last_action_is_the_newest_that_the_order_reaches(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        system = await control.system("model")
        settings = await joined(control, tmp_path / "node")
        link: Any = Taking()
        noted = Noted(control.core.ledger, control.core.clock)
        card, key = read_card(settings.store_path), node_key(settings.store_path)
        found = Receipts(control.core, control.core.book, noted, card, key, link)
        told = read(issued(order(system.num), system.num, epoch=1), PINNED)
        found.told(told, 0)
        await found.flush()
        assert receipts.peek(link.taken[-1]).t_last_action == 0
        copy = "none"
        found.admitted[copy] = 5
        found.told(told, 0)
        await found.flush()
        assert receipts.peek(link.taken[-1]).t_last_action == 0, "a copy that nobody knows is nobody's"


async def test_what_is_noted_is_what_was_committed(tmp_path: Path) -> None:
    from answerable.model.leaves import RegainedLeaf

    async with plane(tmp_path / "control") as control:
        noted = Noted(control.core.ledger, control.core.clock)
        leaf = encode(RegainedLeaf(msg="{}", n="AAAAAAAAAAAAAAAAAAAAAA", t=1))
        before = await control.core.reader.size()
        done = await noted.commit(Unit(leaves=(leaf,)))
        assert done.first == before
        assert [data for _, data in noted.opened] == [leaf]
        noted.count_refusal("warrant.forged")
        assert await noted.erase([]) == 0


async def test_checkpoints_go_in_with_the_proof_that_the_log_only_grew_over_restarts_too(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        settings = await joined(control, tmp_path / "node", node__hand_in_s=3600)
        async with node(settings) as berlin:
            assert await HandIn(berlin.core, berlin.link).once()
            assert not await HandIn(berlin.core, berlin.link).once(), "it asks what is recorded"
            size = await berlin.link.recorded()
            assert size == await berlin.core.reader.size()
        async with node(settings) as berlin:  # its plugins are written again
            await until(lambda: berlin.replica.seen)
            assert await HandIn(berlin.core, berlin.link).once()
            assert await berlin.link.recorded() > size
