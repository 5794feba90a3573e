# SPDX-License-Identifier: Apache-2.0
"""Test vectors of approvals: docs/spec/vectors/approval.json (`tools.vectors` writes it)."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from answerable.crypto.b64 import b64u
from answerable.log import statement
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.model.holds import Asked, Ballot, Hold, Need
from answerable.model.leaves import HoldLeaf, PlantedLeaf
from answerable.model.terms import Act, AdminRole
from answerable.tools import exact, votes
from tests.small_log import ORIGIN, PLANTED, T0, a_rid, fixed, key, nonce, salt

_CALLS: list[tuple[Act, str, dict[str, Any]]] = [
    (Act.TOOL_CALL, "pay", {"to": "DE02", "amount": 100}),
    (Act.TOOL_CALL, "pay", {"amount": 1e21, "note": "\u20ac \u0007 \u05d0 \U0001f600", "b": [1.0, -0.0, None, True]}),
    (Act.TOOL_CALL, "tick", {}),
    (Act.GENERATION, "", {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}),
]


def _asked(act: Act, tool: str, arguments: dict[str, Any], principal: str = "mia") -> Asked:
    call = json.dumps(arguments).encode()
    return Asked(act, a_rid("system"), a_rid("copy"), principal, "bank", tool, call, fixed("policy").hex())


def approvals() -> Any:
    calls = []
    for act, tool, arguments in _CALLS:
        data = exact.body(_asked(act, tool, arguments))
        drawn = salt("call", data)
        calls.append(
            {
                "arguments": arguments,
                "payload": data.decode(),
                "salt": drawn.hex(),
                "digest": exact.digest(drawn, data),
                "request": exact.request(data).decode(),
            }
        )
    good = exact.body(_asked(*_CALLS[0])).decode()
    refused = {
        "white space": good.replace(":", ": ", 1),
        "another order": good.replace('{"act":"tool_call",', "{")[:-1] + ',"act":"tool_call"}',
        "a member more": good[:-1] + ',"z":1}',
        "a member less": good.replace('"principal":"mia",', ""),
        "a number in another form": good.replace("100", "1e2"),
        "a key twice": good.replace('"amount":100', '"amount":100,"amount":100'),
        "no object": "[]",
        "not JSON": "{",
    }
    return {
        "calls": calls,
        "refused": [{"what": what, "payload": data} for what, data in refused.items()],
        "votes": _votes(),
        "planted": _planted(),
    }


def _votes() -> list[dict[str, Any]]:
    data = exact.body(_asked(*_CALLS[0]))
    hold = Hold(
        rid=a_rid("hold"), open=a_rid("open"), act=Act.TOOL_CALL, system=a_rid("system"), via=a_rid("bank"),
        rule="R031", dig=exact.digest(salt("call", data), data), pol=fixed("policy").hex(), people=2,
        roles=(AdminRole.APPROVER,), at=T0, exp=T0 + 86_400_000, call=a_rid("open"),
    )  # fmt: skip
    other = exact.with_arguments(data, {"amount": 10, "to": "DE02"})
    changed = votes.Changed(salt("changed", other), other)
    made = []
    for ballot, more in (
        (Ballot.APPROVE, {}),
        (Ballot.MODIFY, {"changed": changed}),
        (Ballot.REJECT, {}),
        (Ballot.ESCALATE, {"need": Need(3, (AdminRole.APPROVER, AdminRole.OFFICER))}),
    ):
        leaf = votes.statement(hold, ballot, nonce=nonce(ballot.value), **more)  # type: ignore[arg-type]
        sig = statement.sign(leaf, ORIGIN, key("approver"), a_rid("approver"))
        made.append(
            {
                "origin": ORIGIN,
                "public": b64u(key("approver").public),
                "signed": statement.to_sign(leaf, ORIGIN).hex(),
                "signature": sig.sig,
                "leaf": encode(replace(leaf, sigs=[sig], t=T0 + 1)).decode(),
            }
        )
    return made


def _planted() -> list[dict[str, Any]]:
    drawn, real = salt("kind", PLANTED), b'{"planted": false}'
    opened = PlantedLeaf(hold="", kind=PLANTED.decode(), n=nonce("planted"), salt=b64u(drawn), t=T0 + 9)
    rows = []
    for what, kind, leaf in (
        ("planted", PLANTED, opened),
        ("another salt", PLANTED, replace(opened, salt=b64u(bytes(32)))),
        ("called planted afterwards", real, opened),
        ("opened, and not planted", real, replace(opened, kind=real.decode(), salt=b64u(salt("kind", real)))),
    ):
        hold = HoldLeaf(
            dig=fixed("call").hex(), exp=T0 + 1, n=nonce("hold"), need=2, open=a_rid("open"), pol=fixed("policy").hex(),
            roles=["approver"], t=T0,
            x={"answerable.kind": commit("kind", salt("kind", kind), kind), "answerable.registered": a_rid("tool")},
        )  # fmt: skip
        data = encode(hold)
        rows.append(
            {
                "what": what,
                "hold": data.decode(),
                "planted": encode(replace(leaf, hold=rid(data))).decode(),
                "is_planted": what == "planted",
            }
        )
    return rows
