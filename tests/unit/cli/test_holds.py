# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from answerable.cli import holds
from tests.unit.cli.conftest import Run
from tests.unit.control.held import PAY, approvers, desk, pose, spend
from tests.unit.control.house import House


@pytest.fixture(autouse=True)
def _people(house: House) -> None:
    approvers(house, "anna", "ben", "cleo")


def arguments(folder: Path, value: Any) -> str:
    (folder / "arguments.json").write_text(json.dumps(value))
    return str(folder / "arguments.json")


def digest(run: Run, hold: str) -> str:
    return str(run("holds", "show", hold, "--as", "anna", "--json").data["hold"]["digest"])


def test_what_waits_is_seen_and_agreed_to_by_its_digest(house: House, run: Run) -> None:
    hold = pose(house)
    said = run("holds", "ls")
    assert hold.rid in said.out
    assert "bank/pay" in said.out
    assert "0/2 approver" in said.out
    said = run("holds", "show", hold.rid, "--as", "anna")
    assert '    "amount": 100,' in said.out
    assert f"digest: {hold.dig}" in said.out
    # Without the digest, with too little of it, or with another one nobody agrees.
    for given in ([], ["--digest", hold.dig[:7]], ["--digest", "0" * 8]):
        said = run("holds", "approve", hold.rid, "--as", "anna", *given)
        assert (said.status, "hold.unseen" in said.err) == (2, True)
    said = run("holds", "approve", hold.rid, "--as", "anna", "--as", "ben", "--digest", hold.dig[:8].upper())
    assert (said.status, said.out) == (0, f"{hold.rid}: approved, 2/2 agreed\n")
    spend(house, hold)
    assert "spent" in run("holds", "ls", "--all").out
    assert run("holds", "approve", hold.rid, "--as", "cleo", "--digest", hold.dig[:8]).status == 5
    assert run("holds", "show", "none", "--as", "anna").status == 3
    assert run("holds", "show").status == 2


