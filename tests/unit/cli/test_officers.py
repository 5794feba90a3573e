# SPDX-License-Identifier: Apache-2.0
"""The whole ceremony: root keys and a roster on files, an authority that stops what the operator runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from answerable.admission import orders
from answerable.admission.roster import trust
from answerable.log import roster
from tests.unit.cli.conftest import Run
from tests.unit.control.house import MAKER, OPERATOR, House

ORIGIN = "demo.invalid"


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("safe")


def test_before_a_roster_administrators_make_officers(house: House, run: Run) -> None:
    said = run("officers", "ls")
    assert "No roster" in said.out
    assert run("officers", "roster").status == 3
    assert run("officers", "rotate", "--out", "x.json").status == 2


def test_roots_sign_offline_and_the_roster_holds(house: House, run: Run, safe: Path) -> None:
    assert run("officers", "init-root", "--keys", "3", "--need", "4", "--out", str(safe)).status == 2
    assert run("officers", "init-root", "--keys", "3", "--need", "2", "--out", str(safe)).status == 0
    assert oct((safe / "root-1.key").stat().st_mode & 0o777) == "0o600"
    theirs = safe / "theirs"
    assert run("officers", "authority-key", "--name", "Surveillance", "--out", str(theirs)).status == 0
    draft = str(safe / "next.json")
    made = run(
        "officers", "rotate", "--roots", str(safe / "roots.json"), "--authority", str(theirs / "authority.json"),
        "--out", draft, "--json",
    )  # fmt: skip
    assert (made.status, made.data["seq"], made.data["authorities"]) == (0, 1, ["Surveillance"])
    assert len(made.data["officers"]) == 2
    assert "officer.quorum" in run("officers", "check", draft).err
    assert run("officers", "apply", draft).status == 1
    one = run("officers", "sign", draft, "--key", str(safe / "root-1.key"), "--json")
    assert (one.data["have"], one.data["need"]) == (1, 2)
    again = run("officers", "sign", draft, "--key", str(safe / "root-1.key"), "--json")
    assert again.data["have"] == 1, "the same key counts once"
    two = run("officers", "sign", draft, "--key", str(safe / "root-3.key"), "--json")
    assert two.data["have"] == 2
    assert run("officers", "check", draft).status == 0
    assert run("officers", "apply", draft, "--json").data["seq"] == 1
    assert run("officers", "apply", draft).status == 5
    shown = run("officers", "ls", "--json").data
    assert (shown["seq"], shown["need"], len(shown["roots"])) == (1, 2, 3)
    assert all(each["listed"] and each["in_office"] for each in shown["officers"])


def test_an_officer_of_the_administrators_making_orders_nothing(house: House, run: Run) -> None:
    assert run("admin", "enrol", "mallory", "--role", "officer").status == 0
    said = run("stop", "other", "--reason", "mine", "--as", "mallory")
    assert said.status == 1
    assert "officer.not_listed" in said.err


def test_a_tampered_roster_is_told(house: House, run: Run, safe: Path, tmp_path: Path) -> None:
    data = json.loads((safe / "next.json").read_text())
    data["leaf"]["off"] = data["leaf"]["off"][::-1][:1] * 2
    (tmp_path / "bad.json").write_text(json.dumps(data))
    said = run("officers", "check", str(tmp_path / "bad.json"))
    assert (said.status, "officer.malformed" in said.err) == (2, True)
    data = json.loads((safe / "next.json").read_text())
    data["leaf"]["root"]["need"] = 1
    (tmp_path / "bad.json").write_text(json.dumps(data))
    assert "officer.signature" in run("officers", "check", str(tmp_path / "bad.json")).err
    assert run("officers", "check", str(tmp_path / "none.json")).status == 2


def test_an_authority_stops_and_only_it_releases(house: House, run: Run, safe: Path, tmp_path: Path) -> None:
    key, file = str(safe / "theirs" / "authority-1.key"), str(tmp_path / "order.json")
    message = tmp_path / "order.message"
    root = house.system("other").rid
    words = ("officers", "order", root, "--origin", ORIGIN, "--reason", "by law", "--key", key, "--out", file,
             "--scope", "system", "--message", str(message))  # fmt: skip
    assert "order.subject" in run(*words).err, "a holder would not know whom it names"
    subject = tmp_path / "subject.tlog-proof"
    assert run("log", "prove", root, "--format", "tlog-proof", "--out", str(subject)).status == 0
    assert run(*words, "--subject", str(subject)).status == 0
    sent = run("officers", "send", file, "--json")
    assert sent.status == 0
    order = sent.data["order"]
    assert (order["kind"], order["until"]) == ("suspend", 0)
    assert house.get("/systems/other")["stopped"] == order["rid"]
    assert run("officers", "send", file).status == 5, "a statement counts once"
    said = run("release", order["rid"], "--as", "officer-1", "--as", "officer-2")
    assert (said.status, "officer.authority" in said.err) == (1, True)
    assert run("ls", "orders", "--json").data[-1]["authorities"] == ["Surveillance"]
    end = str(tmp_path / "release.json")
    assert run("officers", "release", order["rid"], "--origin", ORIGIN, "--key", key, "--out", end).status == 0
    assert run("officers", "send", end).status == 0
    assert house.get("/systems/other")["stopped"] == ""
    # A holder that pinned the roster's file takes the message itself.
    pinned = tmp_path / "roster.json"
    assert run("officers", "roster", "--out", str(pinned)).status == 0
    known = trust(roster.read(pinned.read_bytes().strip()), ORIGIN, issuers={}, pulses={})
    told = orders.read(message.read_bytes(), known)
    assert (told.by, told.stop.root, told.stop.num) == ("authority", root, house.system("other").num)
    copy = tmp_path / "copy.json"
    rid, _ = house.start_copy("other")
    assert run(
        "officers", "order", rid, "--origin", ORIGIN, "--reason", "by law", "--key", key, "--out", str(copy),
        "--scope", "copy", "--kind", "terminate", "--message", str(message),
    ).status == 0  # fmt: skip
    told = orders.read(message.read_bytes(), known)
    assert (told.by, told.stop.root, told.stop.kind) == ("authority", rid, "terminate")


def test_who_is_no_authority_sends_in_vain(house: House, run: Run, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    assert run("officers", "authority-key", "--name", "Nobody", "--out", str(theirs)).status == 0
    file = str(tmp_path / "order.json")
    words = ("officers", "order", house.system("other").rid, "--origin", ORIGIN, "--reason", "x", "--out", file)
    assert run(*words, "--key", str(theirs / "authority-1.key")).status == 0
    assert "stop.not_officer" in run("officers", "send", file).err
    said = run("officers", "countersign", file, "--key", str(theirs / "authority-1.key"), "--json")
    assert len(said.data["keys"]) == 1


def test_a_suspension_waits_and_is_shown(house: House, run: Run) -> None:
    assert "Nothing waits" in run("officers", "waiting").out
    order = run("stop", "other", "--reason", "noise", "--as", "officer-1", "--json").data["order"]["rid"]
    (one,) = run("officers", "waiting", "--json").data
    assert (one["order"], one["level"], one["have"], one["need"]) == (order, "told", 1, 2)
    assert order in run("officers", "waiting").out
    assert run("release", order, "--as", "officer-1", "--as", "officer-2").status == 0


def test_an_authority_does_not_leave_unasked(house: House, run: Run, safe: Path) -> None:
    draft = str(safe / "second.json")
    words = ("officers", "rotate", "--drop-authority", "Surveillance", "--out", draft)
    mallory = next(each["key"] for each in run("officers", "ls", "--json").data["officers"] if not each["listed"])
    assert run(*words, "--without", mallory).status == 0
    keys = [word for n in (1, 2, 3) for word in ("--key", str(safe / f"root-{n}.key"))]
    assert run("officers", "sign", draft, *keys).status == 0
    assert "officer.consent" in run("officers", "apply", draft).err
    assert run("officers", "sign", draft, "--key", str(safe / "theirs" / "authority-1.key")).status == 0
    assert run("officers", "apply", draft, "--json").data["seq"] == 2


def test_owners_stop_their_own_with_enough_shares(house: House, run: Run, tmp_path: Path) -> None:
    done = run(
        "register", "--name", "shared", "--version", "1", "--kind", "model", "--party", f"{OPERATOR}:provider",
        "--party", f"{MAKER}:provider", "--owner", f"{OPERATOR}=2", "--owner", f"{MAKER}=1", "--owners-need", "3",
        "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    root = house.system("shared")
    assert (root.owners_need, sorted(share.count for share in root.shares)) == (3, [1, 2])
    assert run("register", "--name", "x", "--version", "1", "--kind", "model", "--owner", MAKER).status == 2
    cards = []
    for party in (OPERATOR, MAKER):
        where = tmp_path / party
        assert run("party", "key", party, "--out", str(where)).status == 0
        cards.append(str(next(where.glob("*.json"))))
    file = str(tmp_path / "order.json")
    words = ("officers", "order", root.rid, "--origin", ORIGIN, "--reason", "ours", "--scope", "system", "--out", file)
    assert run(*words, "--key", cards[0]).status == 0
    short = run("officers", "send", file)
    assert (short.status, "officer.owners" in short.err) == (1, True)
    assert run("officers", "countersign", file, "--key", cards[1]).status == 0
    sent = run("officers", "send", file, "--json")
    assert (sent.status, sent.data["systems"], sent.data["order"]["until"]) == (0, 1, 0)
    assert house.get("/systems/shared")["stopped"] == sent.data["order"]["rid"]
