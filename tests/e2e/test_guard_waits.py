# SPDX-License-Identifier: Apache-2.0
"""A guard that starts beside a control plane that has just started, and listens to its gateways first: it waits."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, cli, running
from tests.guarded import floor

pytestmark = pytest.mark.system("guard")

OPERATOR = unassigned_lei("waits")


def joined(store: Path, far: Path) -> None:
    """A gateway is enrolled, and never runs."""
    (party,) = [row for row in cli("party", "ls", "--store", str(store)) if row["id"] == OPERATOR]
    made = cli(
        "gateway", "init", "--store", str(far), "--domain", "waits.invalid", "--name", "berlin", "--party", party["rid"]
    )
    enrol = [*ANSWERABLE, "gateway", "enrol", made["request"], "--as", "admin", "--store", str(store)]
    subprocess.run(enrol, capture_output=True, timeout=60, check=True)


def test_it_waits_and_says_so_a_signal_ends_it_and_others_are_told_when_to_come_again(tmp_path: Path) -> None:
    store, config = tmp_path / "store", tmp_path / "answerable.toml"
    config.write_text("[recover]\nlisten_s = 120.0\n[relay]\nport = 0\n")
    cli("init", "--store", str(store), "--domain", "waits.invalid", "--operator", OPERATOR, "--name", "Waits Ltd")
    serve = ("serve", "--port", "0", "--config", str(config))
    with running(serve, store) as place:
        words = ("--version", "1", "--kind", "application", "--party", f"{OPERATOR}:deployer")
        place.cli("register", "--name", "Agent", *words)
        joined(store, tmp_path / "far")
    with running(serve, store) as place, floor() as here:
        guard = [*ANSWERABLE, "guard", "--system", "Agent", "--store", str(store), "--evidence", str(tmp_path / "e")]
        waiting, ended = (
            subprocess.Popen([*guard, "--", "sh", "-c", run], cwd=here, stderr=subprocess.PIPE, text=True)
            for run in ("exit 7", "touch ran")
        )
        try:
            for each in (waiting, ended):
                assert each.stderr is not None
                said = next(line for line in iter(each.stderr.readline, "") if "berlin" in line)
                assert "waits for the registry" in said
            ended.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            assert ended.wait(30) == 128 + signal.SIGTERM
            assert time.monotonic() - asked < 10, "it did not go on waiting: for a minute more, in the end"
            assert not (here / "ran").exists()
            copy = [*ANSWERABLE, "copy", "start", "Agent", "--store", str(store)]
            refused = subprocess.run(copy, capture_output=True, timeout=60, check=False, text=True)
            assert refused.returncode == 4, refused.stderr
            assert "Try again in " in refused.stderr
            assert waiting.poll() is None
            place.cli("gateway", "withdraw", "berlin")  # nobody is left who might know more
            _, err = waiting.communicate(timeout=30)
            assert waiting.returncode == 7, err
            assert "waits for the registry" not in err, "it was said once"
        finally:
            for each in (waiting, ended):
                if each.poll() is None:
                    os.kill(each.pid, signal.SIGKILL)
                each.wait(10)
                assert each.stderr is not None
                each.stderr.close()
