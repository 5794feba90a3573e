# SPDX-License-Identifier: Apache-2.0
"""A guard whose program leads a machine: the machine stands before the program is told anything."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.guarded import Guarded, floor
from tests.machines import SITE, Place

pytestmark = [pytest.mark.alone, pytest.mark.system("guard"), pytest.mark.timeout(90)]


def test_a_machine_stands_before_its_program_ends(tmp_path: Path) -> None:
    place = Place(tmp_path, "zenoh")
    try:
        place.drive()
        with floor() as here:
            words = (
                "--enrolment",
                str(tmp_path / "guard.guard"),
                "--on-site",
                f"unix://{place.socket}",
                "--site",
                SITE,
            )
            told = 'trap "date +%s%N > told; exit 0" TERM; echo up; while :; do sleep 0.02; done'
            plan = ("--grace", "10", "--device", place.at)
            run = Guarded(*words, *plan, "--", "sh", "-c", told, cwd=here)
            try:
                run.line("up")
                before = len(place.lines())
                assert place.last()[2] > 0
                run.process.send_signal(signal.SIGTERM)
                assert run.wait(30) == 0, run.err
                done = run.state("sealed")
                assert list(done["steps"].items()) == [("device 1", "done"), ("SIGTERM", "done")]
                assert (here / "told").exists()
                assert any(row[2] == 0 for row in place.lines()[before:]), "it stood"
            finally:
                run.close()
    finally:
        place.close()
