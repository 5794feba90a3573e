# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from answerable.app.node_card import CARD_FILE, REQUEST_FILE
from answerable.cli.command import run
from tests.unit.app.test_node_card import CARD

PARTY = "frjzv5tnnmeaaaaaaaaaaaaaxklor4k3"


def made(path: Path, *more: str) -> int:
    return run(
        ["gateway", "init", "--store", str(path), "--domain", "demo.invalid", "--name", "berlin", "--party", PARTY,
         "--json", *more]
    )  # fmt: skip


def test_a_store_is_made_its_key_shown_and_only_its_card_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "node"
    assert made(store) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["request"] == str(store / REQUEST_FILE)
    assert told["log"].startswith("berlin.demo.invalid+")
    assert json.loads((store / REQUEST_FILE).read_text())["key"] == told["key"]
    assert made(store) != 0, "never over another"
    capsys.readouterr()

    card = tmp_path / "card.json"
    card.write_bytes(msgspec.json.encode(msgspec.structs.replace(CARD, domain="other.invalid")))
    assert run(["gateway", "join", str(card), "--store", str(store)]) == 2
    assert "node.card" in capsys.readouterr().err
    assert not (store / CARD_FILE).exists()
    card.write_bytes(msgspec.json.encode(CARD))
    assert run(["gateway", "join", str(card), "--store", str(store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["audience"] == "spiffe://demo.invalid/gateway/berlin"
    assert run(["gateway", "run", "--store", str(store)]) != 0
    assert "node.control" in capsys.readouterr().err, "nobody to follow"


def test_what_is_no_request_is_not_enrolled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "request.json").write_text("{}")
    assert run(["gateway", "enrol", str(tmp_path / "request.json"), "--store", str(tmp_path / "none")]) == 2
    assert "node.card" in capsys.readouterr().err
