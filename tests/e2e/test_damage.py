# SPDX-License-Identifier: Apache-2.0
"""A store that is damaged, or older than it should be: it is served read-only, it says why and what to do, nothing is
signed."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream

OPERATOR = unassigned_lei("damage")


@dataclass(frozen=True, slots=True)
class Kept:
    """A store with one answer in it, and a copy from before that answer."""

    store: Path
    older: Path
    config: Path
    handle: str
    record: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("damage")
    store, config = folder / "store", folder / "answerable.toml"
    cli("init", "--store", str(store), "--domain", "damage.invalid", "--operator", OPERATOR, "--name", "Damage Ltd")
    with ScriptedUpstream() as upstream:
        config.write_text(f'[upstreams.mine]\nurl = "{upstream.url}"\nsystem = "My model"\nmodel = "m"\n')
        with running(("serve", "--port", "0"), store) as place:
            party = f"{OPERATOR}:deployer"
            shared = ("--version", "1", "--party", party)
            place.cli("register", "--name", "My model", "--kind", "model", "--capability", "text",
                      "--petaflop", "1000", *shared)  # fmt: skip
            place.cli("register", "--name", "My app", "--kind", "application", "--uses", "My model", *shared)
            copy = place.cli("copy", "endpoint", "My app", "--url", "http://127.0.0.1/")
            handle = place.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.1/32")["value"]
            place.cli("feed", "publish", str(folder / "feed"))
        shutil.copytree(store, folder / "older")
        with running(("serve", "--port", "0", "--config", str(config)), store) as place:
            reply = place.client(handle).chat.completions.create(
                model="My model", messages=[{"role": "user", "content": "hi"}]
            )
            place.cli("register", "--name", "Not told yet", "--kind", "application", *shared)
    return Kept(store, folder / "older", config, handle, reply.id.removeprefix("chatcmpl-"))


def spoiled(kept: Kept, tmp_path: Path, how: str) -> Path:
    """A copy of the store that is not right any more."""
    store = tmp_path / "store"
    shutil.copytree(kept.older if how == "older" else kept.store, store)
    shutil.copytree(kept.store.with_name("store.guard"), tmp_path / "store.guard")
    if how == "no guard":
        shutil.rmtree(tmp_path / "store.guard")
    elif how == "tile":
        with sqlite3.connect(store / "log.db") as log:
            log.execute("UPDATE tile SET data = zeroblob(length(data))")
    elif how == "newest leaf":
        with sqlite3.connect(store / "log.db") as log:
            log.execute("UPDATE segment SET data = CAST(replace(data, '\"done\"', '\"gone\"') AS BLOB)")
    return store


def head(store: Path) -> Any:
    with sqlite3.connect(f"file:{store / 'log.db'}?mode=ro", uri=True) as log:
        return log.execute("SELECT size, root, note FROM recent ORDER BY id DESC LIMIT 1").fetchone()


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("older", "store.rolled_back"),
        ("tile", "store.damaged"),
        ("newest leaf", "store.damaged"),
        ("no guard", "store.unguarded"),
    ],
)
def test_it_is_served_to_be_read_and_says_what_to_do(kept: Kept, tmp_path: Path, how: str, code: str) -> None:
    store = spoiled(kept, tmp_path, how)
    before = head(store)
    published = tmp_path / "store.guard" / "published"
    shown = published.read_bytes() if published.exists() else b""
    with running(("serve", "--port", "0", "--config", str(kept.config)), store) as place:
        assert "READ-ONLY" in place.log.read_text()
        assert code in place.log.read_text()
        ready = httpx.get(place.gateway.removesuffix("/v1") + "/readyz")
        assert ready.status_code == 503
        assert code in ready.text
        assert httpx.get(place.gateway.removesuffix("/v1") + "/healthz").status_code == 200

        # Every call is refused, with the same code each time.
        for body in (BODY, BODY | {"model": "auto"}, BODY | {"stream": True}):
            refused = place.post("/chat/completions", body, kept.handle)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "log.stopped"), refused.text

        # What is there is read, proved and shown.
        assert place.cli("ls")
        assert len(place.leaves()) == before[0]
        if how in ("older", "no guard"):
            told = place.cli("log", "checkpoint")
            assert told["size"] <= before[0]
            place.cli("log", "prove", place.leaves()[3]["rid"])
            # An authority is given what was cut for it, and told when there is no more for now.
            place.cli("feed", "publish", str(tmp_path / "feed"))
            pages = {page.name: page.read_bytes() for page in (kept.store.parent / "feed").glob("*.json")}
            assert pages
            assert {page.name: page.read_bytes() for page in (tmp_path / "feed").glob("*.json")} == pages
            again = place.cli("feed", "publish", str(tmp_path / "feed"), expect=None if how == "no guard" else 0)
            if how == "no guard":  # the older one knows of nothing more
                assert again["error"]["code"] == "log.stopped"
        if how == "no guard":
            assert place.cli("who", kept.record)["party"]

        # An order cannot be recorded. Nothing acts through this gateway, and nothing renews a warrant.
        error = place.cli("stop", "My app", "--reason", "x", "--as", "officer-1", expect=None)
        assert error["error"]["code"] == "log.stopped"
        error = place.cli("register", "--name", "More", "--kind", "model", "--version", "1",
                          "--party", f"{OPERATOR}:deployer", expect=None)  # fmt: skip
        assert error["error"]["code"] == "log.stopped"

        looks = place.cli("doctor", expect=1)
        (log,) = [look for look in looks if look["check"] == "log"]
        assert log["state"] == "fail"
        assert log["remedy"]
        found = place.cli("log", "fsck", expect=1)
        assert not found["sound"]
    assert head(store) == before, "nothing was written, nothing was signed"
    assert not published.exists() or published.read_bytes() == shown


def test_fsck_and_doctor_of_a_store_that_is_not_served(kept: Kept, tmp_path: Path) -> None:
    store = spoiled(kept, tmp_path, "older")
    found = cli("log", "fsck", "--store", str(store), expect=1)
    assert list(found["found"]) == ["store.rolled_back"]
    assert "rebuild" in found["findings"][0]["remedy"] or "mirror" in found["findings"][0]["remedy"]
    assert found["looked_at"]["leaves"] == found["size"] > 9
    sound = cli("log", "fsck", "--store", str(kept.store))
    assert sound["sound"]
    assert sound["looked_at"]["payloads"] > 6
    (log,) = [look for look in cli("doctor", "--store", str(store), expect=1) if look["check"] == "log"]
    assert log["state"] == "fail"
    assert cli("log", "fsck", "--store", str(tmp_path / "none"), expect=3)["error"]["code"] == "store.missing"
    words = subprocess.run([*ANSWERABLE, "log", "fsck", "--store", str(kept.store)], capture_output=True, check=True)
    assert b"Nothing is wrong." in words.stdout


def test_beside_a_service_fsck_finds_nothing(kept: Kept, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(kept.store, store)
    shutil.copytree(kept.store.with_name("store.guard"), tmp_path / "store.guard")
    with running(("serve", "--port", "0", "--config", str(kept.config)), store) as place:
        assert place.cli("log", "fsck")["sound"]
        assert _ask(place, kept) in (200, 502, 503)
        assert place.cli("log", "fsck")["sound"]


BODY: dict[str, Any] = {"model": "My model", "messages": [{"role": "user", "content": "hi"}]}


def _ask(place: Place, kept: Kept) -> int:
    return place.post("/chat/completions", BODY, kept.handle).status_code
