# SPDX-License-Identifier: Apache-2.0
"""A tool's class, from the words of a command line."""

from __future__ import annotations

import argparse
from typing import Any, Final

from answerable.errors import Refused

NEEDED: Final = ("world", "criticality", "domain", "effect")
_SAME: Final = {
    "world": "world",
    "criticality": "criticality",
    "domain": "domain",
    "effect": "effect",
    "undo": "undo",
    "dry_run": "dry_run",
    "approvals": "approvals",
    "role": "roles",
    "rate": "rate",
    "idempotency": "idempotency_s",
    "max_tier": "max_tier",
    "attestation": "attestation",
    "generates": "generates",
}


def said(args: argparse.Namespace, base: dict[str, Any]) -> dict[str, Any]:
    """`base` with what is said on the command line. Raises Refused ``tool.malformed``."""
    made = dict(base)
    for option, member in _SAME.items():
        value = getattr(args, option)
        if value is not None:
            made[member] = value
    if args.meter:
        made["meters"] = [_meter(text) for text in args.meter]
    if bounds := [*_ranges(args.bound), *_texts(args.text), *_choices(args.one_of), *_anything(args.any)]:
        made["envelope"] = bounds
    elif args.no_arguments:
        made["envelope"] = []
    if missing := [f"--{name}" for name in NEEDED if not made.get(name)]:
        raise Refused("tool.malformed", detail=f"nothing is said of {', '.join(missing)}")
    return made


def _meter(text: str) -> dict[str, Any]:
    """``calls``, ``money:/amount:EUR``, ``money:/amount:/currency``, ``energy:5000``: what is reserved."""
    kind, *rest = text.split(":")
    made: dict[str, Any] = {"kind": kind}
    for part in rest:
        if part.startswith("/"):
            made["currency_at" if "amount" in made else "amount"] = part
        elif part.isascii() and part.isdigit():
            made["most"] = int(part)
        else:
            made["currency"] = part
    return made


def _split(text: str, form: str) -> tuple[dict[str, Any], str]:
    at, found, value = text.partition("=")
    if not found or not value:
        raise Refused("tool.malformed", detail=f"{text[:80]!r} is not of the form {form}")
    return _at(at), value


def _at(at: str) -> dict[str, Any]:
    made: dict[str, Any] = {"at": at.removesuffix("?")}
    if at.endswith("?"):
        made["optional"] = True
    return made


def _ranges(texts: list[str] | None) -> list[dict[str, Any]]:
    found = []
    for text in texts or ():
        made, value = _split(text, "AT=LEAST..MOST")
        least, dots, most = value.partition("..")
        if not dots:
            raise Refused("tool.malformed", detail=f"{text[:80]!r} is not of the form AT=LEAST..MOST")
        found.append({**made, "least": least, "most": most})
    return found


def _texts(texts: list[str] | None) -> list[dict[str, Any]]:
    found = []
    for text in texts or ():
        made, value = _split(text, "AT=LONGEST")
        if not (value.isascii() and value.isdigit()):
            raise Refused("tool.malformed", detail=f"{text[:80]!r} is not of the form AT=LONGEST")
        found.append({**made, "longest": int(value)})
    return found


def _choices(texts: list[str] | None) -> list[dict[str, Any]]:
    return [{**made, "one_of": value.split(",")} for made, value in (_split(text, "AT=A,B,C") for text in texts or ())]


def _anything(texts: list[str] | None) -> list[dict[str, Any]]:
    return [_at(text) for text in texts or ()]
