# SPDX-License-Identifier: Apache-2.0
"""A new key for the log, under the same origin (`docs/operate/publish.md`).

The old key signs the leaf that names its successor, which signs it too; then the log, under its successor, records the
leaf that withdraws the old. Each step is durable before the next, and a rotation that was cut short goes on where it
ended: the old key is gone only when the log has its successor. What it signed stays believed, by the trust file that
has both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from msgspec import UNSET, structs

from answerable import durable
from answerable.app import keys as own_keys
from answerable.app.core import TRUST_FILE, Core, known_keys, log_keys, open_core
from answerable.app.keys import FOLDER, FORMER_FILE, LOG, LOG_FILE, SAFE_FILE
from answerable.config import Config
from answerable.crypto import mldsa
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log import leaf as leaves
from answerable.log import statement
from answerable.log.checkpoint import SAFE_MEMBER
from answerable.log.note import VerifierKey
from answerable.log.trust import format, parse
from answerable.model.leaves import KeyLeaf, Sig
from answerable.model.units import Expect, Put, Space, Unit

ROW: Final = "log_key"  # in `Space.MISC`: rid of the key leaf of the log's key; until a first rotation it is leaf 0
ENDED: Final = "log_key_ended"  # likewise: the newest such leaf whose `prev` is withdrawn
NEXT_FILE: Final = "log.next.key"
NEXT_SAFE_FILE: Final = "log-mldsa.next.key"


@dataclass(frozen=True, slots=True)
class Rotated:
    """key: verifier key of the log's key now; former: of the one before; leaf, withdrawn: rids of the leaves that say
    so; trust: the trust file that readers need from now on."""

    key: str
    former: str
    leaf: str
    withdrawn: str
    trust: Path


async def rotate(config: Config) -> Rotated:
    """Give the log a new key. The store must not be served meanwhile.

    Raises Unavailable ``store.locked`` while it is, ``store.*``, ``log.stopped``; Refused ``log.key``.
    """
    folder = config.store_path / FOLDER
    core = await open_core(config)
    try:
        _able(core)
        following = None if _unfinished(core) else _following(folder)
        before = VerifierKey.of(core.origin, core.keys.log.public)
        if following is not None:
            leaf = await _name(core, *following)
            await core.reader.checkpoint()  # published under the old key: whoever follows sees its word first
            _remember(folder, log_keys(core.keys, core.origin))
    finally:
        await core.close()
    _swap(folder)
    _tell(config, before.name)
    # Whatever was cut short before, from here on the new key signs.
    core = await open_core(config)
    try:
        _able(core)
        if following is None:
            leaf = (core.book.raw(Space.MISC, ROW) or b"").decode()
        former = core.keys.former[0]  # the Ed25519 key comes first
        withdrawn = await _withdraw(core, leaf)
        await core.reader.checkpoint()
        key = str(VerifierKey.of(core.origin, core.keys.log.public))
        return Rotated(key, str(former), leaf, withdrawn, config.store_path / TRUST_FILE)
    finally:
        await core.close()


def _unfinished(core: Core) -> bool:
    """Whether the key that signs now has taken its place, and the one before it is not withdrawn yet."""
    named, ended = core.book.raw(Space.MISC, ROW), core.book.raw(Space.MISC, ENDED)
    return named is not None and named != ended and not (core.config.store_path / FOLDER / NEXT_FILE).exists()


def _able(core: Core) -> None:
    if core.ledger.failure is not None:
        raise core.ledger.failure


def _following(folder: Path) -> tuple[Key, mldsa.Key]:
    """The next keys, made if there are none."""
    first, second = folder / NEXT_FILE, folder / NEXT_SAFE_FILE
    try:
        # Made in the order in which they take their places: of a rotation that was cut short, what is left tells where.
        if not first.exists():
            Key.generate().save(first, purpose=LOG)
        if not second.exists():
            mldsa.Key.generate().save(second, purpose=LOG)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{folder}: {error.strerror}") from None
    return Key.load(first, purpose=LOG), mldsa.Key.load(second, purpose=LOG)


async def _name(core: Core, key: Key, safe: mldsa.Key) -> str:
    """The leaf that names the next key, signed by both; rid. Once: a rotation that was cut short after it finds it."""
    row = core.book.raw(Space.MISC, ROW)
    newest = await _leaf(core, row)
    if newest[1].pub == b64u(key.public):
        return newest[0]
    draft = KeyLeaf(
        n=nonce(),
        own=core.origin,
        prev=newest[0],
        pub=b64u(key.public),
        sigs=[],
        t=core.now,
        use=LOG,
        x={SAFE_MEMBER: b64u(safe.public)},
    )
    own = statement.sign(draft, core.origin, core.keys.log, newest[0])
    itself = Sig(key=core.origin, sig=statement.sign(draft, core.origin, key, core.origin).sig)
    data = leaves.encode(structs.replace(draft, sigs=[own, itself]))
    rid = leaves.rid(data)
    await core.ledger.commit(
        Unit(leaves=(data,), effects=(Put(Space.MISC, ROW, rid.encode()),), expect=(Expect(Space.MISC, ROW, row),))
    )
    return rid


async def _withdraw(core: Core, leaf: str) -> str:
    """The leaf that ends the key before the one that `leaf` names; rid."""
    data = await core.reader.find(leaf)
    named = leaves.decode(data) if data is not None else None
    if not isinstance(named, KeyLeaf) or named.prev is UNSET or named.pub != b64u(core.keys.log.public):
        raise Unavailable("store.damaged", detail="the log's key is not the one that its newest key leaf names")
    found = await core.reader.find(named.prev)
    old = leaves.decode(found) if found is not None else None
    if not isinstance(old, KeyLeaf):
        raise Unavailable("store.damaged", detail="the log's former key has no leaf")
    row = core.book.raw(Space.MISC, ROW)
    ended = KeyLeaf(end=True, n=nonce(), own=core.origin, prev=named.prev, pub=old.pub, t=core.now, use=LOG)
    data = leaves.encode(ended)
    effects = (Put(Space.MISC, ENDED, leaf.encode()),)
    await core.ledger.commit(Unit(leaves=(data,), effects=effects, expect=(Expect(Space.MISC, ROW, row),)))
    return leaves.rid(data)


async def _leaf(core: Core, row: bytes | None) -> tuple[str, KeyLeaf]:
    """The key leaf of the log's key as the log has it: (rid, leaf)."""
    data = await core.reader.find(row.decode()) if row is not None else next(iter(await core.reader.tail(0, 1)), None)
    leaf = leaves.decode(data) if data is not None else None
    if data is None or not isinstance(leaf, KeyLeaf) or leaf.use != LOG:
        raise Unavailable("store.damaged", detail="the log's key has no leaf")
    return leaves.rid(data), leaf


