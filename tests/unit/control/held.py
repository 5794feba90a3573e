# SPDX-License-Identifier: Apache-2.0
"""Calls that wait for people, over a house's control plane: asked as the path asks, decided as the CLI does."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, to_builtins
from msgspec.structs import replace

from answerable.app.people import FOLDER
from answerable.cli import main
from answerable.crypto import jcs
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce, salt
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.log.statement import sign
from answerable.model.actions import Decision
from answerable.model.holds import Asked, Ballot, Hold, Need
from answerable.model.leaves import Commitments, OpenLeaf
from answerable.model.terms import Act, Role, Ruling
from answerable.model.units import Payload, Unit
from answerable.tools import exact
from answerable.tools.holds import SPENDS, Holds
from answerable.tools.votes import Changed, statement
from tests.unit.control.house import POLICY, House

PAY: dict[str, Any] = {"amount": 100, "to": "DE02"}
HELD = Decision(Ruling.HOLD, "R031", "two_people_critical", ("approvals:2",))


def desk(house: House) -> Holds:
    assert house.services.holds is not None
    return house.services.holds


def asked(house: House, arguments: Any = None) -> Asked:
    helper = house.system("helper")
    call = jcs.dumps(PAY if arguments is None else arguments)
    return Asked(Act.TOOL_CALL, helper.rid, "c" * 32, "", "bank", "pay", call, POLICY)


def approvers(house: House, *names: str) -> None:
    """People with these names who may approve, enrolled as the command line does it."""
    for name in names:
        if not (house.store / FOLDER / f"{name}.json").exists():
            assert main(["--store", str(house.store), "admin", "enrol", name, "--role", "approver", "--json"]) == 0


def pose(house: House, arguments: Any = None, people: int = 2) -> Hold:
    async def write() -> Hold:
        data, body = opened(house, "hold")
        posed = desk(house).pose(asked(house, arguments), Need(people), rid(data), HELD, "", house.core.now)
        rider = posed.rider
        payloads = (Payload(rid(data), "in", body, b"{}"), *rider.payloads)
        await house.core.ledger.commit(Unit((data, *rider.leaves), rider.effects, rider.expect, payloads))
        return posed.hold

    return house.run(write())


def opened(house: House, dec: str, hold: str = "") -> tuple[bytes, bytes]:
    """(open leaf, salt of its commitment to ``{}``)."""
    drawn, helper = salt(), house.system("helper")
    leaf = OpenLeaf(
        act="tool_call", c=Commitments(in_=commit("in", drawn, b"{}")), dec=dec, n=nonce(), par=[],
        party=helper.party(Role.DEPLOYER), pol=POLICY, rule="R031", sys=helper.rid, t=house.core.now, tier=0,
        war="w" * 32, wld="information", x={SPENDS: hold} if hold else UNSET,
    )  # fmt: skip
    return encode(leaf), drawn


def spend(house: House, hold: Hold) -> str:
    async def write() -> str:
        data, _ = opened(house, "permit", hold.rid)
        found = desk(house).get(hold.rid)
        assert found is not None
        rider = desk(house).spend(found, rid(data), house.core.now)
        await house.core.ledger.commit(Unit((data,), rider.effects, rider.expect))
        return rid(data)

    return house.run(write())


def vote(house: House, hold: str, dec: Ballot, *people: str, changed: Changed | None = None, **more: Any) -> Any:
    found = desk(house).get(hold)
    assert found is not None
    leaf = statement(found, dec, changed=changed, **more)
    sigs = [sign(leaf, house.core.origin, house.person(name).key, house.person(name).kid) for name in people]
    data: dict[str, Any] = {"approval": to_builtins(replace(leaf, sigs=sigs))}
    if changed is not None:
        data["changed"] = {"call": changed.body.decode(), "salt": b64u(changed.salt)}
    return house.post("/holds/votes", data, people[0])


def change(house: House, hold: str, arguments: Any) -> Changed:
    found = desk(house).get(hold)
    assert found is not None
    return Changed(salt(), exact.with_arguments(house.run(desk(house).shown(found)), arguments))
