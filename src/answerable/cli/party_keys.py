# SPDX-License-Identifier: Apache-2.0
"""Keys of parties, as files of mode 600: with which a party sells a system, or, as a registrar, vouches for others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.app.people import Person
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused

FOLDER: Final = "party-keys"
PURPOSE: Final = "party"


@dataclass(frozen=True, slots=True)
class PartyCard:
    """kid: rid of the key leaf; party: rid of its owner; use: ``party`` or ``registrar``."""

    kid: str
    party: str
    use: str
    key: Key

    @property
    def signer(self) -> Person:
        """As `drafts.signed` takes it."""
        return Person(self.party, self.kid, (), self.key)


def write(folder: Path, card: PartyCard) -> Path:
    """Save key and card side by side, named by the key's rid; the card's path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    card.key.save(folder / f"{card.kid}.key", purpose=PURPOSE)
    path = folder / f"{card.kid}.json"
    path.write_text(json.dumps({"kid": card.kid, "party": card.party, "use": card.use}) + "\n")
    return path


def read(path: Path) -> PartyCard:
    """Raises Refused ``admin.no_key``, ``log.key``."""
    try:
        data = json.loads(path.read_text())
        return PartyCard(
            str(data["kid"]), str(data["party"]), str(data["use"]), Key.load(path.with_suffix(".key"), purpose=PURPOSE)
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused("admin.no_key", detail=f"{path.name} cannot be read") from None


def find(folder: Path, party: str, use: str = "") -> PartyCard:
    """The newest key of a party (rid) in the folder. Raises Refused ``party.no_key``, ``admin.no_key``."""
    cards = (
        sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True) if folder.is_dir() else []
    )
    for path in cards:
        card = read(path)
        if card.party == party and use in ("", card.use):
            return card
    raise Refused("party.no_key", party=party, folder=str(folder))
