# SPDX-License-Identifier: Apache-2.0
"""What is verified before the first leaf is written, at start and after every failure: the same code.

The head is signed by this log's key, the right edge of the tree leads to it, the newest leaves (at start: all since the
last start) are those that the tree was made from, and the guard saw nothing that the store does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from answerable.crypto.random import nonce
from answerable.errors import Unavailable, VerificationError
from answerable.log import checkpoint
from answerable.log.leaf import encode
from answerable.log.merkle import Frontier, consistency_proof, verify_consistency
from answerable.model.leaves import CloseLeaf
from answerable.model.terms import Outcome
from answerable.model.units import Drop, Expect, Space, Unit
from answerable.ports import Store, StoreView
from answerable.sequencer.guard import Guard, Seen
from answerable.sequencer.scrub import scrub


def examine(store: Store | StoreView, guard: Guard | Seen, vkeys: Sequence[str], since: int | None = None) -> Frontier:
    """The tree's right edge, verified. vkeys: this log's verifier key, then those that it had before: after a rotation
    the newest head is still one that a former key signed. since: from which leaf on leaves and tiles are compared;
    None: the newest tile alone.

    Raises Unavailable ``store.damaged``, ``store.rolled_back`` (the store is behind the guard), ``store.rewritten`` (it
    holds another history), ``store.*``.
    """
    try:
        frontier = _edge(store, vkeys)
    except VerificationError as error:
        raise Unavailable("store.damaged", detail=f"its head does not verify ({error.code})") from error
    scrub(store, frontier.size if since is None else since, frontier.size)
    _unforked(store, guard, vkeys, frontier)
    return frontier


def _edge(store: Store | StoreView, vkeys: Sequence[str]) -> Frontier:
    size, root = store.head()
    note = store.checkpoint()
    if size:
        signed = checkpoint.verify(note, vkeys)
        if (signed.size, signed.root) != (size, root):
            raise Unavailable("store.damaged", detail="its checkpoint is of another tree")
    frontier = Frontier.from_tiles(size, store.tile)
    if frontier.root() != root:
        raise Unavailable("store.damaged", detail="its tiles do not lead to its root")
    return frontier


def _unforked(store: Store | StoreView, guard: Guard | Seen, vkeys: Sequence[str], frontier: Frontier) -> None:
    seen = [(guard.size, guard.root)]
    if guard.published:
        try:
            published = checkpoint.verify(guard.published, vkeys)
        except VerificationError as error:
            raise Unavailable("store.unguarded", path="published", detail=error.code) from error
        seen.append((published.size, published.root))
    agree(store, frontier, seen)


def agree(store: Store | StoreView, frontier: Frontier, seen: Iterable[tuple[int, bytes]]) -> None:
    """Return if the tree continues every head that this log once had. Raises Unavailable ``store.rolled_back``,
    ``store.rewritten``."""
    for size, root in seen:
        if size > frontier.size:
            raise Unavailable("store.rolled_back", found=frontier.size, seen=size)
        if size:
            try:
                proof = consistency_proof(store.tile, size, frontier.size)
                verify_consistency(size, root, frontier.size, frontier.root(), proof)
            except VerificationError as error:
                raise Unavailable("store.rewritten", seen=size) from error


def settling(opens: list[tuple[str, bytes]], now: int) -> Unit:
    """The unit that closes actions whose end nobody saw: `st` is unknown. opens: rows of `Space.OPENS`; now: ms UTC."""
    return Unit(
        leaves=tuple(encode(CloseLeaf(n=nonce(), open=rid, st=Outcome.UNKNOWN.value, t=now)) for rid, _ in opens),
        effects=tuple(Drop(Space.OPENS, rid) for rid, _ in opens),
        expect=tuple(Expect(Space.OPENS, rid, value) for rid, value in opens),
    )
