# SPDX-License-Identifier: Apache-2.0
"""How every log begins, a registry's, a node's and a root's alike: an empty folder, keys, a store, a guard, and a first
leaf that names the key that signs it (`docs/spec/checkpoint.md`)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from answerable.app import keys as own_keys
from answerable.app.core import Core, run_core
from answerable.app.stores import create_store, probe
from answerable.app.upgrading import KEY, ROWS
from answerable.config import Config
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable
from answerable.log import leaf as leaves
from answerable.log.checkpoint import SAFE_MEMBER
from answerable.model.leaves import KeyLeaf
from answerable.model.units import Expect, Put, Space, Unit
from answerable.sequencer.guard import Guard


async def begin(config: Config, origin: str, *, demo: bool = False) -> Core:
    """A new log of that origin, open and empty. Raises Refused ``store.exists``, Unavailable ``store.*``, and as
    `Guard.create`."""
    path = config.store_path
    if path.exists() and any(path.iterdir()):
        raise Refused("store.exists", path=str(path))
    probe(config)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
    keys = own_keys.create(path)
    store = create_store(config, keys.payload)
    try:
        guard = Guard.create(config.guard_path, origin)
    except BaseException:
        store.close()
        raise
    return await run_core(config, keys, store, guard, origin, origin, demo=demo)


def log_key(core: Core) -> KeyLeaf:
    """Leaf 0: the log's own key, and its ML-DSA-44 key where it has one."""
    safe = {SAFE_MEMBER: b64u(core.keys.safe.public)} if core.keys.safe is not None else UNSET
    return KeyLeaf(n=nonce(), own=core.origin, pub=b64u(core.keys.log.public), t=core.now, use=own_keys.LOG, x=safe)


async def sign_first(core: Core, first: tuple[KeyLeaf, ...], rows: Mapping[str, str]) -> None:
    """Write the first leaves, and whose log this is (rows of the miscellany) in the same unit. Raises Refused
    ``log.conflict`` where the log has begun."""
    told = {"domain": core.origin, "origin": core.origin, KEY: str(ROWS), **rows}
    await core.ledger.commit(
        Unit(
            leaves=tuple(leaves.encode(leaf) for leaf in first),
            effects=tuple(Put(Space.MISC, name, value.encode()) for name, value in told.items()),
            expect=(Expect(Space.MISC, "domain", None),),
        )
    )
