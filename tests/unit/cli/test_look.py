# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.unit.cli.conftest import Run
from tests.unit.control.house import OPERATOR, House


def test_every_list_is_shown(house: House, run: Run) -> None:
    house.start_copy("other")
    for kind, word in (
        ("systems", "helper"), ("parties", OPERATOR), ("copies", "other 1"), ("handles", "BINDING"),
        ("admins", "officer-1"), ("announcements", "NAME"), ("orders", "WHAT"), ("reauthorisations", "ORDER"),
    ):  # fmt: skip
        said = run("ls", kind)
        assert said.status == 0, said.err
        assert word in said.out
        assert isinstance(run("ls", kind, "--json").data, list)
    assert run("ls", "nonsense").status == 2


def test_a_system_is_described_with_reasons_and_duties(house: House, run: Run) -> None:
    said = run("describe", "small")
    assert said.status == 0
    for word in ("deployer: Operator Ltd", "vouched", "tier 0", "0: nothing that asks for more", "met", "sha256:abab"):
        assert word in said.out
    assert run("describe", "small", "--json").data["name"] == "small"
    assert run("describe", "nobody").status == 3


def test_a_lineage_keeps_dependents_apart(house: House, run: Run) -> None:
    lines = run("lineage", "base").out.splitlines()
    came = lines.index("came from it: 1")
    uses = next(n for n, line in enumerate(lines) if line.startswith("only uses it"))
    assert "small 1" in lines[came + 1]
    assert "helper 1" in lines[uses + 1]
    assert "quantized <- base 1" in run("lineage", "small").out


def test_ended_copies_are_shown_on_request(house: House, run: Run) -> None:
    rid, _ = house.start_copy("other")
    house.post("/copies/end", {"copy": rid})
    assert rid not in str(run("ps", "--json").data)
    assert rid in str(run("ps", "--all", "--json").data)
