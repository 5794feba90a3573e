# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.cli.handles import life
from answerable.errors import Refused
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_a_handle_goes_to_stdout_alone(house: House, run: Run) -> None:
    rid, _ = house.start_copy("other")
    said = run("handles", "issue", rid, "--life", "1h")
    assert said.out.startswith("ans_")
    assert said.out.strip() not in said.err
    row = run("handles", "ls", "--json").data[-1]
    assert row["rid"] in run("handles", "ls").out
    assert run("handles", "revoke", row["rid"]).status == 0
    assert run("handles", "revoke", row["rid"]).status == 1
    assert run("handles", "issue", rid, "--bind", "nowhere").status != 0


def test_lives_are_read() -> None:
    assert (life("90s"), life("30m"), life("8h"), life("2d")) == (90_000, 1_800_000, 28_800_000, 172_800_000)
    for text in ("", "8", "-1h", "0h", "1w", "1.5h"):
        with pytest.raises(Refused):
            life(text)
