# SPDX-License-Identifier: Apache-2.0
"""Which person's key signs a command."""

from __future__ import annotations

import os
from pathlib import Path

from answerable.app.people import FOLDER, Person, read
from answerable.errors import Refused
from answerable.model.roles import may
from answerable.model.terms import AdminRole


def choose(store: Path, name: str | None, role: AdminRole) -> Person:
    """The person who signs: the one named (a name in the store's folder, or a card's path), else the only one here
    whose roles suffice. Raises Refused ``admin.no_key``."""
    chosen = name or os.environ.get("ANSWERABLE_AS")
    folder = store / FOLDER
    if chosen:
        path = Path(chosen)
        return read(path if path.suffix == ".json" else folder / f"{chosen}.json")
    cards = sorted(folder.glob("*.json")) if folder.is_dir() else []
    able = [person for person in map(read, cards) if may(person.roles, role)]
    if not able:
        raise Refused("admin.no_key", detail=f"none with the role {role} in this store's folder")
    if role in (AdminRole.OFFICER, AdminRole.APPROVER) and len(able) > 1:
        raise Refused("admin.no_key", detail="several could sign: " + ", ".join(person.name for person in able))
    return able[0]
