# SPDX-License-Identifier: Apache-2.0
"""Who asks: each request carries a proof by a person's key (`admission.proof`), and each route names the role it needs.

Reaching the socket is no credential: loopback and file modes are the second fence, not the first. A handle, a warrant
or a copy's key proves nothing where a person is needed: only keys of persons are looked up there.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from answerable.admission import proof
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, Unavailable
from answerable.model.records import Admin, Copy, Node, PartyKey
from answerable.model.roles import may
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.ports import Clock, Directory
from answerable.privacy.statements import PARTY_USE

# Proofs of one key whose reuse is looked for; past it that key's new requests are refused rather than old proofs
# forgotten. Each key has its own: what one copy floods keeps no officer from stopping it.
REMEMBERED = 10_000

_party_key = msgspec.json.Decoder(PartyKey).decode
_node = msgspec.json.Decoder(Node).decode


class Doorkeeper:
    """Checks proofs against the directory, and that each is used once."""

    def __init__(self, directory: Directory, clock: Clock, origin: str) -> None:
        self._directory = directory
        self._clock = clock
        self._origin = origin
        self._used: dict[str, dict[bytes, int]] = {}  # key -> digest of a proof's `jti` -> ms UTC until it counts

    def person(self, header: str, method: str, path: str, body: bytes, needed: AdminRole) -> Admin:
        """The person who signed. Raises Refused ``admin.unsigned|unknown_key|replayed|role``."""
        token = _token(header)
        kid = proof.kid_of(token)
        admin = self._directory.admin(kid)
        if admin is None or admin.ended:
            raise Refused("admin.unknown_key")
        self._check(token, {kid: unb64u(admin.key)}, proof.PERSON, method, path, body)
        if not may(admin.roles, needed):
            raise Refused("admin.role", needed=needed.value, roles=", ".join(admin.roles))
        return admin

    def copy(self, header: str, method: str, path: str, body: bytes) -> Copy:
        """The running copy that signed, for what copies may ask: their own warrant. Raises as `person`."""
        token = _token(header)
        kid = proof.kid_of(token)
        copy = self._directory.copy(kid)
        if copy is None or copy.ended or copy.rid != kid:
            raise Refused("admin.unknown_key")
        self._check(token, {kid: unb64u(copy.key)}, proof.COPY, method, path, body)
        return copy

    def party(self, header: str, method: str, path: str, body: bytes) -> PartyKey:
        """The party's own key that signed, for what a party may ask about itself. Raises as `person`."""
        token = _token(header)
        kid = proof.kid_of(token)
        raw = self._directory.raw(Space.PARTY_KEYS, kid)
        key = _party_key(raw) if raw else None
        if key is None or key.ended or key.use != PARTY_USE:
            raise Refused("admin.unknown_key")
        self._check(token, {kid: unb64u(key.key)}, proof.PARTY, method, path, body)
        return key

    def node(self, header: str, method: str, path: str, body: bytes) -> Node:
        """The gateway node that signed, for what an enrolled node may ask. Raises as `person`."""
        token = _token(header)
        kid = proof.kid_of(token)
        raw = self._directory.raw(Space.NODES, kid)
        node = _node(raw) if raw else None
        if node is None or node.ended:
            raise Refused("admin.unknown_key")
        self._check(token, {kid: unb64u(node.key)}, proof.NODE, method, path, body)
        return node

    def _check(self, token: str, keys: dict[str, bytes], typ: str, method: str, path: str, body: bytes) -> None:
        now = self._clock.now_ms()
        found = proof.check(token, keys, typ=typ, origin=self._origin, method=method, path=path, body=body, now_ms=now)
        jti = sha256(found.jti.encode("utf-8", "surrogatepass")).digest()
        used = self._used.setdefault(found.kid, {})
        if jti in used:
            raise Refused("admin.replayed")
        if len(used) >= REMEMBERED:
            used = self._used[found.kid] = {each: until for each, until in used.items() if until > now}
            if len(used) >= REMEMBERED:
                raise Unavailable("log.full")
        used[jti] = now + 2 * proof.WINDOW_MS


def _token(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme != "Proof" or not token:
        raise Refused("admin.unsigned", detail="no Proof")
    return token
