# SPDX-License-Identifier: Apache-2.0
"""Looking things up, with one refusal for each way to fail."""

from __future__ import annotations

from answerable.errors import Refused
from answerable.model.records import Copy, Party, System
from answerable.model.terms import PartyKind
from answerable.ports import Directory


def party(directory: Directory, ref: str) -> Party:
    """Raises Refused ``party.is_system`` for what names a system or copy, whatever its credentials;
    ``party.unknown`` for what names nothing."""
    if found := directory.party(ref):
        return found
    if ref.startswith("spiffe:") or directory.system(ref) or directory.copy(ref):
        raise Refused("party.is_system", party=ref)
    raise Refused("party.unknown", party=ref)


def person(directory: Directory, ref: str) -> Party:
    """A natural person. Raises as `party`, and Refused ``party.not_person``."""
    found = party(directory, ref)
    if found.kind is not PartyKind.PERSON:
        raise Refused("party.not_person", party=ref)
    return found


def system(directory: Directory, ref: str) -> System:
    """Raises Refused ``system.unknown``."""
    if found := directory.system(ref):
        return found
    raise Refused("system.unknown", system=ref)


def copy(directory: Directory, ref: str) -> Copy:
    """Raises Refused ``system.copy_unknown``."""
    if found := directory.copy(ref):
        return found
    raise Refused("system.copy_unknown", copy=ref)
