# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the stop measures what it says: every holder hears every order, every stream hears why it ended."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from answerable.admission import orders
from benchmarks import stop, stop_cut
from benchmarks.stop_orders import TRUST, message
from tests.house.tree import ROOT


def test_the_orders_are_real_ones() -> None:
    told = [orders.read(message(number), TRUST) for number in (1, 2)]
    assert [each.epoch for each in told] == [1, 2]
    assert told[0].stop.root != told[1].stop.root


@pytest.mark.parametrize("feed", stop.FEEDS)
async def test_every_holder_hears_every_order(feed: str) -> None:
    row = await stop.fan_out(feed, 40, 2)
    assert (row["feed"], row["holders"], row["rounds"], row["lost"]) == (feed, 40, 2, 0)
    assert 0 < row["p50_ms"] <= row["p99_ms"] <= row["max_ms"] < 10_000


async def test_the_peer_is_heard_by_all_too() -> None:
    row = await stop.peer(40, 2)
    assert (row["holders"], row["rounds"], row["lost"]) == (40, 2, 0)
    assert 0 < row["p50_ms"] <= row["max_ms"]


def test_every_stream_is_told_why_it_ended() -> None:
    row = stop_cut.measure(8)
    assert (row["streams"], row["told"]) == (8, 8)
    assert 0 <= row["p50_ms"] <= row["max_ms"] < 5_000


def test_the_command_says_what_was_to_be_reached() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stop", "--quick", "--json", "--holders", "20", "--feeds", "in process",
         "--systems", "2000", "--cuts", "0", "--no-peer"],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert [row["feed"] for row in said["fan_out"]] == ["in process"]
    took = said["admission"]
    assert took["cached_us"] < took["after_an_order_us"] < took["first_us"]
    assert took["cached_us"] < took["cached_with_pulse_us"] < took["first_us"]
    assert said["closure"]
    assert {bar["what"].split(",")[0] for bar in said["bars"]} == {
        "20 holders told (in process)",
        "cached admission",
        "cached admission with a pulse",
    }
    assert "reached" in stop.table(said)
