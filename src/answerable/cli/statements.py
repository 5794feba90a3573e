# SPDX-License-Identifier: Apache-2.0
"""What the verbs of privacy share: which action is meant, who signs, and the words that a leaf only commits to."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from answerable.cli.party_keys import PartyCard
    from answerable.cli.session import Session
    from answerable.privacy.statements import Words


def opening(here: Session, text: str) -> dict[str, Any]:
    """The open leaf, with its `rid`, of the action that a record id, or an id in a label, names. Raises Refused
    ``admin.not_found``, ``privacy.unknown``."""
    from answerable.cli.session import part
    from answerable.errors import Refused
    from answerable.formats.saved import record_id

    rid = record_id(text) or text
    found = here.get(f"/log/records/{part(rid)}")
    if found["kind"] == "close":
        rid = found["leaf"]["open"]
        found = here.get(f"/log/records/{part(rid)}")
    if found["kind"] != "open":
        raise Refused("privacy.unknown", what="action", rid=rid[:64])
    return {**found["leaf"], "rid": rid}


def said(words: Words) -> dict[str, str]:
    """As the control plane takes words."""
    from answerable.crypto.b64 import b64u

    return {"text": words.text, "salt": b64u(words.salt)}


def party_card(here: Session, party: str, named: str) -> PartyCard:
    """The key with which the party signs for itself. named: path of its card, "" for the one in the store."""
    from answerable.cli import party_keys
    from answerable.privacy.statements import PARTY_USE

    if named:
        return party_keys.read(Path(named))
    return party_keys.find(here.place.store / party_keys.FOLDER, party, PARTY_USE)


def person_of(here: Session, name: str) -> str:
    """rid of the party of a person: by the name under which it is enrolled, its party id or record id. Raises Refused
    ``admin.not_found``."""
    from answerable.cli.session import part
    from answerable.errors import Refused

    named = {row["person"] for row in here.get("/admins") if row["name"] == name and not row["ended"]}
    if len(named) == 1:
        return str(named.pop())
    if named:
        raise Refused("admin.request", detail=f"several people are called {name}: name one by its party id")
    return str(here.get(f"/parties/{part(name)}")["party"]["rid"])


def needed(args: argparse.Namespace, **options: object) -> None:
    """Raises Refused ``admin.request`` for the first of these options that is missing."""
    from answerable.errors import Refused

    for name, value in options.items():
        if not value:
            raise Refused("admin.request", detail=f"--{name} is missing")