def _remember(folder: Path, keys: tuple[VerifierKey, ...]) -> None:
    """Among the former keys before they are: a key that signed the newest head must be known when it is gone."""
    known = [str(key) for key in own_keys.former(folder.parent)]
    fresh = [str(key) for key in keys if str(key) not in known]
    _written(folder / FORMER_FILE, "".join(f"{line}\n" for line in [*fresh, *known]).encode())


def _swap(folder: Path) -> None:
    """The next keys take their places, Ed25519 first: what is there without it tells that the rest is to be done."""
    try:
        for following, name in ((NEXT_FILE, LOG_FILE), (NEXT_SAFE_FILE, SAFE_FILE)):
            if (folder / following).exists():
                (folder / following).replace(folder / name)
                durable.sync(folder)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{folder}: {error.strerror}") from None


def _tell(config: Config, origin: str) -> None:
    """The trust file names the new keys beside the former; whatever else it says stays."""
    path = config.store_path / TRUST_FILE
    own = own_keys.load(config.store_path)
    try:
        known = parse(path.read_bytes())
        wanted = known_keys(own, origin)
        logs = (*known.logs, *(key for key in wanted if key not in known.logs))
        _written(path, format(replace(known, logs=logs)))
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
    except VerificationError as error:
        raise Refused("config.value", detail=f"{path}: {error.code}") from None


def _written(path: Path, data: bytes) -> None:
    try:
        durable.replace(path, data, 0o644)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
