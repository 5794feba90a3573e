# SPDX-License-Identifier: Apache-2.0
"""An upstream that kills the gateway the moment it is called finds, after restart, that record with `st: unknown`."""

from __future__ import annotations

from pathlib import Path

import httpx2 as httpx
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
