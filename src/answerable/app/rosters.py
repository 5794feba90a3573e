# SPDX-License-Identifier: Apache-2.0
"""Rosters and root keys as files: made, signed and checked on a machine without a network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log import roster, statement
from answerable.model.leaves import AuthorityRef, OfficerRef, RootsRef, RosterLeaf
from answerable.stops.rosters import draft as drafted

ROOT: Final = "root"  # purpose of a root key's file
AUTHORITY: Final = "authority"
ROOTS_FILE: Final = "roots.json"
CARD: Final = "authority.json"
MAX_FILE: Final = 1 << 16


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    origin: str
    leaf: RosterLeaf
    before: RosterLeaf | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A roster on its way, and the one that it follows. origin: of the log that it is for."""

    origin: str
    leaf: RosterLeaf
    before: RosterLeaf | None = None

    def signed(self, files: Iterable[str]) -> Draft:
        """With a signature of each key file, root key or authority's. Raises Refused ``log.key``, VerificationError
        ``officer.malformed``."""
        roster.form(self.leaf)
        sigs = list(self.leaf.sigs)
        for name in files:
            key = load(name)
            kid = roster.key_id(key.public)
            if all(sig.key != kid for sig in sigs):
                sigs.append(statement.sign(self.leaf, self.origin, key, kid))
        return Draft(self.origin, msgspec.structs.replace(self.leaf, sigs=sigs), self.before)

    def check(self) -> None:
        """Raises VerificationError ``officer.*`` unless it may follow."""
        roster.check(self.leaf, self.origin, self.before)

    def shown(self) -> dict[str, Any]:
        have = {sig.key for sig in self.leaf.sigs}
        ours = sum(roster.key_id(unb64u(key)) in have for key in self.leaf.root.keys)
        return {
            "origin": self.origin,
            "seq": self.leaf.seq,
            "officers": [each.key for each in self.leaf.off],
            "authorities": [each.name for each in self.leaf.auth],
            "need": self.leaf.root.need,
            "have": ours,
            "signatures": len(have),
        }

    def lines(self) -> list[str]:
        shown = self.shown()
        return [
            f"{shown['origin']} #{shown['seq']}: {len(shown['officers'])} officers, "
            f"{len(shown['authorities'])} authorities; {shown['have']}/{shown['need']} root keys, "
            f"{shown['signatures']} signatures"
        ]


def make_roots(folder: str, keys: int, need: int) -> RootsRef:
    """Root keys in a new folder, each in a file of mode 600, and their public list. Raises Refused ``log.key``,
    ``admin.request``."""
    if not 1 <= need <= keys <= roster.MAX_ROOTS:
        raise Refused("admin.request", detail=f"1 <= --need <= --keys <= {roster.MAX_ROOTS}")
    public = _make(Path(folder), ROOT, keys)
    made = RootsRef(keys=public, need=need)
    _write(Path(folder) / ROOTS_FILE, msgspec.to_builtins(made))
    return made


def make_authority(folder: str, name: str, keys: int, need: int) -> Path:
    """An authority's keys, and the public card that a roster takes. Raises as `make_roots`."""
    if not 1 <= need <= keys <= roster.MAX_KEYS:
        raise Refused("admin.request", detail=f"1 <= --need <= --keys <= {roster.MAX_KEYS}")
    public = _make(Path(folder), AUTHORITY, keys)
    path = Path(folder) / CARD
    _write(path, msgspec.to_builtins(AuthorityRef(keys=public, name=name, need=need)))
    return path


def draft(
    origin: str,
    before: Mapping[str, Any] | None,
    officers: Iterable[Mapping[str, Any]],
    *,
    roots: str | None,
    without: Iterable[str],
    authorities: Iterable[str],
    dropped: Iterable[str],
) -> Draft | None:
    """The next roster: of the officers that the service lists, but for `without`; None where no root keys are known.
    Raises Refused ``admin.request`` for a file that cannot be read, VerificationError ``officer.malformed``."""
    older = msgspec.convert(before, RosterLeaf) if before is not None else None
    if roots is not None:
        named = _read(roots, RootsRef)
    elif older is not None:
        named = older.root
    else:
        return None
    gone, left = set(without), set(dropped)
    people = [
        OfficerRef(key=each["key"], own=each["person"], pub=each["public"])
        for each in officers
        if each["key"] not in gone
    ]
    listed = {each.name: each for each in (older.auth if older is not None else ()) if each.name not in left}
    listed |= {card.name: card for card in (_read(path, AuthorityRef) for path in authorities)}
    leaf = drafted(older, tuple(people), named, tuple(listed.values()))
    roster.form(leaf)
    return Draft(origin, leaf, older)


def read(path: str) -> Draft:
    """A draft's file. Raises Refused ``admin.request``."""
    found = _read(path, _File)
    return Draft(found.origin, found.leaf, found.before)


def write(path: str, draft: Draft) -> None:
    """Raises Refused ``admin.request``."""
    _write(
        Path(path),
        {
            "origin": draft.origin,
            "leaf": msgspec.to_builtins(draft.leaf),
            "before": msgspec.to_builtins(draft.before) if draft.before is not None else None,
        },
    )


def load(name: str) -> Key:
    """A root key, or an authority's. Raises Refused ``log.key``."""
    try:
        return Key.load(name, purpose=ROOT)
    except Refused:
        return Key.load(name, purpose=AUTHORITY)


def _make(folder: Path, purpose: str, keys: int) -> list[str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for n in range(1, keys + 1):
        key = Key.generate()
        key.save(folder / f"{purpose}-{n}.key", purpose=purpose)
        made.append(b64u(key.public))
    return sorted(made)


def _read(path: str, form: Any) -> Any:
    try:
        data = Path(path).read_bytes()
        if len(data) > MAX_FILE:
            raise ValueError("too long")
        return msgspec.json.decode(data, type=form)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise Refused("admin.request", detail=f"{path}: {type(error).__name__}") from None


def _write(path: Path, value: Any) -> None:
    try:
        path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused("admin.request", detail=f"{path}: {type(error).__name__}") from None
