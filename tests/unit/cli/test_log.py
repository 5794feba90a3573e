# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.cli.log import gist
from answerable.crypto.ed25519 import Key
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust, format
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_the_head_is_checked_here(house: House, run: Run) -> None:
    assert run("log", "checkpoint").out.startswith("demo.invalid\n")
    trust = house.store / "trust.txt"
    right = trust.read_bytes()
    try:
        trust.write_bytes(format(Trust((VerifierKey.of("demo.invalid", Key.generate().public),))))
        assert run("log", "checkpoint").status == 1
    finally:
        trust.write_bytes(right)


def test_the_tail_ends_with_the_newest(house: House, run: Run) -> None:
    record = house.act("Newest.")
    lines = run("log", "tail", "-n", "2").out.splitlines()
    assert record in lines[0]
    assert "permit" in lines[0]
    assert f"done of {record} 3+5 tokens" in lines[1]
    assert len(run("log", "tail", "-n", "2", "--json").data) == 2
    assert run("log", "trust").out.startswith("log demo.invalid+")


def test_each_kind_has_a_gist() -> None:
    assert gist({"k": "order", "kind": "terminate", "scope": "lineage", "root": "r"}) == "terminate lineage r"
    assert gist({"k": "party", "id": "i", "std": "vouched"}) == "i vouched"
    assert gist({"k": "key", "use": "admin", "roles": ["officer"]}) == "admin officer"
    assert gist({"k": "refused", "of": "order", "err": "stop.count", "by": "b"}) == "order stop.count by b"
    assert (
        gist({"k": "refusals", "num": {"warrant.forged": 3, "order.origin": 1}})
        == "order.origin x 1, warrant.forged x 3"
    )
    assert gist({"k": "receipt", "st": "sealed", "order": "o"}) == "sealed for order o"
    assert gist({"k": "release", "order": "o"}) == "of order o"
    assert gist({"k": "incident", "rl": "RL1b", "lvl": "red", "sys": "s"}) == "RL1b red of s"
    assert gist({"k": "drill", "kind": "canary", "ans": 2, "sil": ["main"]}) == "canary 2 answered, 1 did not"
    recovered = {"k": "recovery", "ep": 9, "num": 2, "wai": ["administrator"]}
    assert gist(recovered) == "change 9, 2 regained, 1 not waited for"
    assert gist({"k": "other"}) == ""
