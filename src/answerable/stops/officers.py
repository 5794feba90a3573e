# SPDX-License-Identifier: Apache-2.0
"""Whose signatures count: officers in office, natural persons, each once, however many keys they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.statement import verify
from answerable.model.leaves import Leaf, Sig
from answerable.model.records import Admin
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Space
from answerable.ports import Directory

# More signatures than any rule asks for; checking one costs some 120 microseconds.
MAX_SIGNATURES: Final = 16


def origin(directory: Directory) -> str:
    """The log's origin, which every statement names. Raises Unavailable ``stop.no_origin`` before the log has one."""
    raw = directory.raw(Space.MISC, "origin")
    if not raw:
        raise Unavailable("stop.no_origin")
    return raw.decode("utf-8")


def signers(directory: Directory, leaf: Leaf, sigs: Sequence[Sig]) -> tuple[Admin, ...]:
    """The officers who signed `leaf`, one entry a person. One bad signature refuses the statement: it was tampered with
    or made for another log.

    Raises Refused ``stop.signature``, ``stop.not_officer``, ``stop.malformed``.
    """
    if len(sigs) > MAX_SIGNATURES:
        raise Refused("stop.malformed", detail=f"more than {MAX_SIGNATURES} signatures")
    where = origin(directory)
    found: dict[str, Admin] = {}
    for sig in sigs:
        officer = in_office(directory, sig.key)
        if officer is None:
            raise Refused("stop.not_officer", key=sig.key[:64])
        try:
            verify(leaf, where, sig, unb64u(officer.key))
        except VerificationError:
            raise Refused("stop.signature", key=sig.key[:64]) from None
        found.setdefault(officer.person, officer)
    return tuple(found.values())


def in_office(directory: Directory, key: str) -> Admin | None:
    """The officer whose key leaf has this rid, if still in office and a natural person. A system's or copy's key is
    never one, whatever its credentials."""
    admin = directory.admin(key)
    if admin is None or admin.ended or AdminRole.OFFICER not in admin.roles:
        return None
    person = directory.party(admin.person)
    return admin if person is not None and person.kind is PartyKind.PERSON else None


def people(directory: Directory, keys: Iterable[str]) -> set[str]:
    """rids of the persons behind key leaves, in office or not."""
    return {admin.person for key in keys if (admin := directory.admin(key)) is not None}
