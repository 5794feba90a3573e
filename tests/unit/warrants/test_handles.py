# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import HandleLeaf
from answerable.model.terms import AdminRole, World
from answerable.model.units import Space
from answerable.warrants.handles import MAX_LIFE_MS, MIN_LIFE_MS, digest_of, issue, revoke
from tests.fleet import T0, Fleet, a_rid

DAY = 86_400_000


def plan(fleet: Fleet, **changed: Any) -> Any:
    asked = {
        "copy": fleet.copies["app"].rid, "binding": "unix", "life_ms": DAY, "by": fleet.operator.rid, "now_ms": T0,
        **changed,
    }  # fmt: skip
    return issue(fleet.book, **asked)


def code(call: Any) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def test_only_its_digest_is_kept() -> None:
    fleet = Fleet()
    planned = plan(fleet)
    fleet.ledger.write(planned.unit)
    handle = planned.handle
    assert handle.startswith("ans_")
    assert len(handle) == 47
    assert handle not in repr(planned)
    assert handle.encode() not in b"".join(planned.unit.leaves) + b"".join(e.value for e in planned.unit.effects)
    row = fleet.book.handle(sha256(handle.encode()).hexdigest())
    assert row == planned.row
    assert row is not None
    assert (row.copy, row.binding, row.expires, row.revoked) == (fleet.copies["app"].rid, "unix", T0 + DAY, 0)
    leaf = decode(planned.unit.leaves[0])
    assert isinstance(leaf, HandleLeaf)
    assert (leaf.st, leaf.dig, leaf.by) == ("issue", row.digest, fleet.operator.rid)
    assert plan(fleet).handle != handle


def test_is_bound_to_no_certificate_while_nobody_asks_for_one() -> None:
    fleet = Fleet()
    assert code(lambda: plan(fleet, binding="mtls:" + "ab" * 32)) == "handle.certificate"
    assert code(lambda: plan(fleet, binding="mtls:" + "xy" * 32)) == "handle.binding"


def test_is_revoked_once_for_ever() -> None:
    fleet = Fleet()
    planned = plan(fleet)
    fleet.ledger.write(planned.unit)
    ended = revoke(fleet.book, digest=planned.row.digest, by=fleet.operator.rid, now_ms=T0 + 5)
    fleet.ledger.write(ended.unit)
    row = fleet.book.handle(planned.row.digest)
    assert row is not None
    assert row.revoked == T0 + 5
    leaf = decode(ended.unit.leaves[0])
    assert isinstance(leaf, HandleLeaf)
    assert leaf.st == "revoke"
    again = {"digest": planned.row.digest, "by": fleet.operator.rid, "now_ms": T0}
    assert code(lambda: revoke(fleet.book, **again)) == "handle.revoked"
    assert code(lambda: revoke(fleet.book, **{**again, "digest": "00"})) == "handle.unknown"
    assert code(lambda: revoke(fleet.book, **{**again, "by": fleet.officers[0].rid})) == "handle.issuer"


def test_who_may_and_for_what() -> None:
    fleet = Fleet()
    fleet.copies["heavy"] = fleet.copy(fleet.system("heavy", tier=2))
    fleet.copies["robot"] = fleet.copy(fleet.system("robot", worlds=(World.INFORMATION, World.PHYSICAL)))
    fleet.end(fleet.copies["other"])
    gone = fleet.person("gone", (AdminRole.OPERATOR,))
    fleet.put(Space.ADMINS, gone.rid, msgspec.json.encode(msgspec.structs.replace(gone, ended=1)))
    refusals: dict[str, list[dict[str, Any]]] = {
        "handle.issuer": [{"by": fleet.officers[0].rid}, {"by": a_rid("x")}, {"by": gone.rid}],
        "handle.binding": [{"binding": "anywhere"}],
        "handle.life": [{"life_ms": MIN_LIFE_MS - 1}, {"life_ms": MAX_LIFE_MS + 1}],
        "handle.tier": [{"copy": fleet.copies[n].rid} for n in ("heavy", "robot")],
        "warrant.unregistered": [{"copy": a_rid("x")}],
        "warrant.copy_ended": [{"copy": fleet.copies["other"].rid}],
    }
    for expected, changes in refusals.items():
        for changed in changes:
            assert code(lambda changed=changed: plan(fleet, **changed)) == expected


def test_a_copy_that_ends_meanwhile_gets_no_handle() -> None:
    fleet = Fleet()
    planned = plan(fleet)
    fleet.end(fleet.copies["app"])
    assert code(lambda: fleet.ledger.write(planned.unit)) == "log.conflict"


def test_a_digest_of_anything() -> None:
    assert digest_of("ans_x") == sha256(b"ans_x").hexdigest()
    assert len(digest_of("\ud800")) == 64
