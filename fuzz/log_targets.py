# SPDX-License-Identifier: Apache-2.0
"""The log's parsers as fuzz targets. Where a format has one encoding, what was read must write the same bytes again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from answerable.crypto import dsse
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.log import (
    bundle,
    checkpoint,
    cose,
    leaf,
    merkle,
    note,
    proof,
    receipt,
    roster,
    tiles,
    trust,
    witness,
    witnessing,
)
from answerable.privacy import feed
from answerable.verify import cose as verify_cose
from answerable.verify import leaf as verify_leaf
from answerable.verify import receipt as verify_receipt

ORIGIN: Final = "fuzz.invalid"
_KEY: Final = Key.from_seed(b"fuzz" * 8)
_WITNESS: Final = note.VerifierKey.of("w.invalid", Key.from_seed(b"seen" * 8).public, note.Kind.COSIGNATURE)
_LOG: Final = note.VerifierKey.of(ORIGIN, _KEY.public)
TRUST: Final = trust.Trust((_LOG,))
WITNESSED: Final = trust.Trust((_LOG,), (trust.Witness("w", _WITNESS),), (trust.Group("g", 1, ("w",)),), "g")
_HEAD: Final = note.parse(checkpoint.sign(ORIGIN, 9, bytes(32), _KEY))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _again(parse: Callable[[bytes], object], write: Callable[..., bytes]) -> Callable[[bytes], object]:
    def target(data: bytes) -> None:
        assert write(parse(data)) == data

    return target


def _tile(data: bytes) -> None:
    """The first byte is the width; entries and hashes."""
    width = 1 + (data[0] if data else 0)
    for level in (tiles.ENTRIES, 0):
        with contextlib.suppress(AnswerableError):
            entries = tiles.check(tiles.Tile(level, 0, width), data[1:])
            assert len(entries) == width
            assert level == 0 or all(len(entry) == 32 for entry in entries) or bundle.pack(entries) == data[1:]


def _tile_path(data: bytes) -> None:
    text = _text(data)
    assert tiles.parse(text).path == text


def _witness(data: bytes) -> None:
    request = witness.parse(data)
    assert witness.write(request) == data
    for seen in (None, checkpoint.Checkpoint(ORIGIN, 3, bytes(32))):
        with contextlib.suppress(AnswerableError):
            witnessing.judge(seen, request, witnessing.shown(request, {ORIGIN: (_LOG,)}).head)


def _witness_answer(data: bytes) -> None:
    """The first byte chooses the status."""
    statuses = (200, 400, 403, 404, 409, 422, 500)
    dialogue = witness.Dialogue("w", (_WITNESS,), _HEAD, 5)
    status = statuses[data[0] % len(statuses)] if data else 200
    dialogue.take(status, witness.SIZE_TYPE, data[1:])


def _policy(data: bytes) -> None:
    """A policy and a note, apart by a zero byte."""
    policy, _, signed = data.partition(b"\0")
    read = trust.parse(policy, logs=False)
    assert trust.parse(trust.format(read), logs=False) == read
    read.check(signed)


def _path(data: bytes) -> None:
    """A proof out of bytes: index and sizes, then nodes. A path that leads to some root leads to no other."""
    index, size, old = (int.from_bytes(data[at : at + 7], "big") for at in (0, 7, 14))
    nodes = [data[at : at + 32] for at in range(21, len(data), 32)]
    with contextlib.suppress(AnswerableError):
        root = merkle.inclusion_root(bytes(32), index, size, nodes)
        merkle.verify_inclusion(bytes(32), index, size, nodes, root)
    with contextlib.suppress(AnswerableError):
        root = merkle.consistency_root(old, bytes(32), size, nodes)
        merkle.verify_consistency(old, bytes(32), size, root, nodes)


def _feed(data: bytes) -> None:
    """As a page, and as the body of a page that the feed's key signed: what only a signer can say."""
    cursor = feed.Cursor(keys={"k": _KEY.public})
    for page in (data, dsse.sign(feed.PAYLOAD_TYPE, data, _KEY, "k")):
        with contextlib.suppress(AnswerableError):
            feed.verify(page, TRUST, cursor)


def _roster(data: bytes) -> None:
    """What reads as a roster is told to follow another, or to be the first, without any other error."""
    read = roster.read(data)
    for before in (None, read):
        with contextlib.suppress(AnswerableError):
            roster.check(read, "demo.invalid", before)


def _built(read: receipt.Receipt) -> bytes:
    return receipt.build(read.record, read.leaves, read.disclosures, read.checkpoint, read.root)


LOG_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "bundle": _again(bundle.unpack, bundle.pack),
    "checkpoint": checkpoint.parse,
    "cose": _again(cose.parse, cose._write),
    "feed": _feed,
    "leaf": _again(leaf.decode, lambda read: leaf.encode(read, limit=leaf.MAX_LEAF)),
    "log_path": _path,
    "note": _again(note.parse, lambda read: read.data),
    "policy": _policy,
    "receipt": _again(receipt.parse, _built),
    "roster": _roster,
    "tile": _tile,
    "tile_mark": _again(tiles.parse_mark, tiles.mark),
    "tile_path": _tile_path,
    "tlog_proof": _again(proof.parse, proof.write),
    "trust": trust.parse,
    "verify": lambda data: verify_receipt.verify(data, TRUST),
    "verify_cose": lambda data: verify_cose.verify(data, TRUST),
    "verify_leaf": lambda data: verify_leaf.verify(data, WITNESSED),
    "vkey": lambda data: note.VerifierKey.parse(_text(data)),
    "witness_answer": _witness_answer,
    "witness_request": _witness,
}
