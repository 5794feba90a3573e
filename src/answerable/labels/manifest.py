# SPDX-License-Identifier: Apache-2.0
"""What our C2PA manifests say (C2PA 2.2 sections 18.10 and 18.15, actions of 2.4), as the definition that the signing
library takes. Nothing is signed here.

Our own assertion is `org.answerable.record`, named as section 6.2.1 asks of an entity's own: record, system and party
of the log, when it was made, and the receipt. The log's checkpoint in the receipt is the time that this project vouches
for; a time stamp of RFC 3161 comes from an authority and is off unless one is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from answerable.crypto.b64 import b64u

RECORD: Final = "org.answerable.record"
ACTIONS: Final = "c2pa.actions.v2"
SOFT_BINDING: Final = "c2pa.soft-binding"
IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED: Final = IPTC + "trainedAlgorithmicMedia"
COMPOSITE: Final = IPTC + "compositeWithTrainedAlgorithmicMedia"
PARENT: Final = "parent"
MAX_RECEIPT: Final = 65_536
MAX_STORE_MIB: Final = 2
# What the library holds in memory of a file before it goes to a temporary one.
_SPILL_MIB: Final = 16


@dataclass(frozen=True, slots=True)
class SoftBinding:
    """The watermark in the pixels. alg: its name and version, e.g. "org.answerable.image.1"; value: its payload. C2PA
    keeps a list of algorithms, on which ours does not stand: readers elsewhere know the value, not how to look for
    it."""

    alg: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What a manifest says. record, system, party: rids; made_at: ms since 1970; receipt: its bytes, b"" for none yet;
    edited: the content is somebody else's that a model changed, rather than made by a model; agent: name and version of
    the system, as people know it, empty where they are not known."""

    record: str
    system: str
    party: str
    made_at: int
    receipt: bytes = b""
    soft_binding: SoftBinding | None = None
    edited: bool = False
    agent: tuple[str, str] = ("", "")


def definition(said: Said, *, version: str, parent: bool) -> dict[str, Any]:
    """version: of this program; parent: the file had a manifest, or was edited, and the earlier file is kept as
    ingredient. Every assertion is attributed to the signer ("created")."""
    return {
        "claim_generator_info": [{"name": "answerable", "version": version}],
        "assertions": [
            {"label": label, "data": data, "created": True}
            for label, data in (
                (ACTIONS, {"actions": _actions(said, parent)}),
                (RECORD, _record(said)),
                *(((SOFT_BINDING, _soft_binding(said.soft_binding)),) if said.soft_binding else ()),
            )
        ],
    }


def settings(anchors: bytes = b"", hosts: tuple[str, ...] = (), piece_kib: int = 0) -> dict[str, Any]:
    """The library's settings: no thumbnails, and no network but `hosts` (of a time-stamping authority). anchors:
    PEM; piece_kib: size of the pieces of video that are hashed one by one, 0 for all at once."""
    made: dict[str, Any] = {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "core": {
            "allowed_network_hosts": list(hosts),
            "allow_redirects": False,
            "backing_store_memory_threshold_in_mb": _SPILL_MIB,
            "max_decompressed_manifest_size_in_mb": MAX_STORE_MIB,
        },
    }
    if piece_kib:
        made["core"]["merkle_tree_chunk_size_in_kb"] = piece_kib
    if anchors:
        made["trust"] = {"user_anchors": anchors.decode("ascii", "replace")}
    return made


def _actions(said: Said, parent: bool) -> list[dict[str, Any]]:
    """Section 18.15.4: a file is created or opened, once and first; what is opened names its parent."""
    when = datetime.fromtimestamp(said.made_at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = COMPOSITE if said.edited else GENERATED
    actions: list[dict[str, Any]]
    if parent:
        actions = [
            {"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": [PARENT]}},
            {"action": "c2pa.edited", "when": when, "digitalSourceType": kind},
        ]
    else:
        actions = [{"action": "c2pa.created", "when": when, "digitalSourceType": kind}]
    if said.agent[0]:
        actions[-1]["softwareAgent"] = dict(zip(("name", "version"), filter(None, said.agent), strict=False))
    if said.soft_binding:
        actions.append({"action": "c2pa.watermarked.bound", "when": when})
    return actions


def _record(said: Said) -> dict[str, Any]:
    data: dict[str, Any] = {
        "record": said.record,
        "system": said.system,
        "party": said.party,
        "made_at": said.made_at,
    }
    if said.receipt:
        data["receipt"] = b64u(said.receipt)
    return data


def _soft_binding(mark: SoftBinding) -> dict[str, Any]:
    # The library takes JSON, which knows no bytes: they are written as a list of numbers, and its readers take both.
    return {"alg": mark.alg, "blocks": [{"scope": {}, "value": list(mark.value)}]}
