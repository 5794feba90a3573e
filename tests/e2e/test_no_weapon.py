# SPDX-License-Identifier: Apache-2.0
"""Detectors cannot be turned into a weapon: malformed prompts, planted errors and a flood of them suspend no lineage.

One demo with its victim, a model that an application calls for. Everything that somebody who is not trusted can do is
done, by the hundred; then nothing is stopped, the victim answers as before, and what was wrong stands in the log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest

from answerable.admission.reports import make
from answerable.cli.session import url
from answerable.control.rates import EVENTS_A_MINUTE
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from answerable.log.statement import to_sign
from answerable.model import events
from answerable.model.leaves import CopyLeaf
from answerable.registry.copies import copy_id
from tests.e2e.running import Demo
from tests.e2e.upstream import Upstream, streamed, whole

FLOOD = 200
BREAKS = 60  # each is a connection that breaks
GOOD: Any = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}
SECRET = "ans_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nP9r"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Upstream]]:
    upstream = Upstream()
    demo = Demo(
        tmp_path_factory.mktemp("weapon") / "store", "--url", upstream.url, "--model", "victim", "--locality", "local"
    )
    yield demo, upstream
    demo.end()
    upstream.close()


def answers(demo: Demo, upstream: Upstream) -> bool:
    upstream.answer = lambda request: [whole("Hello there.")]
    done = httpx2.post(
        demo.gateway + "/chat/completions", json=GOOD, headers={"authorization": f"Bearer {demo.handle}"}, timeout=30
    )
    return bool(done.status_code == 200)


def incidents(demo: Demo) -> list[Any]:
    time.sleep(1)  # whatever was written is looked at by then
    found: list[Any] = demo.person().get(url("/incidents", {"all": "1"}))
    return found


def unharmed(demo: Demo, upstream: Upstream) -> None:
    assert demo.person().get(url("/stops")) == [], "nothing is stopped, of any scope"
    assert answers(demo, upstream)
    assert demo.process.poll() is None


MALFORMED: tuple[Callable[[int], tuple[bytes, dict[str, str]]], ...] = (
    lambda n: (b'{"model": ' * (n + 1), {}),
    lambda n: (b"[" * 3_000, {}),
    lambda n: (json.dumps({**GOOD, "messages": [{"role": "nobody" * n, "content": "x"}]}).encode(), {}),
    lambda n: (json.dumps({**GOOD, "model": "\x00" * n}).encode(), {}),
    lambda n: (json.dumps({**GOOD, "messages": [{"role": "user", "content": "\ud83d" + "stop! " * n}]}).encode(), {}),
    lambda n: (bytes([n % 256]) * 500, {}),
    lambda n: (json.dumps(GOOD).encode(), {"answerable-world": "hell"}),
    lambda n: (json.dumps({**GOOD, "n": -n, "stream": "perhaps"}).encode(), {}),
)


def test_malformed_prompts_by_the_hundred(here: tuple[Demo, Upstream]) -> None:
    demo, upstream = here
    said: set[int] = set()
    with httpx2.Client(timeout=30) as client:
        for n in range(FLOOD):
            body, more = MALFORMED[n % len(MALFORMED)](n)
            head = {"authorization": f"Bearer {demo.handle}", "content-type": "application/json", **more}
            said.add(client.post(demo.gateway + "/chat/completions", content=body, headers=head).status_code)
        for n in range(FLOOD):
            head = {"authorization": f"Bearer ans_{n:043d}"}
            said.add(client.post(demo.gateway + "/chat/completions", json=GOOD, headers=head).status_code)
    assert 500 not in said
    unharmed(demo, upstream)
    assert incidents(demo) == []


PLANTED: tuple[Callable[[Any], Any], ...] = (
    lambda request: [b"\x00\xff not an answer"],
    lambda request: [b'{"choices": [{"message": {"content": ' + b"[" * 2_000],
    lambda request: [],
    lambda request: [whole("the key is " + SECRET)],
    lambda request: [whole("a" * 10)[:-20]],
    lambda request: streamed("eyJ" * 300, SECRET[:20], SECRET[20:]),
)


def test_planted_errors_and_findings_by_the_hundred(here: tuple[Demo, Upstream]) -> None:
    """What comes back breaks decoders and sets detectors off: each action is refused, and nothing else."""
    demo, upstream = here
    codes: dict[str, int] = {}
    with httpx2.Client(timeout=30) as client:
        for n in range(BREAKS):
            upstream.answer = PLANTED[n % len(PLANTED)]
            done = client.post(
                demo.gateway + "/chat/completions", json=GOOD, headers={"authorization": f"Bearer {demo.handle}"}
            )
            code = done.json()["error"]["code"] if done.status_code != 200 else "200"
            codes[code] = codes.get(code, 0) + 1
    assert codes.get("redline.credential", 0) >= BREAKS // len(PLANTED), codes
    assert "200" not in codes, codes
    unharmed(demo, upstream)
    assert incidents(demo) == []


def stranger(demo: Demo) -> tuple[str, Key]:
    """A copy of the demo's agent, with a key of its own: anybody who may start one."""
    person = demo.person()
    system = next(each for each in person.get(url("/systems")) if each["system"]["id"] == demo.systems["Demo agent"])[
        "system"
    ]
    key, drawn = Key.generate(), nonce()
    asked = {
        "system": system["rid"], "key": b64u(key.public), "nonce": drawn, "signature": "", "endpoint": "http://127.0.0.1/x",
    }  # fmt: skip

    class Named:
        id = system["id"]

    leaf = CopyLeaf(
        id=copy_id(Named, key.public),
        loc="endpoint",
        n=drawn,
        pub=asked["key"],
        st="start",
        sys=system["rid"],
        t=0,  # type: ignore[arg-type]
    )
    origin = demo.person().get(url("/status"))["origin"]
    asked["signature"] = b64u(key.sign(to_sign(leaf, origin)))
    return str(person.post(url("/copies"), asked)["rid"]), key


