# SPDX-License-Identifier: Apache-2.0
"""A gateway on another host, as people run it: two stores, two processes, two small files between them."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream

OPERATOR = unassigned_lei("nodes")
SMALL = ("--capability", "text", "--petaflop", "1000", "--licence", "Apache-2.0")


@dataclass
class Story:
    control: Place
    node: Place
    handle: str
    people: Path

    def ask(self, text: str = "hi", **more: Any) -> Any:
        body = {"model": "Model", "messages": [{"role": "user", "content": text}]} | more
        return self.node.post("/chat/completions", body, self.handle)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("nodes")
    store, far = folder / "store", folder / "far"
    settings = folder / "control.toml"
    settings.write_text("[relay]\nport = 0\n[drill]\nanswer_s = 5.0\n")
    cli("init", "--store", str(store), "--domain", "nodes.invalid", "--operator", OPERATOR, "--name", "Nodes Ltd")
    serve = ("serve", "--port", "0", "--config", str(settings))
    with ScriptedUpstream() as upstream, running(serve, store) as control:
        words = ("register", "--name", "Model", "--version", "1", "--party", f"{OPERATOR}:deployer", "--kind", "model")
        control.cli(*words, *SMALL)
        app = ("register", "--name", "App", "--version", "1", "--party", f"{OPERATOR}:deployer")
        control.cli(*app, "--kind", "application", "--uses", "Model")
        copy = control.cli("copy", "endpoint", "App", "--url", "http://127.0.0.1/")
        handle = control.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.0/8")["value"]
        (party,) = [row for row in control.cli("party", "ls") if row["id"] == OPERATOR]
        made = cli(
            "gateway", "init", "--store", str(far), "--domain", "nodes.invalid", "--name", "berlin",
            "--party", party["rid"],
        )  # fmt: skip
        enrolled = subprocess.run(
            [*ANSWERABLE, "gateway", "enrol", made["request"], "--as", "admin", "--store", str(store)],
            capture_output=True, timeout=60, check=True,
        )  # fmt: skip
        assert made["key"].encode() in enrolled.stderr, "the key is shown, to be compared"
        card = folder / "card.json"
        card.write_bytes(enrolled.stdout)
        assert (
            cli("gateway", "join", str(card), "--store", str(far))["audience"]
            == "spiffe://nodes.invalid/gateway/berlin"
        )
        config = folder / "node.toml"
        config.write_text(
            f'[upstreams.u]\nurl = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
            '[node]\nclock = "same-host"\nhand_in_s = 0.5\n'
        )
        run = ("gateway", "run", "--port", "0", "--config", str(config), "--control", control.said["holders"])
        with running(run, far) as node:
            yield Story(control, node, handle, store / "people")


def test_it_answers_by_the_registry_of_the_other_host_and_its_own_log_says_who_answers(story: Story) -> None:
    until = time.monotonic() + 20
    while (done := story.ask()).status_code != 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert done.status_code == 200, done.text
    reply = story.node.store.with_name("reply.json")
    reply.write_bytes(done.content)
    receipt = reply.with_suffix(".tlog")
    card = str(story.people / "admin.json")
    told = story.node.cli("who", str(reply), "--receipt", str(receipt), "--as", card)
    assert told["content"] == "same"
    assert "Nodes Ltd" in told["sentence"]
    verified = cli("verify", str(receipt), "--trust", str(story.node.store / "trust.txt"))
    assert "berlin.nodes.invalid" in json.dumps(verified)
    audited = story.node.cli("log", "fsck")
    assert not audited["findings"]


def test_the_control_plane_lists_it_and_records_what_its_log_has_come_to(story: Story) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        (row,) = story.control.cli("gateway", "ls")
        if row["size"] >= 6:
            break
        time.sleep(0.2)
    assert row["node"]["name"] == "berlin"
    assert row["size"] >= 6
    assert row["copies"] == 1
    kinds = [entry["kind"] for entry in story.control.leaves()]
    assert "shard" in kinds
    assert "open" not in kinds


def test_nothing_is_registered_or_stopped_at_a_node(story: Story) -> None:
    card = str(story.people / "admin.json")
    told = subprocess.run(
        [*ANSWERABLE, "party", "add", unassigned_lei("other"), "Other", "--store", str(story.node.store), "--as", card],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert b"node.here" in told.stderr or told.returncode == 2, told.stderr
    served = subprocess.run(
        [*ANSWERABLE, "serve", "--store", str(story.node.store)], capture_output=True, timeout=60, check=False
    )
    assert b"node.here" in served.stderr


def test_a_canary_is_stopped_on_both_gateways(story: Story) -> None:
    told = story.control.cli("drill", "canary")
    assert sorted(told["answered"]) == ["berlin", "main"]
    assert told["silent"] == []
    status = story.control.cli("drill", "status")
    assert status["canary"]["last"]["order"] == told["order"]
    assert [row["overdue"] for row in status["plan"]] == [True] * 7


def test_a_drill_is_run_and_reported(story: Story) -> None:
    file = story.node.store.with_name("report.md")
    told = story.control.cli("drill", "run", "--tier", "1", "--life", "1", "-o", str(file))
    assert told["held"]
    text = file.read_text()
    assert "| partitioned | 4 |" in text
    assert "Next due" in text
    again = story.control.cli("drill", "report", "--tier", "1")
    assert again == told
    assert story.control.cli("drill", "status")["plan"][1]["overdue"] is False


def test_recover_says_that_nothing_is_missing(story: Story) -> None:
    assert story.control.cli("recover", "status")["behind"] is False
    kept = story.node.store / "orders.txt"
    assert kept.is_file(), "the canary's order is kept"
    assert story.control.cli("recover", "offer", str(kept))["regained"] == 0


def test_a_stop_reaches_the_node_at_once(story: Story) -> None:
    story.control.cli("stop", "Model", "--reason", "leaks", "--as", "officer-1")
    until = time.monotonic() + 5
    while (refused := story.ask()).status_code == 200 and time.monotonic() < until:
        time.sleep(0.01)
    assert json.loads(refused.content)["error"]["code"] == "stop.system"
