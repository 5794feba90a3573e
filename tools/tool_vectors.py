# SPDX-License-Identifier: Apache-2.0
"""The vectors of the tool registry: `docs/spec/vectors/tool-registry.json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from answerable.crypto import dsse
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.log.leaf import encode, rid
from answerable.model.leaves import ToolLeaf
from answerable.model.records import PartyKey
from answerable.model.tools import Bound, Tool
from answerable.tools import attestations, envelopes, names, pins, told
from tests.small_log import T0, a_rid, key, nonce
from tests.small_tools import PAY, PAYS, WEATHER, body

BOUNDS = (
    Bound(at="/speed", least="0", most="0.25"),
    Bound(at="/mode", one_of=("slow", "fine")),
    Bound(at="/points", longest=2),
    Bound(at="/points/*/x", least="-1", most="1"),
    Bound(at="/note", longest=5, optional=True),
)
INSIDE: dict[str, Any] = {"speed": 0.25, "mode": "slow", "points": [{"x": 1}, {"x": "-0.5"}]}
CALLS: tuple[dict[str, Any], ...] = (
    INSIDE,
    {**INSIDE, "points": []},
    {**INSIDE, "note": "hello"},
    {**INSIDE, "speed": 0.26},
    {**INSIDE, "speed": "1e-9"},
    {**INSIDE, "speed": True},
    {**INSIDE, "mode": "fast"},
    {**INSIDE, "points": [{"x": 0}, {}]},
    {**INSIDE, "points": [{"x": 0, "y": 0}]},
    {**INSIDE, "points": [{"x": 0}] * 3},
    {**INSIDE, "note": "longer"},
    {**INSIDE, "force": None},
    {"mode": "slow", "points": []},
)
NAMES = ("getUser", "admin.tools.list", "pay-out_2", "x" * 128, "", "x" * 129, "pay out", "pay/out", "p\u0430y",
         "\uff50ay", "付款", "pay\u200b", "answerable_result", "Answerable_x")  # fmt: skip
DEFINITIONS: tuple[dict[str, Any], ...] = (
    WEATHER,
    PAYS,
    body("units", "第一行\nsecond line", properties={"n": {"type": "number", "minimum": 0.1, "maximum": 1e21}}),
    body("counts", properties={"n": {"type": "integer", "maximum": 9223372036854775807}}),
    {**body("more"), "x-unknown": [None, True, {"b": 1, "a": -0.0}], "_meta": {"made": "by"}},
)


def _code(call: Callable[[], object]) -> str:
    try:
        call()
    except AnswerableError as error:
        return error.code
    raise AssertionError("was to be refused")


def _words() -> list[ToolLeaf]:
    first = pins.definition(PAYS).pin
    second = pins.definition({**PAYS, "title": "Pay"}).pin
    said: dict[str, dict[str, Any]] = {
        told.IMPORT: {"pin": first},
        told.CLASSIFY: {"pin": first, "cls": told.class_ref(PAY)},
        told.PIN: {"pin": second, "att": a_rid("attestation")},
        told.WITHDRAW: {"pin": second},
    }
    return [
        ToolLeaf(
            by=a_rid("administrator"), n=nonce(f"tool {st}"), name="pay", srv="desk", st=st, sys=a_rid("desk"),
            t=T0 + at, **more,
        )
        for at, (st, more) in enumerate(said.items())
    ]  # fmt: skip


def _rows() -> list[Any]:
    row: Tool | None = None
    found = []
    for leaf in _words():
        data = encode(leaf, limit=65_535)
        row = told.row(leaf, rid(data), row)
        found.append({"leaf": data.decode(), "row": msgspec.to_builtins(row)})
    return found


def _statement() -> Any:
    pin = pins.definition(WEATHER).pin
    payload = {
        "_type": attestations.STATEMENT,
        "predicate": {"expires": T0 + 86_400_000},
        "predicateType": attestations.TOOL,
        "subject": [{"digest": {"sha256": pin.removeprefix(pins.PREFIX)}, "name": "desk/weather"}],
    }
    data = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
    envelope = dsse.sign(attestations.PAYLOAD, data, key("attester"), a_rid("attester"))
    row = PartyKey(rid=a_rid("attester"), party=a_rid("party"), key=b64u(key("attester").public), use="party", since=T0)
    read = attestations.read(envelope, [row])
    return {
        "key": row.key,
        "keyid": row.rid,
        "envelope": envelope.decode(),
        "pins": list(read.digests),
        "expires": read.expires,
    }


def tool_registry() -> Any:
    refused = {
        "no object": [],
        "no input schema": {"name": "weather"},
        "an input schema of an array": {**WEATHER, "inputSchema": {"type": "array"}},
        "a zero-width space": {**WEATHER, "description": "Safe.\u200b"},
        "a tag": {**WEATHER, "description": "Safe.\U000e0041"},
        "text turned round": {**WEATHER, "description": "Safe.\u202e"},
        "a letter of another script in its name": {**WEATHER, "name": "we\u0430ther"},
        "the gate's own beginning": {**WEATHER, "name": "answerable_result"},
    }
    return {
        "definitions": [
            {"definition": each, "canonical": made.canonical.decode(), "pin": made.pin}
            for each in DEFINITIONS
            if (made := pins.definition(each))
        ],
        "refused": [
            {"why": why, "definition": each, "code": _code(lambda each=each: pins.definition(each))}  # type: ignore[misc]
            for why, each in refused.items()
        ],
        "names": [{"name": name, "fits": names.fits(name)} for name in NAMES],
        "skeletons": [
            {"name": name, "skeleton": names.skeleton(name)}
            for name in ("send_mail", "send-mai1", "Send.MaiI", "corner", "comer", "p0st", "VVindow")
        ],
        "envelope": {
            "bounds": msgspec.to_builtins(told.class_ref(msgspec.structs.replace(PAY, envelope=BOUNDS)).env),
            "calls": [{"arguments": call, "outside": envelopes.breach(BOUNDS, call)} for call in CALLS],
        },
        "words": _rows(),
        "attestation": _statement(),
    }
