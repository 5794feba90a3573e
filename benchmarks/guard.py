# SPDX-License-Identifier: Apache-2.0
"""What the guard costs and how fast it stops: from an order's commit to the last process gone, a guard that is killed,
a call through the gate.

    .venv/bin/python -m benchmarks.guard                  some two minutes
    .venv/bin/python -m benchmarks.guard --quick --json

The control plane, its relay, the guard and a program of 41 processes that detach and ignore signals are real, on one
machine, and share it. The gate is timed by one client inside the program's network namespace, call after call over one
connection, beside the same client and the same server without a gate. Needs root: a client enters the namespace.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from answerable.registry.ids import unassigned_lei
from benchmarks.processes import Server, python
from tests.e2e.places import Place, cli, running
from tests.guarded import Guarded, floor

OPERATOR: Final = unassigned_lei("guard")
PROCESSES: Final = 41
CROWD: Final = f"""\
trap '' TERM INT HUP QUIT
n=1
while [ $n -lt {PROCESSES} ]; do setsid sleep 1000 & n=$((n+1)); done
echo up
exec sleep 1000
"""
CLIENT: Final = """
import http.client, json, sys, time
url, n = sys.argv[1], int(sys.argv[2])
host = url.split("/")[2]
body = json.dumps({"model": "mock", "messages": [{"role": "user", "content": "hi"}]})
made = http.client.HTTPConnection(host, timeout=10)
took = []
for _ in range(n + 50):
    began = time.perf_counter()
    made.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    answer = made.getresponse()
    answer.read()
    took.append((time.perf_counter() - began) * 1e6)
    assert answer.status == 200, answer.status
print(json.dumps(took[50:]))
"""


def summary(values: list[float]) -> dict[str, float]:
    return {"n": len(values), "p50": round(statistics.median(values), 1), "max": round(max(values), 1)}


@contextmanager
def service() -> Iterator[Place]:
    """A control plane with a relay, and a registered agent."""
    with tempfile.TemporaryDirectory(prefix="benchmark-guard-") as folder:
        store = Path(folder) / "store"
        cli("init", "--store", str(store), "--domain", "bench.invalid", "--operator", OPERATOR, "--name", "Bench Ltd")
        (Path(folder) / "answerable.toml").write_text("[relay]\nport = 0\n")
        words = ("serve", "--port", "0", "--config", str(Path(folder) / "answerable.toml"))
        with running(words, store, clean=False) as place:
            whom = ("--version", "1", "--party", f"{OPERATOR}:deployer")
            place.cli("register", "--name", "Agent", "--kind", "application", *whom)
            yield place


@contextmanager
def crowd(place: Place, here: Path, *options: str) -> Iterator[Guarded]:
    """A guard over 41 processes that are up."""
    run = Guarded("--system", "Agent", "--store", str(place.store), *options, "--", "sh", "crowd.sh", cwd=here)
    try:
        run.line("up")
        deadline = time.monotonic() + 10
        while len(run.processes()) < PROCESSES + 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(run.processes()) == PROCESSES + 1, "the first process of the namespace beside them"
        yield run
    finally:
        run.close()


def ordered(place: Place, here: Path, rounds: int, *options: str, officers: tuple[str, ...]) -> dict[str, float]:
    """ms from the order's commit to the last process gone, or for one officer to all of them frozen."""
    took = []
    for _ in range(rounds):
        with crowd(place, here, *options) as run:
            names = [word for name in officers for word in ("--as", name)]
            record = run.state("running")["record"]
            words = ("stop", record, "--scope", "copy", "--reason", "benchmark", "--store", str(place.store), *names)
            command = [sys.executable, "-m", "answerable.cli", *words, "--json"]
            asked = subprocess.Popen(command, stdout=subprocess.PIPE)
            seen = run.until_gone() if len(officers) > 1 else run.state("suspended")["at"] / 1000
            out, _ = asked.communicate(timeout=30)
            took.append(seen * 1000 - json.loads(out)["order"]["at"])
    return summary(took)


def killed(place: Place, here: Path, rounds: int) -> dict[str, float]:
    """ms from kill -9 of the guard to the last process gone."""
    took = []
    for _ in range(rounds):
        with crowd(place, here) as run:
            began = time.time()
            os.kill(run.process.pid, signal.SIGKILL)
            took.append((run.until_gone() - began) * 1000)
    return summary(took)


def gate(place: Place, here: Path, calls: int) -> dict[str, Any]:
    """Microseconds a call, without and with the gate, and what the gate adds at the median."""
    file = here / "agent.guard"
    mock = Server("mock", python("benchmarks.mock_upstream"), here / "mock")
    try:
        url = mock.first_line(20)["url"]
        place.cli("guard", "--enrol", "Agent", "--out", str(file), "--gateway", url, "--clock", "same-host")
        run = Guarded("--enrolment", str(file), "--", "sleep", "1000", cwd=here)
        try:
            begun = run.state("running")
            client = [sys.executable, "-c", CLIENT]
            inside = ["nsenter", "--target", str(begun["first"]), "--net"]
            rounds: dict[str, list[float]] = {"without": [], "with": []}
            for _ in range(4):  # by turns: a busy machine disturbs both alike
                for name, command in (("without", [*client, url]), ("with", [*inside, *client, begun["gate"]])):
                    done = subprocess.run([*command, str(calls // 4)], capture_output=True, check=True, timeout=120)
                    rounds[name] += json.loads(done.stdout)
        finally:
            run.close()
    finally:
        mock.stop()
    found = {name: summary(values) for name, values in rounds.items()}
    return {**found, "added p50": round(found["with"]["p50"] - found["without"]["p50"], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rounds, calls = (2, 400) if args.quick else (20, 8_000)
    with floor() as here, service() as place:
        (here / "crowd.sh").write_text(CROWD)
        both = ("officer-1", "officer-2")
        found = {
            "order to all frozen, ms": ordered(place, here, rounds, officers=both[:1]),
            "order to last process gone, grace 0, ms": ordered(place, here, rounds, "--grace", "0", officers=both),
            "order to last process gone, grace 1 s, ms": ordered(place, here, max(2, rounds // 4), officers=both),
            "kill -9 of the guard to last process gone, ms": killed(place, here, rounds),
            "a call through the gate, us": gate(place, here, calls),
        }
    if args.json:
        print(json.dumps(found))
        return
    print(f"{PROCESSES} processes; {os.cpu_count()} cores")
    for name, row in found.items():
        print(f"{name:50} {row}")


if __name__ == "__main__":
    main()
