# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from typing import Any

import msgspec
import pytest

from answerable.cli.tool_words import said
from answerable.errors import Refused
from answerable.model.tools import Bound, MeterKind, ToolClass, ToolMeter

NONE = dict.fromkeys(
    ("world", "criticality", "domain", "effect", "undo", "dry_run", "approvals", "role", "rate", "idempotency",
     "max_tier", "attestation", "generates", "meter", "bound", "text", "one_of", "any")
)  # fmt: skip
NEEDED = {"world": "information", "criticality": "sensitive", "domain": "payment", "effect": "write"}


def words(base: dict[str, Any] | None = None, **options: Any) -> ToolClass:
    args = argparse.Namespace(**{**NONE, "no_arguments": False, **options})
    return msgspec.convert(said(args, base or {}), ToolClass)


def test_everything_that_can_be_said() -> None:
    made = words(
        **NEEDED, undo="refund", dry_run="/preview", approvals=2, role=["officer"], rate=6, idempotency=60, max_tier=1,
        attestation="urn:x", generates=True,
        meter=["calls", "money:/amount:EUR", "money:/amount:/currency", "energy:5000"],
        bound=["/amount=0.01..500", "/low?=..5", "/high=5.."], text=["/to=40"], one_of=["/mode?=a,b"], any=["/note?"],
    )  # fmt: skip
    assert made.envelope == (
        Bound(at="/amount", least="0.01", most="500"),
        Bound(at="/low", most="5", optional=True),
        Bound(at="/high", least="5"),
        Bound(at="/to", longest=40),
        Bound(at="/mode", one_of=("a", "b"), optional=True),
        Bound(at="/note", optional=True),
    )
    assert made.meters == (
        ToolMeter(kind=MeterKind.CALLS),
        ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR"),
        ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency_at="/currency"),
        ToolMeter(kind=MeterKind.ENERGY, most=5000),
    )
    assert (made.approvals, made.rate, made.idempotency_s, made.max_tier, made.generates) == (2, 6, 60, 1, True)


def test_what_is_said_goes_before_what_was_proposed() -> None:
    base = {**NEEDED, "approvals": 1, "envelope": [{"at": "/a"}]}
    assert words(base).approvals == 1
    made = words(base, criticality="critical", approvals=2, no_arguments=True)
    assert (made.criticality.value, made.approvals, made.envelope) == ("critical", 2, ())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {**NEEDED, "domain": None},
        {**NEEDED, "bound": ["/a"]},
        {**NEEDED, "bound": ["/a=5"]},
        {**NEEDED, "text": ["/a=long"]},
        {**NEEDED, "one_of": ["/a"]},
    ],
)
def test_what_is_not_said_or_not_understood(options: dict[str, Any]) -> None:
    with pytest.raises(Refused) as found:
        words(**options)
    assert found.value.code == "tool.malformed"
