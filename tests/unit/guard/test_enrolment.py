# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission import orders
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import verify
from answerable.errors import Refused
from answerable.guard.enrolment import Enrolment, draw, parse, read, write
from answerable.log.leaf import decode
from answerable.model.leaves import ReleaseLeaf
from tests.fleet import key
from tests.unit.admission.a_stop import ORIGIN, WATCHDOG, WATCHDOG_KID, order, released, system


def enrolment(**changed: Any) -> Enrolment:
    seed, _ = draw()
    issuer = b64u(key("issuer").public)
    made = Enrolment(
        v=1, copy="spiffe://d/system/x/copy/y", rid="c" * 32, issuer="spiffe://d/issuer/main", audience="aud",
        origin="d/log", gateway="https://gw/v1", planes=("https://plane",), issuers={"k": issuer}, seed=seed,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changed)


def test_what_was_written_is_read_back_for_its_owner_alone(tmp_path: Path) -> None:
    made, path = enrolment(pulses={"p": b64u(key("pulse").public)}), tmp_path / "e"
    write(path, made)
    assert path.stat().st_mode & 0o777 == 0o600
    again = read(path)
    assert again == made
    identity = again.identity()
    verify(identity.public, b"x", identity.key.sign(b"x"))
    assert again.trust().pulses == {"p": key("pulse").public}
    with pytest.raises(Refused, match=r"guard\.enrolment"):
        write(path, made)
    assert made.seed not in repr(made)


@pytest.mark.parametrize(("named", "free"), [({WATCHDOG_KID: "W", "second": "W"}, True), ({}, False)])
def test_the_keys_of_one_authority_are_one_authority(named: dict[str, str], free: bool) -> None:
    """What its first key suspends its second one releases; where no file says whose they are, each is its own."""
    second = key("watchdog 2")
    keys = {WATCHDOG_KID: b64u(WATCHDOG.public), "second": b64u(second.public)}
    raw = msgspec.to_builtins(enrolment(origin=ORIGIN, authorities=keys, named=named))
    if not named:
        del raw["named"]  # an older file
    trust = parse(json.dumps(raw).encode()).trust()
    leaf = order(7, kind="suspend", by=((WATCHDOG, WATCHDOG_KID),))
    freed = decode(released(leaf, by=((second, "second"),)))
    assert isinstance(freed, ReleaseLeaf)
    told = orders.read(orders.direct(leaf, origin=ORIGIN, subject=system(7), num=7, release=freed), trust)
    assert bool(told.stop.released) == free


def test_one_that_others_can_read_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e"
    write(path, enrolment())
    path.chmod(0o640)
    with pytest.raises(Refused, match="640"):
        read(path)
    with pytest.raises(Refused, match=r"guard\.enrolment"):
        read(tmp_path / "nothing")


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2},
        {"issuers": {}},
        {"planes": []},
        {"seed": "AA"},
        {"issuers": {"k": "AA"}},
        {"extra": 1},
        {"clock": "sun"},
    ],
)
def test_what_is_no_enrolment_is_refused(changed: dict[str, Any]) -> None:
    data = {**msgspec.to_builtins(enrolment()), **changed}
    with pytest.raises(Refused, match=r"guard\.enrolment"):
        parse(json.dumps(data).encode())
