# SPDX-License-Identifier: Apache-2.0
"""The whole service over a PostgreSQL store: answers, who, stop, erasure's neighbours; the server goes away and comes
back; the gateway is killed in the middle of a call."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.postgres import Server
from tests.postgres import running as running_server

OPERATOR = unassigned_lei("postgres")


@dataclass
class Set:
    store: Path
    config: Path
    upstream: ScriptedUpstream
    server: Server
    handle: str

    def serve(self, *, clean: bool = True) -> object:
        return running(("serve", "--port", "0", "--config", str(self.config)), self.store, clean=clean)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, fresh_data: Path) -> Iterator[Set]:
    folder = tmp_path_factory.mktemp("pg")
    store, config = folder / "store", folder / "answerable.toml"
    with running_server(fresh_data) as server, ScriptedUpstream() as upstream:
        words = ("init", "--store", str(store), "--store-url", server.url())
        cli(*words, "--domain", "pg.invalid", "--operator", OPERATOR, "--name", "PG Ltd")
        again = cli(*words, "--domain", "pg.invalid", "--operator", OPERATOR, "--name", "PG Ltd", expect=5)
        assert again["error"]["code"] == "store.exists"
        said = cli("serve", "--store", str(store), "--port", "0", expect=2)
        assert said["error"]["code"] == "config.value", "its folder alone is no store"
        config.write_text(f'[store]\nurl = "{server.url()}"\n')
        with running(("serve", "--port", "0", "--config", str(config)), store) as place:
            for name, more in (("Model", ("--kind", "model", "--capability", "text", "--petaflop", "1000")),
                               ("App", ("--kind", "application", "--uses", "Model"))):  # fmt: skip
                place.cli("register", "--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer", *more)
            copy = place.cli("copy", "endpoint", "App", "--url", "http://127.0.0.1/")
            handle = place.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.0/8")["value"]
        config.write_text(
            f'[store]\nurl = "{server.url()}"\n'
            f'[upstreams.u]\nurl = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
        )
        yield Set(store, config, upstream, server, handle)


def ask(place: Place, handle: str, text: str = "hi") -> httpx.Response:
    return place.post("/chat/completions", {"model": "Model", "messages": [{"role": "user", "content": text}]}, handle)


def _bytes(path: Path) -> bytes:
    """Of a file, b"" for what is none, or not any more: a server makes and removes some all the time."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def test_an_answer_its_record_its_receipt_and_its_stop(house: Set, tmp_path: Path) -> None:
    with house.serve() as place:  # type: ignore[attr-defined]
        reply = ask(place, house.handle)
        assert reply.status_code == 200, reply.text
        saved, receipt = tmp_path / "reply.json", tmp_path / "reply.tlog"
        saved.write_bytes(reply.content)
        told = place.cli("who", str(saved), "--receipt", str(receipt))
        assert "PG Ltd" in json.dumps(told) or OPERATOR in json.dumps(told)
        assert place.cli("verify", str(receipt))
        second = cli("serve", "--store", str(house.store), "--config", str(house.config), "--port", "0", expect=5)
        assert second["error"]["code"] == "store.locked"
        found = place.cli("doctor", "--config", str(house.config), expect=None)
        states = {finding["check"]: finding["state"] for finding in found if finding["check"] == "database"}
        assert states
        assert "fail" not in {finding["state"] for finding in found if finding["check"] in ("database", "store")}


def test_the_server_goes_away_and_comes_back(house: Set) -> None:
    with house.serve() as place:  # type: ignore[attr-defined]
        assert ask(place, house.handle).status_code == 200
        house.server.stop(signal.SIGQUIT)
        try:
            calls = len(house.upstream.calls)
            away = ask(place, house.handle)
            assert (away.status_code, away.json()["error"]["code"]) == (503, "log.stopped")
            assert len(house.upstream.calls) == calls, "no record, no act"
        finally:
            house.server.start()
        until = time.monotonic() + 20
        while (status := ask(place, house.handle).status_code) != 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert status == 200, "it goes on by itself"


def test_a_gateway_that_is_killed_in_a_call_settles_it(house: Set) -> None:
    with house.serve(clean=False) as place:  # type: ignore[attr-defined]
        house.upstream.victim = place.process.pid
        with pytest.raises(httpx.HTTPError):
            ask(place, house.handle, "do:kill")
        assert place.process.wait(10) == -9
    with house.serve() as place:  # type: ignore[attr-defined]
        closes = [entry["leaf"] for entry in place.leaves() if entry["leaf"]["k"] == "close"]
        assert [leaf["st"] for leaf in closes].count("unknown") == 1
        assert ask(place, house.handle).status_code == 200


def test_what_is_erased_is_in_no_file_of_server_or_store(house: Set) -> None:
    canary, name = "the heron of Lindow, 7f3a91", "Rosalind Quillfeather"
    with house.serve() as place:  # type: ignore[attr-defined]
        record = ask(place, house.handle, canary).json()["id"].removeprefix("chatcmpl-")
        kept = ask(place, house.handle, "kept").json()["id"].removeprefix("chatcmpl-")
        words = ("log", "erase", record, "--basis", "asked for", "--law", "gdpr-17")
        place.cli(*words, "--as", "officer-1", "--as", "officer-2")
        person = place.cli("party", "register", "--id", "PERSON", "--name", name)["id"]
        assert place.cli("party", "show", person)["party"]["name"] == name
        words = ("log", "erase", person, "--basis", "asked for", "--law", "gdpr-17")
        assert place.cli(*words, "--as", "officer-1", "--as", "officer-2")["payloads"] == 1
        assert place.cli("party", "show", person)["party"]["name"] == person
        house.server.sql("CHECKPOINT")
        held = [
            path
            for folder in (house.server.data, house.store)
            for path in folder.rglob("*")
            for data in (_bytes(path),)
            if canary.encode() in data or name.encode() in data
        ]
        assert held == []
        assert place.cli("who", record)["outcome"] == place.cli("who", kept)["outcome"] == "done"
        payloads = house.server.sql("SELECT count(*) FROM answerable_payloads.payload")[0][0]
        assert payloads > 0
        assert place.cli("log", "fsck", "--config", str(house.config))["sound"] is True


def test_a_stop_holds_across_a_restart(house: Set) -> None:
    with house.serve() as place:  # type: ignore[attr-defined]
        place.cli("stop", "Model", "--reason", "drill", "--as", "officer-1")
        assert ask(place, house.handle).status_code == 403
    with house.serve() as place:  # type: ignore[attr-defined]
        assert ask(place, house.handle).status_code == 403
        assert place.cli("log", "fsck", "--config", str(house.config))["sound"] is True
