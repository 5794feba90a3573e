# SPDX-License-Identifier: Apache-2.0
"""Parsers of the log's formats on arbitrary and on slightly broken bytes: our errors alone, and one encoding each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.crypto import b64, canonical, dsse, jwt
from answerable.errors import VerificationError
from answerable.log import bundle, checkpoint, leaf, note, receipt, trust
from answerable.verify.receipt import verify
from tests.small_log import ORIGIN, every_kind, key, world

WORLD = world()
TRUST = WORLD.log.trust
RECEIPT = WORLD.receipt()
LEAVES = [leaf.encode(sample) for sample in every_kind()]
NOTE = WORLD.log.checkpoint()
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
    "receipt form": (RECEIPT, lambda data: _built(receipt.parse(data))),
    "receipt": (RECEIPT, lambda data: verify(data, TRUST) and None),
    "base64url": (b"AAEC", lambda data: b64.b64u(b64.unb64u(data.decode("latin-1"))).encode()),
    "base64": (b"AAEC", lambda data: b64.b64(b64.unb64(data.decode("latin-1"))).encode()),
    "json": (LEAVES[1], lambda data: canonical.dumps(canonical.loads(data)) and None),
    "jwt": (TOKEN, lambda data: jwt.decode(data.decode("latin-1"), {"k": key("warrant").public}, "t") and None),
    "jwt, unverified": (TOKEN, lambda data: jwt.peek(data.decode("latin-1")) and None),
    "dsse": (ENVELOPE, lambda data: dsse.verify(data, KEYS) and None),
}  # fmt: skip


def _built(read: receipt.Receipt) -> bytes:
    return receipt.build(read.record, read.leaves, read.disclosures, read.checkpoint)


def attempt(name: str, data: bytes) -> bool:
    """Whether the parser took the bytes; any error but ours escapes and fails the test."""
    try:
        again = PARSERS[name][1](data)
    except VerificationError:
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
