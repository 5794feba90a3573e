# SPDX-License-Identifier: Apache-2.0
"""Vectors of `docs/spec/budgets.md`: what calls reserve, what is refused, how windows count, whose sums are whose."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.errors import Refused
from answerable.model.actions import Action
from answerable.model.budgets import Limit
from answerable.model.terms import Act, Criticality, Effect, World
from answerable.model.tools import Tool, ToolMeter, ToolState
from answerable.model.warrants import Credential, Peer
from answerable.tools import wanted
from answerable.tools.accounts import Account, Level, pots
from answerable.tools.spending import listed
from answerable.tools.wanted import Prices
from answerable.tools.windows import Window

PRICES = Prices(mj_per_token=2.5, currency="CNY", price_in=1.5, price_out=10.0)
_NOBODY = Credential("", Peer())


def budgets() -> Any:
    """The whole file."""
    return {
        "generations": [_generation(*each) for each in GENERATIONS],
        "prices": {"currency": "CNY", "mj_per_token": 2.5, "price_in": 1.5, "price_out": 10.0},
        "calls": [_call(*each) for each in CALLS],
        "refused": [_refused(*each) for each in REFUSED],
        "windows": _windows(),
        "sums": _sums(),
    }


GENERATIONS: list[tuple[dict[str, Any], int]] = [
    ({"messages": [], "max_tokens": 50}, 100),
    ({"messages": [], "max_completion_tokens": 50, "max_tokens": 10, "n": 3}, 100),
    ({"input": "x", "max_output_tokens": 7}, 20),
    ({"messages": []}, 4),
    ({"prompt": "a cat", "n": 4}, 30),
    ({"input": "twelve chars", "voice": "a"}, 60),
]
_VALUE = {"kind": "money", "amount": "/amount/value", "currency_at": "/amount/currency"}
_CENTS = {"kind": "money", "amount": "/cents", "minor": 2, "currency": "EUR"}
_HEAT = {"kind": "energy", "amount": "/joule", "most": 500}
CALLS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (_VALUE, {"amount": {"value": "12.34", "currency": "CNY"}}),
    (_CENTS, {"cents": 1234}),
    (_CENTS, {"cents": "0"}),
    (_HEAT, {}),
    (_HEAT, {"joule": 0.5}),
    ({"kind": "calls"}, {}),
]
REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (_CENTS, {}),
    (_CENTS, {"cents": -1}),
    (_CENTS, {"cents": "1e3"}),
    (_CENTS, {"cents": True}),
    (_CENTS, {"cents": [1]}),
    (_VALUE, {"amount": {"value": "1", "currency": "cny"}}),
    (_VALUE, {"amount": {"value": "1"}}),
]


def _action(act: Act, request: dict[str, Any], size: int) -> Action:
    return Action(act, _NOBODY, "", request, b" " * size, False, "en")


def _tool(meter: dict[str, Any]) -> Tool:
    return Tool(
        world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.WRITE,
        meters=(msgspec.convert(meter, ToolMeter),), server="s", name="t", system="", rid="",
        state=ToolState.CLASSIFIED, since=0, changed=0,
    )  # fmt: skip


def _generation(request: dict[str, Any], size: int) -> Any:
    found = wanted.of_generation(_action(Act.GENERATION, request, size), PRICES)
    return {"request": request, "bytes": size, "reserved": listed(found)}


def _call(meter: dict[str, Any], arguments: dict[str, Any]) -> Any:
    found = wanted.of_call(_action(Act.TOOL_CALL, {"arguments": arguments}, 0), _tool(meter))
    return {"meter": meter, "arguments": arguments, "reserved": listed(found)}


def _refused(meter: dict[str, Any], arguments: dict[str, Any]) -> Any:
    try:
        _call(meter, arguments)
    except Refused as refusal:
        return {"meter": meter, "arguments": arguments, "code": refusal.code}
    raise ValueError("it is not refused")


def _windows() -> Any:
    """Of a day: when what began at `at` counts for the last time."""
    width = 86_400_000
    found = []
    for at in (0, 1, 299_999, 300_000, 1_763_782_764_000):
        window = Window(width)
        window.add(at, used=1)
        found.append({"hours": 24, "at": at, "until": window.frees()})
    return found


def _sums() -> Any:
    """The child's system was made by the founder's copy."""
    child = Level("child", ("child",), "child-1", ("child-1",))
    founder = Level("root", ("root", "founder"), "root-1", ("root-1",))
    who = Account((child, founder), "firm", ("firm", "NTRDE-1"), "bank/pay")
    limits = [
        {}, {"system": "*"}, {"system": "founder"}, {"copy": "*"}, {"system": "*", "copy": "*"}, {"party": "NTRDE-1"},
        {"party": "other"}, {"tool": "*"}, {"tool": "bank/*"}, {"tool": "map/*"}, {"party": "*", "tool": "bank/pay"},
    ]  # fmt: skip
    return {
        "caller": msgspec.to_builtins(who),
        "limits": [{"limit": limit, "sums": list(pots(Limit(**limit), who))} for limit in limits],
    }
