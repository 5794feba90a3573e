# SPDX-License-Identifier: Apache-2.0
"""Stop, as people do it: one officer suspends at once, a second terminates, nothing un-stops, other officers let a
*new* system stand beside the stopped one. One story on one store, in the order of the tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream

OPERATOR = unassigned_lei("stop")
DIGEST = "sha256:" + "ab" * 32
SMALL = ("--capability", "text", "--petaflop", "1000", "--licence", "Apache-2.0")


@dataclass
class Story:
    place: Place
    upstream: ScriptedUpstream
    handle: str
    ids: dict[str, Any] = field(default_factory=dict)

    def officers(self, *names: str) -> list[str]:
        return [word for name in names for word in ("--as", name)]

    def asked(self, model: str, handle: str = "") -> int:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        return self.place.post("/chat/completions", body, handle or self.handle).status_code


def register(place: Place, name: str, *more: str, expect: int = 0) -> Any:
    words = ("register", "--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer", *more)
    return place.cli(*words, expect=expect)


def configured(folder: Path, upstream: ScriptedUpstream, *systems: str) -> Path:
    file = folder / "answerable.toml"
    file.write_text(
        "".join(
            f'[upstreams.u{number}]\nurl = "{upstream.url}"\nsystem = "{name}"\nmodel = "m"\nlocality = "local"\n'
            for number, name in enumerate(systems)
        )
    )
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stop")


@pytest.fixture(scope="module")
def story(folder: Path) -> Iterator[Story]:
    store = folder / "store"
    cli("init", "--store", str(store), "--domain", "stop.invalid", "--operator", OPERATOR, "--name", "Stop Ltd")
    with ScriptedUpstream() as upstream:
        with running(("serve", "--port", "0"), store) as place:
            register(place, "Base", "--kind", "model", *SMALL)
            register(place, "Tuned", "--kind", "model", "--parent", "Base:finetune", "--digest", DIGEST, *SMALL)
            register(place, "Grandchild", "--kind", "model", "--parent", "Tuned:quantized", *SMALL)
            register(place, "Other", "--kind", "model", *SMALL)
            register(place, "App", "--kind", "application", "--uses", "Grandchild", "--uses", "Other")
            copy = place.cli("copy", "endpoint", "App", "--url", "http://127.0.0.1/")
            handle = place.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.0/8")["value"]
        config = configured(folder, upstream, "Grandchild", "Other")
        with running(("serve", "--port", "0", "--config", str(config)), store) as place:
            yield Story(place, upstream, handle)


def test_a_dry_run_says_whom_it_reaches_by_when_and_stops_nobody(story: Story) -> None:
    told = story.place.cli("stop", "Base", "--reason", "drill", "--dry-run")
    named = str(told)
    assert "Grandchild" in named
    assert "App" in named, "who loses the model is told apart"
    assert "Other" not in named
    assert story.asked("Grandchild") == story.asked("Other") == 200


def test_one_officer_suspends_and_the_stream_in_flight_is_cut(story: Story) -> None:
    seen: list[float] = []
    ended: list[Any] = []

    def listen() -> None:
        try:
            for _ in story.place.client(story.handle).chat.completions.create(
                model="Grandchild", stream=True, messages=[{"role": "user", "content": "do:drip"}]
            ):
                seen.append(time.monotonic())
        except openai.APIError as error:
            ended.append(error.code)

    thread = threading.Thread(target=listen)
    thread.start()
    until = time.monotonic() + 10
    while len(seen) < 5 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(seen) >= 5
    told = story.place.cli("stop", "Base", "--reason", "leaks", *story.officers("officer-1"))
    stopped = time.monotonic()
    story.ids["suspension"] = told["order"]["rid"]
    thread.join(10)
    assert not thread.is_alive()
    assert ended == ["stop.system"]
    assert max(seen) < stopped + 0.5, "the order's answer and the last piece are one round apart"
    closes = [entry["leaf"] for entry in story.place.leaves() if entry["leaf"]["k"] == "close"]
    assert closes[-1]["st"] == "stopped"
    assert "c" in closes[-1], "what left before is committed to"


def test_the_whole_lineage_is_refused_and_others_go_on(story: Story) -> None:
    assert story.asked("Grandchild") == 403
    assert story.asked("Other") == 200
    calls = len(story.upstream.calls)
    assert story.asked("Grandchild") == 403
    assert len(story.upstream.calls) == calls


def test_ls_tells_what_is_suspended_what_lost_its_model_and_what_goes_on(story: Story) -> None:
    states = {each["system"]["name"]: each["system"]["state"] for each in story.place.cli("ls")}
    assert states == {
        "Base": "suspended", "Tuned": "suspended", "Grandchild": "suspended", "App": "degraded", "Other": "ok",
    }  # fmt: skip


def test_the_same_officer_does_not_count_twice(story: Story) -> None:
    error = story.place.cli("stop", "Base", "--reason", "again", *story.officers("officer-1"), expect=1)
    assert error["error"]["code"] == "stop.officers"


def test_a_second_officer_terminates(story: Story) -> None:
    told = story.place.cli("stop", "Base", "--reason", "confirmed", *story.officers("officer-2"))
    story.ids["order"] = told["order"]["rid"]
    orders = [entry["leaf"] for entry in story.place.leaves() if entry["leaf"]["k"] == "order"]
    assert [order["kind"] for order in orders] == ["suspend", "terminate"]
    assert orders[1]["prev"] == story.ids["suspension"]
    error = story.place.cli("release", told["order"]["rid"], *story.officers("officer-1", "officer-2"), expect=None)
    assert "error" in error, "a termination has no release"
    assert story.asked("Grandchild") == 403


def test_what_descends_or_is_the_same_weights_is_born_dead(story: Story) -> None:
    for name, more in (
        ("Late child", ("--parent", "Grandchild:finetune")),
        ("Another name", ("--digest", DIGEST)),
        ("Merged", ("--parent", "Other:merge", "--parent", "Tuned:merge")),
    ):
        error = register(story.place, name, "--kind", "model", *SMALL, *more, expect=1)
        assert error["error"]["code"] == "system.born_dead", name
    dead = [e["leaf"] for e in story.place.leaves() if e["leaf"]["k"] == "system" and "dead" in e["leaf"]]
    assert {leaf["dead"] for leaf in dead} == {story.ids["order"]}, "recorded, refused"
    assert len(dead) == 3


def test_no_copy_of_it_starts(story: Story) -> None:
    error = story.place.cli("copy", "endpoint", "Tuned", "--url", "http://127.0.0.1/", expect=1)
    assert error["error"]["code"] == "stop.system"


def test_who_says_that_its_maker_was_stopped(story: Story) -> None:
    done = [
        e["leaf"]["open"] for e in story.place.leaves() if e["leaf"]["k"] == "close" and e["leaf"]["st"] == "stopped"
    ]
    told = story.place.cli("who", done[-1])
    assert told["outcome"] == "stopped"


def test_it_is_latched_across_a_restart(story: Story, folder: Path) -> None:
    place = story.place
    assert place.end() == 0
    words = ("serve", "--port", "0", "--config", str(folder / "answerable.toml"))
    with running(words, place.store) as again:
        story = Story(again, story.upstream, story.handle, story.ids)
        assert story.asked("Grandchild") in (403, 404)
        assert story.asked("Other") == 200
        _reauthorise(story, folder)
    with running(("serve", "--port", "0", "--config", str(folder / "new.toml")), place.store) as again:
        story = Story(again, story.upstream, story.handle, story.ids)
        assert story.asked("Tuned again") == 200, "the new system stands beside the stopped one"
        assert story.asked("Grandchild") in (403, 404), "which stays stopped"


def _reauthorise(story: Story, folder: Path) -> None:
    place = story.place
    for name in ("officer-3", "officer-4"):
        place.cli("admin", "enrol", name, "--role", "officer")
    order = story.ids["order"]
    same = place.cli("reauthorise", order, "--digest", DIGEST, *story.officers("officer-1", "officer-3"), expect=1)
    assert "error" in same, "whoever ordered does not reauthorise"
    told = place.cli("reauthorise", order, "--digest", DIGEST, *story.officers("officer-3", "officer-4"))
    new = register(place, "Tuned again", "--kind", "model", "--digest", DIGEST, *SMALL, "--reauthorises", told["id"])
    assert new["id"] == told["id"]
    kinds = [entry["leaf"]["k"] for entry in place.leaves()]
    assert "reauthorisation" in kinds
    (folder / "new.toml").write_text(
        f'[upstreams.u]\nurl = "{story.upstream.url}"\nsystem = "Tuned again"\nmodel = "m"\nlocality = "local"\n'
    )


def test_a_monitor_finds_no_fault_in_all_of_this(story: Story) -> None:
    found = story.place.cli("log", "monitor")
    assert found["findings"] == []
    assert found["size"] == found["head"] > 30
