# SPDX-License-Identifier: Apache-2.0
"""What somebody whose word counts here has attested of a system: an in-toto statement in a DSSE envelope, by its
digest."""

from __future__ import annotations

from answerable.model.records import Record


class Attested(Record, frozen=True, kw_only=True):
    """Row of `Space.ATTESTATIONS`, key `key`: the newest of its predicate type for its system."""

    rid: str  # of the attestation leaf
    system: str  # rid
    predicate: str  # predicate type, a URI
    digest: str  # that the statement is about, "sha256:<hex>"
    by: str  # rid of the key leaf that signed
    at: int
    expires: int  # ms UTC


def key(system: str, predicate: str) -> str:
    return f"{system}:{predicate}"
