# SPDX-License-Identifier: Apache-2.0
"""Parsers of the log's formats on arbitrary and on slightly broken bytes: our errors alone, and one encoding each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.crypto import b64, canonical, dsse, jwt
from answerable.errors import AnswerableError
from answerable.log import bundle, checkpoint, cose, leaf, note, proof, receipt, tiles, trust, witness, witnessing
from answerable.log.merkle import consistency_proof, root_of
from answerable.verify import cose as verify_cose
from answerable.verify import leaf as verify_leaf
from answerable.verify.receipt import verify
from tests.small_log import ORIGIN, T0, every_kind, joined, key, world

WORLD = world()
TRUST = WORLD.log.trust
RECEIPT = WORLD.receipt()
JOINT, ROOT = joined(WORLD)
RECORD = WORLD.log.proved(13)
HASHES = [leaf.leaf_hash(data) for data in WORLD.log.leaves]
GROWTH = consistency_proof(WORLD.log.read_tile, 9, 15)
OLD = checkpoint.Checkpoint(ORIGIN, 9, root_of(HASHES[:9]))
COSE = cose.sign_inclusion(ORIGIN, 15, RECORD, [], WORLD.log.signer)
GROWN = cose.sign_consistency(ORIGIN, 9, OLD.root, 15, GROWTH, WORLD.log.signer)
W1 = note.VerifierKey.of("w1.invalid", key("w1").public, note.Kind.COSIGNATURE)
POLICY = trust.Trust(
    TRUST.logs, (trust.Witness("w1", W1, "https://w1.invalid/"),), (trust.Group("g", 1, ("w1",)),), "g"
)
LEAVES = [leaf.encode(sample) for sample in every_kind()]
NOTE = WORLD.log.checkpoint()
HEAD = note.parse(NOTE)
SEEN = note.Note(HEAD.text, (*HEAD.signatures, note.cosign(HEAD.text, W1, T0 // 1000, key("w1")))).data
REQUEST = witness.Request(9, tuple(GROWTH), NOTE)
TILE = WORLD.log.read_tile(0, 0)
PROOF = proof.Proof(RECORD.leaf, RECORD.index, RECORD.path, SEEN)
TOKEN = jwt.encode({"kid": "k", "typ": "t"}, {"a": [1, {"b": "é"}]}, key("warrant")).encode()
ENVELOPE = dsse.sign("t", b"{}", key("a"), "k")
KEYS = {"k": key("a").public}

# parser, and what it must give back: the canonical bytes of what it read, or None where it keeps no form.
PARSERS: dict[str, tuple[bytes, Callable[[bytes], bytes | None]]] = {
    "leaf": (LEAVES[0], lambda data: leaf.encode(leaf.decode(data), limit=leaf.MAX_LEAF)),
    "bundle": (bundle.pack(LEAVES[:2]), lambda data: bundle.pack(bundle.unpack(data))),
    "note": (NOTE, lambda data: note.parse(data) and None),
    "checkpoint": (NOTE, lambda data: checkpoint.verify(data, TRUST.logs) and None),
    "vkey": (
        str(TRUST.logs[0]).encode(),
        lambda data: str(note.VerifierKey.parse(data.decode("latin-1"))).encode("latin-1"),
    ),
    "trust": (trust.format(TRUST), lambda data: trust.parse(data) and None),
    "policy": (trust.format(POLICY), lambda data: _policy(data) and None),
    "cosigned checkpoint": (SEEN, lambda data: POLICY.check(data) and None),
    "receipt form": (RECEIPT, lambda data: _built(receipt.parse(data))),
    "receipt": (RECEIPT, lambda data: verify(data, TRUST) and None),
    "receipt of a shard": (WORLD.receipt(JOINT), lambda data: verify(data, ROOT.trust) and _built(receipt.parse(data))),
    "proof file": (proof.write(PROOF), lambda data: proof.write(proof.parse(data))),
    "proof of a leaf": (proof.write(PROOF), lambda data: verify_leaf.verify(data, POLICY) and None),
    "COSE form": (COSE, lambda data: cose._write(cose.parse(data))),
    "COSE": (COSE, lambda data: verify_cose.verify(data, TRUST) and None),
    "COSE consistency": (GROWN, lambda data: verify_cose.verify_consistency(data, TRUST, OLD) and None),
    "witness request": (witness.write(REQUEST), lambda data: witness.write(witness.parse(data))),
    "witness": (witness.write(REQUEST), lambda data: _cosigned(data) and None),
    "witness answer": (SEEN.partition(b"\n\n")[2], lambda data: _dialogue().take(200, "text/plain", data) and None),
    "witness conflict": (b"9\n", lambda data: _quiet(_dialogue().take(409, witness.SIZE_TYPE, data))),
    "tile path": (b"tile/0/x001/234.p/7", lambda data: tiles.parse(data.decode("latin-1")).path.encode("latin-1")),
    "tile": (TILE, lambda data: b"".join(tiles.check(tiles.Tile(0, 0, 15), data))),
    "entries": (
        bundle.pack(LEAVES[:3]), lambda data: tiles.check(tiles.Tile(tiles.ENTRIES, 0, 3), data) and None
    ),
    "mark of pruning": (b"256\n", lambda data: tiles.mark(tiles.parse_mark(data))),
    "base64url": (b"AAEC", lambda data: b64.b64u(b64.unb64u(data.decode("latin-1"))).encode()),
    "base64": (b"AAEC", lambda data: b64.b64(b64.unb64(data.decode("latin-1"))).encode()),
    "json": (LEAVES[1], lambda data: canonical.dumps(canonical.loads(data)) and None),
    "jwt": (TOKEN, lambda data: jwt.decode(data.decode("latin-1"), {"k": key("warrant").public}, "t") and None),
    "jwt, unverified": (TOKEN, lambda data: jwt.peek(data.decode("latin-1")) and None),
    "dsse": (ENVELOPE, lambda data: dsse.verify(data, KEYS) and None),
}  # fmt: skip


def _built(read: receipt.Receipt) -> bytes:
    return receipt.build(read.record, read.leaves, read.disclosures, read.checkpoint, read.root)


def _policy(data: bytes) -> trust.Trust:
    """What was read says the same when it is written and read again."""
    read = trust.parse(data)
    assert trust.parse(trust.format(read)) == read
    return read


def _cosigned(data: bytes) -> witnessing.Shown:
    request = witness.parse(data)
    found = witnessing.shown(request, {ORIGIN: TRUST.logs})
    witnessing.judge(OLD, request, found.head)
    return found


def _quiet(_: object) -> None:
    return None


def _dialogue() -> witness.Dialogue:
    return witness.Dialogue("w1", (W1,), HEAD, 9)


def attempt(name: str, data: bytes) -> bool:
    """Whether the parser took the bytes; any error but ours escapes and fails the test."""
    try:
        again = PARSERS[name][1](data)
    except AnswerableError:
        return False
    assert again is None or again == data
    return True


def test_the_samples_are_good() -> None:
    assert all(attempt(name, sample) for name, (sample, _) in PARSERS.items())
    assert all(attempt("leaf", data) for data in LEAVES)


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(data=b"")
@example(data=b"{}")
@example(data=b"[" * 4000)
@example(data=b"\n\n")
@example(data=b'{"k":"open","v":1e999}')
def test_arbitrary_bytes(name: str, data: bytes) -> None:
    attempt(name, data)


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_slightly_broken_bytes(name: str, data: st.DataObject) -> None:
    sample = bytearray(PARSERS[name][0])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(sample) - 1))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"\n", b"=", b"[", b"1e9", b"\xed\xa0\x80"])
        )
        sample[place : place + data.draw(st.integers(0, 2))] = piece
        if not sample:
            break
    attempt(name, bytes(sample))


def test_origin_of_the_samples() -> None:
    assert checkpoint.verify(NOTE, TRUST.logs).origin == ORIGIN
