# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
import time
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from answerable.errors import Unavailable, VerificationError
from answerable.log import cose
from answerable.log.cose import Consistency, Inclusion
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import consistency_proof, root_of
from answerable.log.note import VerifierKey
from tests.small_log import ORIGIN, SmallLog, key, party, world

WORLD = world()
SIGNER = WORLD.log.signer
HASHES = [leaf_hash(data) for data in WORLD.log.leaves]
RECORD = WORLD.log.proved(13)
OTHERS = [WORLD.log.proved(index) for index in (3, 0, 14)]
GOOD = cose.sign_inclusion(ORIGIN, 15, RECORD, OTHERS, SIGNER)
PATH = consistency_proof(WORLD.log.read_tile, 9, 15)
GROWN = cose.sign_consistency(ORIGIN, 9, root_of(HASHES[:9]), 15, PATH, SIGNER)


def parts(data: bytes) -> list[Any]:
    return list(cbor2.loads(data).value)


def again(data: bytes, place: int, value: Any, tag: int = 18) -> bytes:
    """The receipt with one of its four parts changed, deterministically encoded."""
    items = parts(data)
    items[place] = value
    return cbor2.dumps(CBORTag(tag, items), canonical=True)


def header(change: Any, data: bytes = GOOD) -> bytes:
    said = parts(data)[1]
    change(said)
    return again(data, 1, said)


def protected(change: Any) -> bytes:
    said = cbor2.loads(parts(GOOD)[0])
    change(said)
    return again(GOOD, 0, cbor2.dumps(said, canonical=True))


def proof(*value: Any) -> bytes:
    return header(lambda said: said[396].update({-1: [cbor2.dumps(list(value), canonical=True), *said[396][-1][1:]]}))


def test_it_is_the_form_of_rfc_9942() -> None:
    """Read with nothing but CBOR, figure by figure of section 5."""
    whole = cbor2.loads(GOOD)
    assert (type(whole), whole.tag) == (CBORTag, 18)
    head, said, payload, signature = whole.value
    assert cbor2.loads(head) == {
        1: -19,  # Ed25519, RFC 9864
        4: VerifierKey.of(ORIGIN, SIGNER.public).id,
        15: {1: ORIGIN},  # CWT claims: iss
        395: 1,  # RFC9162_SHA256
        cose.SIZE: 15,
    }
    assert payload is None
    assert len(signature) == 64
    assert set(said) == {396, cose.LEAVES}
    read = [cbor2.loads(each) for each in said[396][-1]]
    assert [(size, index) for size, index, _ in read] == [(15, 13), (15, 0), (15, 3), (15, 14)]
    assert read[0][2] == list(RECORD.path)
    assert said[cose.LEAVES] == [WORLD.log.leaves[index] for index in (13, 0, 3, 14)]
    assert set(parts(GROWN)[1]) == {396}
    assert [cbor2.loads(each) for each in parts(GROWN)[1][396][-2]] == [[9, 15, PATH]]


def test_it_reads_back() -> None:
    read = cose.parse(GOOD)
    assert isinstance(read, Inclusion)
    assert (read.record, read.leaves) == (RECORD, tuple(sorted(OTHERS, key=lambda part: part.index)))
    assert (read.origin, read.size) == (ORIGIN, 15)
    assert cose.inclusion_roots(read) == WORLD.log.frontier.root()
    assert cose.sign_inclusion(ORIGIN, 15, RECORD, [*OTHERS[::-1], RECORD, OTHERS[0]], SIGNER) == GOOD
    grown = cose.parse(GROWN)
    assert isinstance(grown, Consistency)
    assert (grown.old, grown.new, grown.path) == (9, 15, tuple(PATH))
    assert cose.is_cose(GOOD)
    assert not cose.is_cose(WORLD.receipt())


