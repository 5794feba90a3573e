# SPDX-License-Identifier: Apache-2.0
"""The gateway benchmark measures what it says: real servers, every answer whole, every call counted."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import gateway, load, peers, processes
from benchmarks.mock_upstream import EVENTS
from tests.house.tree import ROOT


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[str]:
    server = processes.Server("mock", processes.python("benchmarks.mock_upstream"), tmp_path)
    try:
        yield server.first_line(20)["url"]
    finally:
        server.stop()


def ask(url: str, body: dict[str, object]) -> bytes:
    with urllib.request.urlopen(f"{url}/v1/chat/completions", data=json.dumps(body).encode(), timeout=10) as answer:
        return bytes(answer.read())


def test_the_mock_answers_as_openai_does_and_counts(upstream: str) -> None:
    before = gateway._control(upstream)
    whole = json.loads(ask(upstream, {"model": "mock", "messages": []}))
    events = ask(upstream, {"model": "mock", "messages": [], "stream": True}).decode().strip().split("\n\n")
    assert events.pop() == "data: [DONE]"
    pieces = [json.loads(event.removeprefix("data: ")) for event in events]
    said = "".join(c["delta"].get("content", "") for piece in pieces for c in piece["choices"])
    assert len(pieces) == EVENTS
    assert said.strip() == whole["choices"][0]["message"]["content"]
    assert pieces[-1]["usage"] == whole["usage"]
    assert gateway._control(upstream) == before + 2


def test_the_pace_spaces_the_events(upstream: str) -> None:
    gateway._control(upstream, pace_ms=5)
    done = run_load(upstream, "--stream", "--concurrency", "4", "--seconds", "0.3")
    row = json.loads(done.stdout)
    assert row["latency_p50_ms"] >= EVENTS * 5
    assert 5 <= row["first_p50_ms"] < row["latency_p50_ms"] / 2


def run_load(upstream: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = processes.python("benchmarks.load", f"{upstream}/v1", *arguments)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_an_answer_that_is_not_whole_is_an_error(upstream: str) -> None:
    wrong = subprocess.run(
        processes.python("benchmarks.load", f"{upstream}/control", "--seconds", "0.2", "--concurrency", "2"),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["answers"] >= 0


async def test_only_this_machine_is_asked() -> None:
    with pytest.raises(ValueError, match="this machine"):
        await load.load("http://192.0.2.1:80/v1", concurrency=1, seconds=0.1, stream=False, model="m", key="k")


def test_quantiles() -> None:
    assert load.quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert load.quantile(list(map(float, range(100))), 0.99) == 99.0
    assert load.quantile([], 0.5) == 0.0


def test_a_tree_counts_children_living_and_dead(tmp_path: Path) -> None:
    burn = "x = 0\nfor i in range(6_000_000): x += i\n"
    outer = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {burn!r}])\n"
    outer += f"subprocess.Popen([sys.executable, '-c', {burn + 'import time; time.sleep(30)'!r}])\n"
    server = processes.Server(
        "burner", [sys.executable, "-c", outer + "print('{}', flush=True); time.sleep(30)"], tmp_path
    )
    try:
        server.first_line(20)
        assert server.cpu() > 0.1  # the child that has ended
        assert len(processes.tree(server.process.pid)) == 2
        assert server.memory() > 1
    finally:
        server.stop()
    assert server.process.poll() is not None


def test_calls_that_do_not_add_up_void_the_measurement(tmp_path: Path, upstream: str) -> None:
    server = processes.Server("idle", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "idle")
    try:
        for leaves in (
            lambda: 7,
            iter(range(0, 10**9, 10**6)).__next__,
        ):  # a log that does not grow, one that grows wild
            target = peers.Target("ours", f"{upstream}/v1", "none", "mock", server, leaves)
            with pytest.raises(gateway.Broken, match="the log grew by"):
                gateway.Bench(upstream, [target], gateway.QUICK)._once(target, "json", 1, 0.2)
    finally:
        server.stop()


@pytest.mark.system("nginx")
def test_the_table_of_a_quick_run() -> None:
    done = subprocess.run(
        processes.python("benchmarks.gateway", "--quick", "--json", "--only", "nginx"),
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = {(row["gateway"], row["load"]): row for row in found["rows"]}
    assert set(rows) == {(name, load) for name in ("direct", "nginx") for load in ("json", "sse", "paced")}
    assert all(row["answers"] > 10 and row["rps"] > 0 for row in rows.values())
    assert rows["nginx", "json"]["cpu_x_nginx"] == 1.0
    assert abs(rows["nginx", "paced"]["first_added_ms"]) < 20
    assert "| nginx |" in gateway.table(found)


def test_a_bar_that_is_missed_is_named() -> None:
    row = {"gateway": "ours", "load": "sse", "concurrency": 32, "litellm_x_cpu": 49.0, "cpu_x_nginx": 2.4}
    reached = {bar["bar"]: bar["reached"] for bar in gateway._bars([row])}
    assert list(reached.values()) == [False, True]
    paced = {"gateway": "ours", "load": "paced", "concurrency": 64, "first_added_ms": 2.1}
    assert [bar["reached"] for bar in gateway._bars([paced])] == [False]


def test_a_gateway_is_started_by_its_contract(tmp_path: Path, upstream: str) -> None:
    says = (
        "import json, time; print(json.dumps({'gateway': '{upstream}', 'handle': 'ans_x'}), flush=True); time.sleep(60)"
    )
    command = f'{sys.executable} -c "{says}"'.replace("{'gateway'", "{{'gateway'").replace("'ans_x'}", "'ans_x'}}")
    target = peers.ours(upstream, tmp_path / "ours", command, f"{sys.executable} -c \"print('origin\\n41\\nroot')\"")
    try:
        assert (target.url, target.key, target.model) == (f"{upstream}/v1", "ans_x", "auto")
        assert target.leaves is not None
        assert target.leaves() == 41
    finally:
        target.server.stop()
    with pytest.raises(RuntimeError, match="printed no JSON object"):
        peers.ours(upstream, tmp_path / "mute", f'{sys.executable} -c "print(1)"')