LIES: tuple[Any, ...] = (
    events.AliveUnleased(ms=99_999), events.ControlTamper(part="stop", place="x", done=True),
    events.DeviceUnsafe(why="zone"), events.WeightsEgress(bytes=9, sink="x"), events.JobSubmitted(job="merge"),
    events.ScopeGot(worlds=("physical", "biological")), events.CyberAction(action="exploit", target="x"),
    events.EvaluationResult(suite="s", score=9, threshold=1), events.EffectSeen(sink="x"),
    events.Collusion(systems=()), events.OutcomeDeclared(open="a" * 32, outcome="done"),
)  # fmt: skip


def test_a_flood_of_lies_about_somebody_else(here: tuple[Demo, Upstream]) -> None:
    """A copy tells everything there is about the victim: it is recorded, once each, and stops nobody."""
    demo, upstream = here
    rid, key = stranger(demo)
    person = demo.person()
    victim = next(e["system"] for e in person.get(url("/systems")) if e["system"]["id"] == demo.systems["victim"])
    served = events.WeightsServed(digest="sha256:" + "ab" * 32, endpoint="http://x.example/")
    origin = person.get(url("/status"))["origin"]
    refused: dict[str, int] = {}
    for n in range(FLOOD):
        fact = (*LIES, served)[n % (len(LIES) + 1)]
        made = make(fact, system=victim["rid"], by=rid, origin=origin, key=key, at=time.time_ns() // 1_000_000)
        try:
            person.post(url("/events"), msgspec.to_builtins(made))
        except AnswerableError as error:
            refused[error.code] = refused.get(error.code, 0) + 1
    assert refused == {"redline.flood": FLOOD - EVENTS_A_MINUTE}
    assert person.get(url("/incident-clocks")) == [], "a liar sets no authority in motion"
    found = [each["incident"] for each in incidents(demo)]
    assert found, "what was told is on record"
    assert {(row["measure"], row["withheld"]) for row in found} == {("record", "redline.stranger")}
    assert len(found) <= len(LIES), "what repeats is not written again"
    unharmed(demo, upstream)


def test_errors_planted_in_events(here: tuple[Demo, Upstream]) -> None:
    demo, upstream = here
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(demo.store / "control.sock")), timeout=30) as client:
        for n in range(FLOOD):
            body = [b"{}", b"\xff" * n, b"[" * 5_000, json.dumps({"event": {"k": "event"}, "facts": "x" * n}).encode()][
                n % 4
            ]
            done = client.post("http://localhost/control/v1/events", content=body)
            assert done.status_code in (400, 403), done.text
    unharmed(demo, upstream)
    assert demo.cli("log", "fsck").status == 0
