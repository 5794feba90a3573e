# SPDX-License-Identifier: Apache-2.0
"""What `who --receipt` writes beside the plain receipt: contents that a grant opens, and the COSE form."""

from __future__ import annotations

import base64
from typing import Any

from answerable.cli.session import Session
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log import receipt as receipts
from answerable.log.receipt import Disclosure
from answerable.log.statement import sign
from answerable.log.trust import Trust
from answerable.verify.report import Report


def disclosed(here: Session, report: Report, data: bytes, wanted: tuple[str, ...], grant: str) -> bytes:
    """The receipt with the contents of `wanted`. What it does not disclose yet is read under the grant, which leaves a
    leaf that says who read it.

    Raises Unavailable ``receipt.undisclosed`` where no grant is named or nothing is kept, and what the service refuses.
    """
    missing = [group for group in wanted if report.content(group) is None]
    if not missing:
        return data
    if not grant:
        raise Unavailable("receipt.undisclosed", group=",".join(missing))
    parts = here.post("/data/read", {"read": _reading(here, grant, report.record, missing)})["parts"]
    shown = [
        Disclosure(part["rid"], part["group"], base64.b64decode(part["salt"]), base64.b64decode(part["body"]))
        for part in parts
    ]
    lacking = sorted(set(missing) - {part.group for part in shown})
    if lacking:
        raise Unavailable("receipt.undisclosed", group=",".join(lacking))
    read = receipts.parse(data)
    return receipts.build(read.record, read.leaves, (*read.disclosures, *shown), read.checkpoint, read.root)


def cose(here: Session, record: str, trust: Trust) -> bytes:
    """The record's COSE receipt, checked as whoever gets it will. Raises Refused, Unavailable, VerificationError."""
    from answerable.verify.cose import verify_record

    data = base64.b64decode(here.post("/who", {"record": record, "cose": True})["receipt"])
    if verify_record(data, trust).record != record:
        raise VerificationError("receipt.inconsistent", detail="the service answered with another record")
    return data


def _reading(here: Session, grant: str, record: str, wanted: list[str]) -> dict[str, Any]:
    import msgspec

    from answerable.log.leaf import is_rid
    from answerable.privacy.grants import read_statement

    if not is_rid(grant):
        raise Refused("admin.not_found", name=grant[:64])
    leaf = read_statement(grant, record, wanted)
    signed = msgspec.structs.replace(leaf, sigs=[sign(leaf, here.origin, here.person.key, here.person.kid)])
    found: dict[str, Any] = msgspec.to_builtins(signed)
    return found
