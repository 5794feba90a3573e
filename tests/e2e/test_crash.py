# SPDX-License-Identifier: Apache-2.0
"""An upstream that kills the gateway the moment it is called finds, after restart, that record with `st: unknown`."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx2 as httpx
import openai
import pytest

from tests.e2e.places import running
from tests.e2e.scripted_upstream import ScriptedUpstream


def test_an_upstream_that_kills_the_gateway_is_on_record(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with ScriptedUpstream() as upstream:
        words = ("demo", "--port", "0", "--url", upstream.url, "--model", "scripted", "--locality", "local")
        with running(words, store, clean=False) as place:
            upstream.victim = place.process.pid
            with pytest.raises(httpx.HTTPError):
                place.ask("do:kill")
            assert place.process.wait(10) == -9
        assert len(upstream.calls) == 1
        with running(words, store) as place:
            leaves = place.leaves()
            opens = [leaf for leaf in leaves if leaf["leaf"]["k"] == "open"]
            assert len(opens) == 1, "recorded before the call, once"
            (close,) = [leaf["leaf"] for leaf in leaves if leaf["leaf"]["k"] == "close"]
            assert (close["open"], close["st"]) == (opens[0]["rid"], "unknown")
            told = place.cli("who", opens[0]["rid"])
            assert told["outcome"] == "unknown"
            assert "settled as unknown" in place.log.read_text(), "visibly, never silently"
            assert place.ask().status_code == 200, "and it goes on"


def test_a_stream_in_flight_when_the_gateway_ends_is_told_and_recorded_so(tmp_path: Path) -> None:
    store = tmp_path / "store"
    told: list[object] = []
    with ScriptedUpstream() as upstream:
        words = ("demo", "--port", "0", "--url", upstream.url, "--model", "scripted", "--locality", "local")
        with running(words, store) as place:

            def listen() -> None:
                try:
                    for _ in place.client().chat.completions.create(
                        model="auto", stream=True, messages=[{"role": "user", "content": "do:drip"}]
                    ):
                        told.append("piece")
                except openai.APIError as error:
                    told.append(error.code)

            thread = threading.Thread(target=listen)
            thread.start()
            until = time.monotonic() + 10
            while len(told) < 3 and time.monotonic() < until:
                time.sleep(0.02)
            assert place.end() == 0
            thread.join(10)
            assert told[-1] == "action.shutdown"
        with running(words, store) as place:
            closes = [entry["leaf"] for entry in place.leaves() if entry["leaf"]["k"] == "close"]
            assert [(leaf["st"], leaf["err"]) for leaf in closes] == [("error", "action.shutdown")]
