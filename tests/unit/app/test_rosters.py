# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import rosters
from answerable.crypto.b64 import b64u
from answerable.errors import Refused, VerificationError
from tests.small_log import a_rid, key

PEOPLE = [
    {"key": a_rid(f"{who} key"), "person": a_rid(who), "public": b64u(key(who).public)} for who in ("ann", "bo", "cy")
]


def test_a_draft_travels_on_a_file_and_each_key_counts_once(tmp_path: Path) -> None:
    rosters.make_roots(str(tmp_path), 3, 2)
    made = rosters.draft(
        "x.invalid", None, PEOPLE, roots=str(tmp_path / "roots.json"), without=[PEOPLE[2]["key"]], authorities=[],
        dropped=[],
    )  # fmt: skip
    assert made is not None
    path = str(tmp_path / "d.json")
    rosters.write(path, made)
    assert rosters.read(path) == made
    first = made.signed([str(tmp_path / "root-1.key"), str(tmp_path / "root-1.key")])
    assert first.shown()["have"] == 1
    with pytest.raises(VerificationError, match=r"officer\.quorum"):
        first.check()
    whole = first.signed([str(tmp_path / "root-2.key")])
    whole.check()
    assert whole.lines() == ["x.invalid #1: 2 officers, 0 authorities; 2/2 root keys, 2 signatures"]
    elsewhere = rosters.Draft("other.invalid", whole.leaf)
    with pytest.raises(VerificationError, match=r"officer\.signature"):
        elsewhere.check()


def test_what_cannot_be_made_or_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"admin\.request"):
        rosters.make_roots(str(tmp_path), 2, 3)
    with pytest.raises(Refused, match=r"admin\.request"):
        rosters.make_authority(str(tmp_path), "A", 9, 1)
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(Refused, match=r"admin\.request"):
        rosters.read(str(tmp_path / "x.json"))
    with pytest.raises(Refused, match=r"log\.key"):
        rosters.load(str(tmp_path / "none.key"))
    assert rosters.draft("x", None, [], roots=None, without=[], authorities=[], dropped=[]) is None
