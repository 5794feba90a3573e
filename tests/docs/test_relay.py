# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/relay.md` says what the code does: endpoints, events, and every bound."""

from __future__ import annotations

import asyncio
import re

from answerable.buses import nats, postgres
from answerable.net import events
from answerable.relay import board, encoded, fanout, plane, posting, rates
from answerable.relay.fanout import Bounds
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "spec" / "relay.md").read_text(encoding="utf-8")
FLAT = " ".join(PAGE.split())


def test_every_endpoint_of_a_plane_is_on_the_page() -> None:
    async def paths() -> set[str]:
        made = plane.Plane(board.Board(), fanout.Fanout())
        return {f"{route.method} {route.path}" for route in made._routes}

    named = set(re.findall(r"^\| `([A-Z]+ /[^`?]*)", PAGE, re.MULTILINE))
    assert named >= asyncio.run(paths())
    assert named >= {f"GET {plane.EVENTS}", f"POST {plane.RECEIPTS}", f"POST {plane.WARRANTS}"}
    assert named >= {f"POST {plane.PULSE}", f"POST {plane.ORDERS}"}


def test_the_bounds_are_those_of_the_code() -> None:
    bounds = Bounds()
    for words in (
        f"`relay.holders` ({bounds.holders:,}), `relay.per_address` ({bounds.per_address:,})",
        f"{bounds.untaken >> 10} KiB; then it is dropped",
        f"{bounds.all_untaken >> 20} MiB; then whoever",
        f"{bounds.pending >> 10} KiB; then one `hint`",
        f"{plane.AT_ONCE:,}; more: `relay.busy`",
        f"{rates.BURST}, and {rates.A_SECOND:g} more each second",
        f"{board.MOST_DIRECT:,}, each signed",
        f"{posting.MOST} at most",
        f"`relay.heartbeat_s` ({bounds.heartbeat:g} s)",
        f"After {events.SILENCE_S:g} s without a byte",
        f"from {events.RETRY_S:g} s doubling to {events.LONGEST_S:g} s",
        f"({postgres.LARGEST:,} bytes on PostgreSQL, {nats.LARGEST >> 10} KiB or less on NATS)",
        f"`retry` is {fanout.RETRY_MS} ms",
        f"one for each {fanout.RETURNS_A_SECOND} holders",
        f"A page is {board.PAGE >> 20} MiB",
    ):
        assert words in FLAT, words


def test_the_events_are_those_that_are_written() -> None:
    named = set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE))
    written = encoded.hello(1, 2) + encoded.order(b"", 1) + encoded.pulse(b"") + encoded.HINT
    assert {name.decode() for name in re.findall(rb"event: (\w+)", written)} <= named
