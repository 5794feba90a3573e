# SPDX-License-Identifier: Apache-2.0
"""Orders and releases signed on files: by an authority's or owners' keys, or by an officer's for holders themselves.

What is signed needs nothing of the service: an authority stops an operator who would not let it in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.admission import orders
from answerable.app import people
from answerable.app.rosters import AUTHORITY
from answerable.crypto import canonical
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused, VerificationError
from answerable.log import proof, roster, statement
from answerable.log.leaf import decode
from answerable.model.leaves import OrderLeaf, ReleaseLeaf, SystemLeaf
from answerable.model.terms import OrderKind, Scope
from answerable.stops.orders import release_statement
from answerable.stops.planned import Reason

MAX_FILE: Final = 1 << 16
_PARTY: Final = "party"
_PERSON: Final = people.PURPOSE


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    origin: str
    order: OrderLeaf | None = None
    release: ReleaseLeaf | None = None
    reason: str = ""
    salt: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """A statement on its way. reason, salt: what an order's commitment hides."""

    origin: str
    leaf: OrderLeaf | ReleaseLeaf
    reason: str = ""
    salt: str = ""
    count: int | None = None

    @property
    def is_order(self) -> bool:
        return isinstance(self.leaf, OrderLeaf)

    def signed(self, files: Iterable[str]) -> Signing:
        """With a signature of each: an authority's key file, or the card of a party's key. Raises Refused ``log.key``,
        ``admin.no_key``."""
        sigs = list(self.leaf.sigs)
        for name in files:
            kid, key = _key(name)
            if all(sig.key != kid for sig in sigs):
                sigs.append(statement.sign(self.leaf, self.origin, key, kid))
        return replace(self, leaf=msgspec.structs.replace(self.leaf, sigs=sigs))

    def body(self) -> dict[str, Any]:
        """What the control plane takes."""
        leaf = msgspec.to_builtins(self.leaf)
        if not self.is_order:
            return {"release": leaf}
        return {"order": leaf, "reason": self.reason, "salt": self.salt, "count": self.count}

    def encoded(self) -> bytes:
        return json.dumps({"origin": self.origin, **self.body()}, ensure_ascii=False, indent=2).encode() + b"\n"

    def message(self, subject: bytes = b"") -> bytes:
        """The message that holders take directly (`docs/spec/order.md`). subject: the root's leaf, where that is a
        system. Raises VerificationError ``order.malformed``, Refused ``order.subject`` where that leaf is missing."""
        if not isinstance(self.leaf, OrderLeaf):
            raise Refused("admin.request", detail="only an order has a message")
        found = decode(subject) if subject else None
        if self.leaf.scope in (Scope.SYSTEM, Scope.LINEAGE) and not isinstance(found, SystemLeaf):
            raise Refused("order.subject")
        num = found.num if isinstance(found, SystemLeaf) else 0
        return orders.direct(self.leaf, origin=self.origin, subject=subject, num=num)

    def shown(self) -> dict[str, Any]:
        return {"origin": self.origin, "kind": self.leaf.k, "keys": [sig.key for sig in self.leaf.sigs]}


def order(
    origin: str,
    *,
    kind: OrderKind,
    root: str,
    scope: Scope,
    reason: str,
    completes: str = "",
    count: int | None = None,
) -> Signing:
    """An order without signatures. root: record id, or a world's name. Raises Refused ``stop.malformed``."""
    why = Reason.of(reason)
    leaf = OrderLeaf(
        c=why.commitments, dig=[], kind=kind.value, n=nonce(), prev=completes or UNSET, root=root, scope=scope.value,
        sigs=[], t=0,
    )  # fmt: skip
    return Signing(origin, leaf, why.text, b64u(why.salt), count)


def release(origin: str, order: str) -> Signing:
    return Signing(origin, release_statement(order))


def subject_of(path: str) -> bytes:
    """A leaf as a file tells it: a proof (`answerable log prove RECORD_ID --format tlog-proof`), or its JSON alone.
    Raises Refused ``order.subject``."""
    try:
        data = Path(path).read_bytes()
        if data.startswith(proof.MAGIC.encode()):
            return proof.parse(data).extra
        return canonical.dumps(canonical.loads(data))
    except (OSError, VerificationError):
        raise Refused("order.subject") from None


def read(path: str) -> Signing:
    """Raises Refused ``admin.request``."""
    try:
        data = Path(path).read_bytes()
        if len(data) > MAX_FILE:
            raise ValueError("too long")
        found = msgspec.json.decode(data, type=_File)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise Refused("admin.request", detail=f"{path}: {type(error).__name__}") from None
    leaf = found.order or found.release
    if leaf is None:
        raise Refused("admin.request", detail=f"{path}: neither an order nor a release")
    return Signing(found.origin, leaf, found.reason, found.salt, found.count)


def _key(name: str) -> tuple[str, Key]:
    path = Path(name)
    if path.suffix == ".json":
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            kid, purpose = str(card["kid"]), _PERSON if "roles" in card else _PARTY
        except (OSError, ValueError, KeyError, TypeError):
            raise Refused("admin.no_key", detail=f"{path.name} cannot be read") from None
        return kid, Key.load(path.with_suffix(".key"), purpose=purpose)
    key = Key.load(path, purpose=AUTHORITY)
    return roster.key_id(key.public), key
