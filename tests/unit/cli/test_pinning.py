# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.cli.pinning import pinned
from answerable.errors import Refused, VerificationError
from answerable.log.leaf import encode
from answerable.log.roster import key_id
from tests.fleet import Fleet, key

TOLD = {"origin": "x.invalid", "officers": {"mallory": "k"}, "authorities": {}, "issuers": {"i": "k"}}


def test_a_rosters_file_counts_and_not_what_the_service_tells(tmp_path: Path) -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    file = tmp_path / "roster.json"
    file.write_bytes(encode(fleet.roster(ann, bo, authorities=("Surveillance",))) + b"\n")
    found = pinned(TOLD, str(file))
    assert set(found["officers"]) == {ann.rid, bo.rid}
    assert key_id(key("Surveillance 1").public) in found["authorities"]
    assert set(found["named"].values()) == {"Surveillance"}
    assert set(found["named"]) == set(found["authorities"])
    assert found["issuers"] == TOLD["issuers"]
    assert pinned(TOLD, None) == TOLD


def test_a_file_that_is_no_roster_pins_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"admin\.request"):
        pinned(TOLD, str(tmp_path / "none"))
    (tmp_path / "x").write_text("{}")
    with pytest.raises(VerificationError, match=r"officer\.malformed"):
        pinned(TOLD, str(tmp_path / "x"))