def test_it_is_encoded_deterministically() -> None:
    """RFC 8949 section 4.2.1: preferred lengths, keys in bytewise order."""
    order = list(cbor2.loads(parts(GOOD)[0]))
    assert [cbor2.dumps(label) for label in order] == sorted(cbor2.dumps(label) for label in order)
    labels = list(parts(GOOD)[1])
    assert [cbor2.dumps(label) for label in labels] == sorted(cbor2.dumps(label) for label in labels)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2",
        GOOD[1:],
        GOOD + b"\x00",
        GOOD[:-1],
        again(GOOD, 2, WORLD.log.frontier.root()),
        again(GOOD, 2, b""),
        again(GOOD, 3, bytes(63)),
        again(GOOD, 3, "x" * 64),
        again(GOOD, 0, "x"),
        again(GOOD, 0, b""),
        again(GOOD, 0, parts(GOOD)[0] + b"\x00"),
        again(GOOD, 2, None, tag=98),
        cbor2.dumps(CBORTag(18, parts(GOOD)[:3]), canonical=True),
        cbor2.dumps(CBORTag(18, {}), canonical=True),
        protected(lambda said: said.update({1: -8})),
        protected(lambda said: said.update({1: -7})),
        protected(lambda said: said.update({395: 2})),
        protected(lambda said: said.pop(395)),
        protected(lambda said: said.pop(15)),
        protected(lambda said: said.update({15: {1: 7}})),
        protected(lambda said: said.update({15: {1: ORIGIN, 2: "x"}})),
        protected(lambda said: said.update({4: "text"})),
        protected(lambda said: said.update({2: [99]})),
        protected(lambda said: said.pop(cose.SIZE)),
        protected(lambda said: said.update({cose.SIZE: 14})),
        protected(lambda said: said.update({cose.SIZE: "15"})),
        header(lambda said: said.pop(396)),
        header(lambda said: said.pop(cose.LEAVES)),
        header(lambda said: said.update({99: 1})),
        header(lambda said: said[396].update({-2: []})),
        header(lambda said: said.update({396: {-1: []}, cose.LEAVES: []})),
        header(lambda said: said[cose.LEAVES].pop()),
        header(lambda said: said[cose.LEAVES].__setitem__(0, "text")),
        header(lambda said: said[cose.LEAVES].__setitem__(0, bytes(65_536))),
        header(lambda said: said[396][-1].__setitem__(1, said[396][-1][2])),
        header(lambda said: said[396][-1].__setitem__(1, said[396][-1][0])),
        proof(15, 13),
        proof(15, 13, list(RECORD.path), 0),
        proof(14, 13, list(RECORD.path)),
        proof(-15, 13, list(RECORD.path)),
        proof(15, 2**53, list(RECORD.path)),
        proof(15.0, 13, list(RECORD.path)),
        proof(15, True, list(RECORD.path)),
        proof(15, 13, []),
        proof(15, 13, [b"short"]),
        proof(15, 13, ["x" * 32]),
        proof(15, 13, [bytes(32)] * 65),
        header(lambda said: said[396][-2].append(b""), GROWN),
        header(lambda said: said[396].update({-2: []}), GROWN),
        cbor2.dumps([1] * 3),
        b"\xd2" + b"\x81" * 5000,
        b"\xd2\x9b" + b"\xff" * 8,
        b"\xd2\x5b\x7f" + b"\xff" * 7,
    ],
    ids=range(54),
)
def test_what_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        cose.parse(data)
    assert caught.value.code == "receipt.malformed"


def test_another_encoding_of_the_same() -> None:
    indefinite = GOOD.replace(b"\xd2\x84", b"\xd2\x9f", 1) + b"\xff"
    longer = GOOD.replace(b"\xd2\x84", b"\xd8\x12\x84", 1)
    unsorted_ = cbor2.dumps(CBORTag(18, [parts(GOOD)[0], dict(reversed(parts(GOOD)[1].items())), None, bytes(64)]))
    for data in (indefinite, longer, unsorted_):
        assert cbor2.loads(data)
        with pytest.raises(VerificationError) as caught:
            cose.parse(data)
        assert caught.value.code == "receipt.malformed"


def test_too_long() -> None:
    with pytest.raises(VerificationError):
        cose.parse(b"\xd2" + bytes(cose.MAX_COSE))


def test_what_is_never_signed() -> None:
    alone = SmallLog()
    alone.add(party("P"))
    with pytest.raises(VerificationError) as caught:
        cose.sign_inclusion(ORIGIN, 1, alone.proved(0), [], SIGNER)  # its path is empty
    assert caught.value.code == "receipt.malformed"
    elsewhere = SmallLog()
    elsewhere.add(party("P"))
    elsewhere.add(party("Q"))
    with pytest.raises(VerificationError) as caught:
        cose.sign_inclusion(ORIGIN, 15, RECORD, [elsewhere.proved(1)], SIGNER)
    assert caught.value.code == "log.proof"
    with pytest.raises(VerificationError) as caught:
        cose.sign_consistency(ORIGIN, 9, bytes(32), 15, PATH, SIGNER)
    assert caught.value.code == "log.proof"
    with pytest.raises(VerificationError) as caught:
        cose.sign_consistency(ORIGIN, 15, WORLD.log.frontier.root(), 15, [], SIGNER)
    assert caught.value.code == "receipt.malformed"


def test_the_signature_is_for_nothing_else() -> None:
    """What the log's key signs here begins with a byte that no note begins with: it is no UTF-8."""
    read = cose.parse(GOOD)
    message = cose.signed(read, WORLD.log.frontier.root())
    assert message[0] == 0x84
    with pytest.raises(UnicodeDecodeError):
        message[:1].decode()


def test_without_cbor2_nothing_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cbor2", None)
    with pytest.raises(Unavailable) as caught:
        cose.parse(GOOD)
    assert (caught.value.code, caught.value.exit) == ("receipt.cose", 4)
    with pytest.raises(Unavailable):
        cose.sign_inclusion(ORIGIN, 15, RECORD, OTHERS, key("log"))


def test_a_decimal_of_a_megabyte_costs_its_reader_nothing() -> None:
    """COSE knows no decimals; a general reader of CBOR spends minutes on this one before anybody can say so."""
    size = 1_000_000
    began = time.perf_counter()
    with pytest.raises(VerificationError) as caught:
        cose.parse(b"\xd2\xc4\x82\x00\xc2\x5a" + size.to_bytes(4, "big") + b"\xff" * size)
    assert caught.value.code == "receipt.malformed"
    assert time.perf_counter() - began < 1
