# SPDX-License-Identifier: Apache-2.0
"""Whose orders a holder pins when it is enrolled: what the service tells, or what a roster's file says, which root keys
signed and which nobody who runs the service can change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from answerable.cli.parser import Parser


def option(parser: Parser) -> None:
    parser.add_argument(
        "--roster", metavar="FILE", help="pin its officers and authorities (answerable officers roster --out FILE)"
    )


def pinned(pins: Mapping[str, Any], file: str | None) -> dict[str, Any]:
    """`pins` as the service tells them, with officers and authorities of the roster in `file`, if one is named.
    Raises Refused ``admin.request``, VerificationError ``officer.malformed``."""
    from answerable.admission.roster import trust
    from answerable.crypto.b64 import b64u
    from answerable.errors import Refused
    from answerable.log import roster

    if not file:
        return dict(pins)
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise Refused("admin.request", detail=f"{file}: {type(error).__name__}") from None
    known = trust(roster.read(data.strip()), str(pins["origin"]), issuers={}, pulses={})
    return {
        **pins,
        "officers": {kid: b64u(key) for kid, key in known.officers.items()},
        "authorities": {kid: b64u(key) for kid, key in known.authorities.items()},
        "named": dict(known.named),
    }