def test_a_terminal_asks_for_the_digest_of_what_it_shows(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hold = pose(house)
    asked: list[str] = []
    answer = ["yes"]

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return answer[0]

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", typed)
    said = run("holds", "approve", hold.rid, "--as", "anna")
    assert said.status == 2
    assert '"to": "DE02"' in said.err
    answer[0] = hold.dig[:8]
    assert run("holds", "approve", hold.rid, "--as", "anna").status == 0
    # Of other arguments it is their own digest, which only who saw them can type.
    said = run("holds", "modify", hold.rid, "--as", "ben", "--arguments", arguments(tmp_path, {"amount": 1}))
    assert said.status == 2
    assert '+  "amount": 1' in said.err
    assert len(asked) == 3


def test_other_arguments_travel_as_a_draft(house: House, run: Run, tmp_path: Path) -> None:
    hold, draft = pose(house), str(tmp_path / "draft.json")
    given = ("--arguments", arguments(tmp_path, {"amount": 10, "to": "DE02"}), "--digest", hold.dig[:8])
    said = run("holds", "modify", hold.rid, *given, "--as", "anna", "--draft", draft)
    assert said.status == 0, said.err
    new = json.loads(Path(draft).read_text())["leaf"]["dig"]
    assert new in said.err
    # The next one says what they sign, and not what stood there before.
    assert run("holds", "modify", "--from", draft, "--as", "ben", "--digest", hold.dig[:8]).status == 2
    assert run("holds", "approve", "--from", draft, "--as", "ben", "--digest", new[:8]).status == 2
    said = run("holds", "modify", "--from", draft, "--as", "ben", "--digest", new[:8])
    assert (said.status, "approved, 2/2" in said.out) == (0, True), said.err
    said = run("holds", "show", hold.rid, "--as", "anna")
    assert '  -  "amount": 100,' in said.out
    assert '  +  "amount": 10,' in said.out
    # A draft whose arguments were changed on its way is none.
    data = json.loads(Path(draft).read_text())
    data["changed"]["call"] = data["changed"]["call"].replace("10", "11")
    Path(draft).write_text(json.dumps(data))
    assert "hold.unreadable" in run("holds", "modify", "--from", draft, "--as", "cleo", "--digest", new[:8]).err


def test_what_cannot_be_modified(house: House, run: Run, tmp_path: Path) -> None:
    hold = pose(house)
    assert run("holds", "modify", hold.rid, "--as", "anna").status == 2
    (tmp_path / "bad.json").write_text("{")
    for file in (tmp_path / "bad.json", arguments(tmp_path, [1])):
        said = run("holds", "modify", hold.rid, "--as", "anna", "--arguments", str(file), "--digest", hold.dig[:8])
        assert "hold.malformed" in said.err
    same = ("--arguments", arguments(tmp_path, PAY), "--digest", hold.dig[:8])
    assert "hold.malformed" in run("holds", "modify", hold.rid, "--as", "anna", *same).err


def test_one_rejects_and_another_asks_for_more(house: House, run: Run) -> None:
    hold = pose(house)
    said = run("holds", "escalate", hold.rid, "--people", "3", "--role", "officer", "--as", "anna", "--json")
    assert (said.data["people"], said.data["roles"]) == (3, ["approver", "officer"])
    assert run("holds", "escalate", hold.rid, "--as", "anna").status == 1
    assert "rejected" in run("holds", "reject", hold.rid, "--as", "ben").out
    assert run("holds", "reject", hold.rid, "--as", "ben").status == 5


def test_a_hold_that_cannot_be_shown_can_be_rejected(house: House, run: Run) -> None:
    hold = pose(house)

    async def erase() -> None:
        where = (await house.core.reader.prove(hold.open)).index
        await house.core.ledger.erase(((where, hold.open),))

    house.run(erase())
    said = run("holds", "approve", hold.rid, "--as", "anna", "--digest", hold.dig[:8])
    assert "hold.unreadable" in said.err
    assert "rejected" in run("holds", "reject", hold.rid, "--as", "anna").out


def test_what_the_service_shows_is_checked_before_anybody_signs(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from answerable.cli.session import Session

    hold = pose(house)
    get = Session.get

    def lies(self: Session, path: str, **query: Any) -> Any:
        found = get(self, path, **query)
        return found | {"call": found["call"].replace("100", "1")} if "call" in found else found

    monkeypatch.setattr(Session, "get", lies)
    for verb in ("show", "approve"):
        given = ["--digest", hold.dig[:8]] if verb == "approve" else []
        assert "hold.unreadable" in run("holds", verb, hold.rid, "--as", "anna", *given).err
    assert desk(house).get(hold.rid) == hold


def test_planted_ones_and_who_looks(house: House, run: Run, tmp_path: Path) -> None:
    assert run("holds", "approvers", "--as", "anna").status == 1
    for n in range(4):
        hold = pose(house, {"amount": n})
        given = ("--arguments", arguments(tmp_path, {"amount": 1_000 + n}), "--why", "not our account")
        made = run("holds", "plant", hold.rid, *given, "--json").data["rid"]
        said = run("holds", "approve", made, "--as", "cleo", "--digest", digest(run, made)[:8])
        assert "planted" not in said.out
        said = run("holds", "reject", made, "--as", "ben")
        assert "It ought to be rejected: not our account" in said.out
    said = run("holds", "approvers")
    assert "cleo lets most of what ought to be rejected through: 0 of 4 planted holds caught." in said.out
    assert "ben lets" not in said.out
    row = next(line.split() for line in said.out.splitlines() if line.startswith("cleo "))
    assert row[-5:] == ["4", "0%", "0%", "-", "49%"]
    assert run("holds", "record").out == said.out


def test_nothing_is_said_of_nobody(run: Run, house: House) -> None:
    assert holds._told({"rid": "r", "state": "waiting", "have": 0, "people": 1, "planted": False}) == [
        "r: waiting, 0/1 agreed"
    ]
