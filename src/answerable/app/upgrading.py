# SPDX-License-Identifier: Apache-2.0
"""Rows of a store that an earlier version wrote, brought up to date when it is opened (`docs/spec/state.md`).

The file's tables have versions of their own (`stores.schema`). This is about what stands in rows: members that came
later, such as which change of the stop set an order was, can be told from the leaves alone, so every leaf is taken once
more, as `log fsck` does. Forward only: what is replaced is kept in a file first, leaves are never touched, and a store
whose rows are newer than this program is refused.
"""

from __future__ import annotations

import base64
import errno
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from answerable import durable
from answerable.errors import AnswerableError, Unavailable
from answerable.log.leaf import decode, leaf_hash
from answerable.log.leaf import rid as rid_of
from answerable.log.merkle import Frontier
from answerable.model.leaves import Leaf
from answerable.model.records import Copy, Party, Record, Stop, System
from answerable.model.terms import PartyKind
from answerable.model.units import Effect, Put, Space, Unit
from answerable.ports import Store, StoreView
from answerable.sequencer.replay import Replay, merged, told_nowhere, unlike

# 2: a stop says which change of the stop set it was, and its release; a system its shares; a copy its node.
# 3: no row has the name of a natural person.
ROWS: Final = 3
KEY: Final = "rows"  # in Space.MISC
STEP: Final = 2_048  # leaves at once
BATCH: Final = 10_000  # rows in one transaction
_GREW: Final[dict[Space, type[Record]]] = {Space.SYSTEMS: System, Space.COPIES: Copy, Space.STOPS: Stop}
_party = msgspec.json.Decoder(Party).decode
_log = logging.getLogger("answerable.core")


def upgrade(folder: Path, store: Store) -> int:
    """How many rows were written anew; 0 where nothing was to be done. folder: where those before are kept, as
    ``rows-1.jsonl``, mode 600: a line a row, ``[space, key, value in base64]``, null for one that was not there.

    Raises Unavailable ``store.newer``; ``store.damaged`` for leaves that do not follow from one another or are not
    those of the head; ``store.*`` where nothing can be written: then every row is as it was or brought up to date.
    """
    misc = {key: bytes(value) for key, value in store.rows(Space.MISC)}
    found = int(misc.get(KEY, b"1"))
    if found > ROWS:
        raise Unavailable("store.newer", found=found, known=ROWS)
    if found == ROWS:
        return 0
    effects = _changes(store, misc.get("domain", b"").decode()) if _behind(store) else []
    if effects:
        _log.warning("rows of version %d are brought to version %d: %d of them", found, ROWS, len(effects))
        _keep(folder, found, store, effects)
    for start in range(0, len(effects), BATCH):
        _write(store, effects[start : start + BATCH])
    _write(store, [Put(Space.MISC, KEY, b"%d" % ROWS)])
    return len(effects)


def _behind(store: Store) -> bool:
    """Whether a row lacks a member that its kind has by now, or has a name that it has no more."""
    persons = [_party(bytes(value)) for _, value in store.rows(Space.PARTIES)]
    if any(row.kind is PartyKind.PERSON and row.name != row.id for row in persons):
        return True
    for space, kind in _GREW.items():
        names = set(kind.__struct_fields__)
        for _, value in store.rows(space):
            if names - msgspec.json.decode(value).keys():
                return True
    return False


def _changes(store: Store, domain: str) -> list[Put]:
    """Rows as the leaves tell them, where they differ from those that are there."""
    view = store.view()
    try:
        told = _Told(view)
        replay = Replay(domain, told.text, told.leaf)
        for data in _leaves(store):
            try:
                replay.take(decode(data), rid_of(data))
            except (LookupError, AnswerableError) as error:
                raise Unavailable("store.damaged", detail=f"leaf {rid_of(data)}: {error}") from error
        changes = []
        for space in Space:
            if space is Space.OPENS:
                continue  # in no book, and as ever
            before = {key: bytes(value) for key, value in store.rows(space)}
            for key, row in replay.book.rows(space):
                old = before.get(key)
                if told_nowhere(space, key) or (old is not None and not unlike(space, old, row, told.unnamed)):
                    continue
                changes.append(Put(space, key, row if old is None else merged(space, old, row, told.unnamed)))
        return changes
    finally:
        view.close()


def _leaves(store: Store) -> Iterator[bytes]:
    """All of them; at the end it is known that they are those under the head."""
    size, root = store.head()
    frontier = Frontier()
    for start in range(0, size, STEP):
        leaves = store.leaves(start, min(size, start + STEP))
        frontier.append([leaf_hash(data) for data in leaves])
        yield from leaves
    if (frontier.size, frontier.root()) != (size, root):
        raise Unavailable("store.damaged", detail="its leaves are not those of its head")


class _Told:
    """What leaves hide, from the payloads. unnamed: rids whose texts are not known any more."""

    def __init__(self, view: StoreView) -> None:
        self._view = view
        self.unnamed: set[str] = set()

    def text(self, rid: str, group: str) -> str | None:
        try:
            kept = self._view.payload(rid, group)
        except AnswerableError:
            kept = None
        if kept is None or kept[1] is None:
            self.unnamed.add(rid)
            return None
        return kept[1].decode("utf-8", "replace")

    def leaf(self, rid: str) -> Leaf | None:
        at = self._view.find(rid)
        return None if at is None else decode(self._view.leaf(at))


def _keep(folder: Path, version: int, store: Store, effects: list[Put]) -> None:
    """The rows that are about to be replaced. A file of an attempt that was cut short is never replaced: it has them as
    they first were."""
    path = folder / f"rows-{version}.jsonl"
    number = 1
    while path.exists():
        path = folder / f"rows-{version}-{number}.jsonl"
        number += 1
    # Of persons a name alone goes out of a row: kept here it would be kept for ever.
    effects = [effect for effect in effects if effect.space not in (Space.PARTIES, Space.ADMINS)]
    before = {space: dict(store.rows(space)) for space in {effect.space for effect in effects}}
    lines = []
    for effect in effects:
        old = before[effect.space].get(effect.key)
        kept = None if old is None else base64.b64encode(old).decode()
        lines.append(msgspec.json.encode((effect.space.value, effect.key, kept)))
    try:
        durable.replace(path, b"\n".join(lines) + b"\n")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Unavailable("store.full") from None
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None


def _write(store: Store, effects: list[Put]) -> None:
    """In one transaction, under the same head."""
    head, note = store.head(), store.checkpoint()
    changes: tuple[Effect, ...] = tuple(effects)
    store.append(head[0], [], {}, note, head, head[1], [Unit(effects=changes)])
