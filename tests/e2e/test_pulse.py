# SPDX-License-Identifier: Apache-2.0
"""Two authorities to live, any one to die: a registry whose gateway needs a pulse, and `answerable pulse` beside it.
One story on one store, in the order of the tests."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest

from answerable.app.people import FOLDER
from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream

OPERATOR = unassigned_lei("pulse")
SMALL = ("--capability", "text", "--petaflop", "1000", "--licence", "Apache-2.0", "--kind", "model")
EVERY_S, VALID_S = 0.3, 1.5
BUSY_S = 4.0  # what a client on a busy machine may be late by in seeing what happened


class Pulse:
    """`answerable pulse run` as a process."""

    def __init__(self, folder: Path, socket: str, pin: str) -> None:
        self.folder, self.socket, self.pin = folder, socket, pin
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [
            "--from", self.socket, "--to", self.socket, "--to", str(self.file), "--every", str(EVERY_S),
            "--valid-for", str(VALID_S), "--clock", "same-host",
        ]  # fmt: skip
        self.process = subprocess.Popen([*ANSWERABLE, "pulse", "run", str(self.folder), *words],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    @property
    def file(self) -> Path:
        return self.folder / "newest.json"

    def newest(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.file.read_bytes())
        return told

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


@dataclass
class Story:
    place: Place
    handle: str
    pulse: Pulse

    def asked(self, model: str) -> str:
        """Empty for an answer, or the code of the refusal."""
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        answer = self.place.post("/chat/completions", body, self.handle)
        return "" if answer.status_code == 200 else str(answer.json()["error"]["code"])

    def ready(self) -> dict[str, str]:
        parts: dict[str, str] = httpx.get(self.place.gateway.removesuffix("/v1") + "/readyz").json()["parts"]
        return parts


def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("pulse")
    store = folder / "store"
    cli("init", "--store", str(store), "--domain", "pulse.invalid", "--operator", OPERATOR, "--name", "Pulse Ltd")
    with ScriptedUpstream() as upstream:
        with running(("serve", "--port", "0"), store) as place:
            for name in ("Base", "Other"):
                place.cli("register", "--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer", *SMALL)
            place.cli(
                "register", "--name", "App", "--version", "1", "--party", f"{OPERATOR}:deployer", "--kind",
                "application", "--uses", "Base", "--uses", "Other",
            )  # fmt: skip
            copy = place.cli("copy", "endpoint", "App", "--url", "http://127.0.0.1/")
            handle = place.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.0/8")["value"]
            pin = place.cli("pulse", "init", str(folder / "pulse"))["pin"]
        config = folder / "answerable.toml"
        config.write_text(
            f'[pulse]\nkeys = ["{pin}"]\n'
            + "".join(
                f'[upstreams.{name.lower()}]\nurl = "{upstream.url}"\nsystem = "{name}"\nmodel = "m"\n'
                'locality = "local"\n'
                for name in ("Base", "Other")
            )
        )
        with running(("serve", "--port", "0", "--config", str(config)), store) as place:
            pulse = Pulse(folder / "pulse", place.said["control"].replace("unix:", "unix://", 1), pin)
            try:
                yield Story(place, handle, pulse)
            finally:
                pulse.kill()


def test_without_a_pulse_nothing_is_admitted(story: Story) -> None:
    assert story.asked("Base") == story.asked("Other") == "pulse.missing"
    assert story.ready()["pulse"] == "pulse.missing"


def test_with_one_it_goes_on(story: Story) -> None:
    story.pulse.start()
    until(lambda: story.asked("Base") == "")
    assert story.ready()["pulse"] == "ok"
    told = story.place.cli("stop", "Base", "--reason", "x", "--dry-run")
    assert told["terms"]["pulse"] == 15_000


def test_a_pulse_that_stands_still_ends_everything_a_silent_stream_too(story: Story) -> None:
    until(lambda: story.asked("Base") == "")
    ended: list[tuple[float, str]] = []

    def listen() -> None:
        try:
            for _ in story.place.client(story.handle).chat.completions.create(
                model="Other", stream=True, messages=[{"role": "user", "content": "do:hang"}]
            ):
                pass
        except openai.APIError as error:
            ended.append((time.time(), str(error.code)))

    thread = threading.Thread(target=listen)
    thread.start()
    time.sleep(0.3)
    story.pulse.signal(signal.SIGSTOP)
    stood = time.time()
    last = asked = stood
    while (code := story.asked("Base")) == "":
        last, asked = asked, time.time()  # what was admitted was so after it was sent
    assert code == "pulse.stale"
    assert last - stood <= VALID_S
    thread.join(VALID_S + 1.0 + BUSY_S)  # delta: a silent stream is asked about every second
    assert [code for _, code in ended] == ["pulse.stale"]
    assert ended[0][0] - stood <= VALID_S + 1.0 + BUSY_S
    story.pulse.signal(signal.SIGCONT)
    until(lambda: story.asked("Base") == "")


def test_killed_and_wiped_but_for_its_key_it_goes_on_above_its_past(story: Story) -> None:
    before = story.pulse.newest()["seq"]
    story.pulse.kill()
    (story.pulse.folder / "seq").unlink()
    until(lambda: story.asked("Base") == "pulse.stale")
    story.pulse.start()
    until(lambda: story.asked("Base") == "")
    assert story.pulse.newest()["seq"] > before


def test_it_learns_of_the_registrys_orders_and_says_so(story: Story) -> None:
    before = story.pulse.newest()["epoch"]
    other = story.place.cli("stop", "App", "--reason", "drill", "--suspend", "--as", "officer-1")["order"]["rid"]
    until(lambda: story.pulse.newest()["epoch"] == before + 1)
    assert story.pulse.newest()["delta"]
    until(lambda: story.asked("Other") == "stop.system")
    story.place.cli("release", other, "--as", "officer-1", "--as", "officer-2")
    # Known again in the pulse, the delta notwithstanding: the registry's release counts here.
    until(lambda: story.asked("Other") == "")
    until(lambda: story.asked("Base") == "")


def test_an_officers_order_past_the_registry_stops_that_lineage_and_no_other(story: Story, tmp_path: Path) -> None:
    named, origin = story.place.cli("describe", "Base")["rid"], story.pulse.newest()["origin"]
    file, proof, card = tmp_path / "order.json", tmp_path / "subject", story.place.store / FOLDER / "officer-1.json"
    story.place.cli("log", "prove", named, "--format", "tlog-proof", "--out", str(proof))
    cli(
        "officers", "order", named, "--origin", origin, "--reason", "unheard", "--key", str(card), "--out",
        str(tmp_path / "o.json"), "--message", str(file), "--subject", str(proof),
    )  # fmt: skip
    known = len(story.place.cli("ls", "orders"))
    cli("pulse", "order", str(story.pulse.folder), str(file))
    until(lambda: story.asked("Base") == "stop.system")
    until(lambda: story.asked("Other") == "")
    assert len(story.place.cli("ls", "orders")) == known, "the registry was never asked"
    story.pulse.kill()
    story.pulse.start()  # and forgets nothing
    until(lambda: bool(story.pulse.newest()["delta"]) and story.asked("Other") == "")
    until(lambda: story.asked("Base") == "stop.system")
