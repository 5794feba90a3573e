# SPDX-License-Identifier: Apache-2.0
"""Keys of people, as files of mode 600: a key, and a card that says whose it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.model.terms import AdminRole

FOLDER = "people"
PURPOSE = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a key. kid: rid of the key leaf that enrolled it."""

    name: str
    kid: str
    roles: tuple[AdminRole, ...]
    key: Key


def write(folder: Path, person: Person) -> Path:
    """Save key and card (name, kid, roles) side by side."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    person.key.save(folder / f"{person.name}.key", purpose=PURPOSE)
    card = folder / f"{person.name}.json"
    card.write_text(json.dumps({"kid": person.kid, "name": person.name, "roles": list(person.roles)}) + "\n")
    return card


def read(card: Path) -> Person:
    """Raises Refused ``admin.no_key`` if card or key cannot be read."""
    try:
        data = json.loads(card.read_text())
        key = Key.load(card.with_suffix(".key"), purpose=PURPOSE)
        return Person(str(data["name"]), str(data["kid"]), tuple(map(AdminRole, data["roles"])), key)
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused("admin.no_key", detail=f"{card.name} cannot be read") from None
