# SPDX-License-Identifier: Apache-2.0
"""Orders on their way to holders, as processes: a registry with its holders' plane over TLS, a relay of its own, a copy
that runs under a warrant, and whoever is on call. One story on one store, in the order of the tests."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.app.clock import SystemClock
from answerable.app.relay_node import read_pins
from answerable.net.events import Follower
from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, Place, cli, running

OPERATOR = unassigned_lei("relay")
REGISTRAR, INSURER = unassigned_lei("relay registrar"), unassigned_lei("relay insurer")
KIND = ("--version", "1", "--party", f"{OPERATOR}:deployer")
pytestmark = pytest.mark.system("openssl")


class Relay:
    """`answerable relay run` as a process."""

    def __init__(self, pins: Path, ca: Path, upstream: str) -> None:
        self._words = ["--pins", str(pins), "--ca-file", str(ca), "--upstream", upstream, "--json"]
        self.port = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*ANSWERABLE, "relay", "run", *self._words, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.url = str(json.loads(self.process.stdout.readline())["url"])
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@dataclass
class Story:
    place: Place
    relay: Relay
    pins: Path

    def hears(self, until: Callable[[HolderView], bool], during: Callable[[], None] = lambda: None) -> HolderView:
        """What a holder behind the relay knows, once it is enough."""

        async def listen() -> HolderView:
            trust, _ = read_pins(self.pins)
            view, clock = HolderView(trust, ClockMode.SAME_HOST), SystemClock()
            follower = Follower([self.relay.url], view, wall=clock.now_ms, mono=clock.mono_ms)
            task = asyncio.create_task(follower.run())
            try:
                async with asyncio.timeout(20):
                    while not follower.connected:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                    await asyncio.to_thread(during)
                    while not until(view):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                return view
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        return asyncio.run(listen())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("relay")
    store, key, certificate, pins = (folder / name for name in ("store", "key", "certificate", "pins.json"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "answerable.toml"
    config.write_text(f'[relay]\nport = 0\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n')
    cli("init", "--store", str(store), "--domain", "relay.invalid", "--operator", OPERATOR, "--name", "Relay Ltd")
    with running(("serve", "--port", "0", "--config", str(config)), store, clean=False) as place:
        place.cli("register", "--name", "other", *KIND, "--kind", "agent")
        _what_moves(place)
        pins.write_text(json.dumps(place.cli("relay", "pins")))
        relay = Relay(pins, certificate, place.said["holders"])
        try:
            yield Story(place, relay, pins)
        finally:
            relay.kill()


def _what_moves(place: Place) -> None:
    """A robot is of tier 3: its parties are vouched for, it is insured, and its warrants live 2 s."""
    for party, name in ((REGISTRAR, "Registrar"), (INSURER, "Insurer")):
        place.cli("party", "register", "--id", party, "--name", name)
    place.cli("party", "key", REGISTRAR, "--registrar")
    for party in (OPERATOR, INSURER):
        place.cli("party", "vouch", party, "--registrar", REGISTRAR)
    place.cli("admin", "enrol", "officer-3", "--role", "officer")
    more = ("--world", "physical", "--licence", "Apache-2.0", "--digest", f"sha256:{'c' * 64}")
    place.cli("register", "--name", "cart", *KIND, "--kind", "robot", *more, "--party", f"{INSURER}:insurer")


def test_the_plane_says_where_it_is_and_pins_name_it(story: Story) -> None:
    assert story.place.said["holders"].startswith("https://127.0.0.1:")
    told = json.loads(story.pins.read_text())
    assert told["planes"] == [story.place.said["holders"]]
    assert told["officers"]


def test_an_order_reaches_a_holder_behind_the_relay(story: Story) -> None:
    given: list[dict[str, Any]] = []

    def stop() -> None:
        given.append(story.place.cli("stop", "other", "--reason", "x", "--as", "officer-1"))

    view = story.hears(lambda view: view.epoch == 1, stop)
    assert [each.stop.rid for each in view.told()] == [given[0]["order"]["rid"]]


def test_a_relay_that_was_killed_knows_all_again_when_it_is_back(story: Story) -> None:
    story.relay.kill()
    order = story.place.cli("ls", "orders")[0]["order"]["rid"]
    story.place.cli("release", order, "--as", "officer-1", "--as", "officer-2")
    story.relay.start()
    view = story.hears(lambda view: view.epoch == 2)
    assert [bool(each.stop.released) for each in view.told()] == [True]


def test_waiting_ends_when_the_last_copys_warrant_has(story: Story) -> None:
    """A copy of the shortest class, whose program goes on as long as it is let: nobody confirms, the lease ends it."""
    program = subprocess.Popen(
        [*ANSWERABLE, "copy", "start", "cart", "--store", str(story.place.store), "--json", "--as", "admin", "--",
         sys.executable, "-c", "import time; time.sleep(600)"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert program.stdout is not None
    with program.stdout as out:
        copy = json.loads(out.readline())
        began = time.monotonic()
        done = story.place.cli("stop", "cart", "--reason", "x", "--as", "officer-1", "--wait", "30")
        told = done["told"]
        assert (told["copies"], told["unknown"]) == (1, 0)
        assert told["confirmed"] + told["expired"] == 1
        # 2 s of a warrant, a second of error for each clock, and the poll: not the bound of another class.
        assert time.monotonic() - began < 12
        assert program.wait(20) == 1
    again = story.place.cli("stop", "--status", done["order"]["rid"])
    assert again["unknown"] == 0
    assert copy["copy"]


def test_a_relay_tells_what_it_knows_when_the_registry_is_gone(story: Story) -> None:
    story.place.end()
    view = story.hears(lambda view: view.epoch == 3)
    assert len(view.told()) == 2
