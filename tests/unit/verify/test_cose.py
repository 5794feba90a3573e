# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import cbor2
import cwt
import pytest
from cbor2 import CBORTag
from cwt.enums import COSEAlgs

from answerable.crypto.b64 import b64u
from answerable.errors import VerificationError
from answerable.log import cose
from answerable.log.checkpoint import Checkpoint
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import consistency_proof, root_of
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Trust, Witness
from answerable.verify.cose import verify_consistency, verify_leaf, verify_record
from tests.small_log import ORIGIN, key, world

WORLD = world()
TRUST = WORLD.log.trust
SIGNER = WORLD.log.signer
HASHES = [leaf_hash(data) for data in WORLD.log.leaves]
OLD = Checkpoint(ORIGIN, 9, root_of(HASHES[:9]))


def proved(*names: str) -> list[Any]:
    return [WORLD.log.proved(WORLD.log.index(name)) for name in names]


WHOLE = cose.sign_inclusion(ORIGIN, 15, *proved(WORLD.rids["open"]), proved(*WORLD.members), SIGNER)
ONE = cose.sign_inclusion(ORIGIN, 15, *proved(WORLD.rids["open"]), [], SIGNER)
GROWN = cose.sign_consistency(ORIGIN, 9, OLD.root, 15, consistency_proof(WORLD.log.read_tile, 9, 15), SIGNER)
OTHER = Trust((VerifierKey.of("other.invalid", SIGNER.public),))
ROTATED = Trust((VerifierKey.of(ORIGIN, key("other").public),))
WITNESSED = Trust(
    TRUST.logs, (Witness("w", VerifierKey.of("witness.invalid", key("witness").public, Kind.COSIGNATURE)),), quorum="w"
)


def code(call: Any, data: bytes, trust: Trust = TRUST, *more: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        call(data, trust, *more)
    return caught.value.code


def peer(data: bytes, root: bytes, public: bytes = SIGNER.public) -> bytes:
    """The payload, if python-cwt finds the signature good: a COSE implementation that has nothing of ours."""
    # RFC 9053 section 7.2: kty OKP, kid, alg Ed25519, crv Ed25519, x.
    key_id = TRUST.logs[0].id
    verifier = cwt.COSEKey.new({1: 1, 2: key_id, 3: int(COSEAlgs.ED25519), -1: 6, -2: public})
    return cwt.COSE.new().decode(data, verifier, detached_payload=root)


def climb(leaf: bytes, size: int, index: int, path: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.3.2, as it stands there."""
    at, last, node = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for other in path:
        assert last
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + other + node).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + other).digest()
        at, last = at >> 1, last >> 1
    assert not last
    return node


def test_an_independent_library_reads_it() -> None:
    said = cbor2.loads(WHOLE).value[1]
    roots = {climb(leaf, *cbor2.loads(proof)) for leaf, proof in zip(said[cose.LEAVES], said[396][-1], strict=True)}
    assert roots == {WORLD.log.frontier.root()}
    assert peer(WHOLE, *roots) == WORLD.log.frontier.root()
    assert peer(GROWN, WORLD.log.frontier.root()) == WORLD.log.frontier.root()
    for data, root, public in ((WHOLE, bytes(32), SIGNER.public), (WHOLE, *roots, key("other").public)):
        with pytest.raises(cwt.VerifyError):
            peer(data, root, public)


def test_a_receipt_of_an_independent_library_is_read() -> None:
    """Signed by python-cwt over the same headers: the bytes are the same, Ed25519 has one signature."""
    from answerable.crypto.ed25519 import Key
    from tests.small_log import fixed

    read = cose.parse(ONE)
    assert isinstance(read, cose.Inclusion)
    head, said, _, _ = cbor2.loads(ONE).value
    assert Key.from_seed(fixed("key log")).public == SIGNER.public
    jwk = {
        "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "x": b64u(SIGNER.public), "d": b64u(fixed("key log")),
    }  # fmt: skip
    made = cwt.COSE.new().encode_and_sign(
        WORLD.log.frontier.root(), cwt.COSEKey.from_jwk(jwk), protected=cbor2.loads(head), unprotected=said
    )
    theirs = cbor2.loads(made).value
    assert cbor2.loads(head)[1] == int(COSEAlgs.ED25519)
    assert (theirs[0], theirs[3]) == (head, read.signature)


def test_who_answers() -> None:
    report = verify_record(WHOLE, TRUST)
    assert (report.record, report.party.id) == (WORLD.rids["open"], "NTRCN-Deployer")
    assert (report.party.name, report.contents) == ("", ())
    assert (report.origin, report.index, report.size, report.outcome) == (ORIGIN, 13, 15, "done")


def test_one_leaf() -> None:
    found = verify_leaf(ONE, TRUST)
    assert (found.rid, found.index, found.size, found.root) == (
        WORLD.rids["open"], 13, 15, WORLD.log.frontier.root(),
    )  # fmt: skip
    assert found.data == WORLD.log.leaves[13]
    assert verify_leaf(WHOLE, TRUST) == found
    assert code(verify_record, ONE) == "receipt.incomplete"


def test_a_log_that_only_grew() -> None:
    found = verify_consistency(GROWN, TRUST, OLD)
    assert (found.origin, found.old, found.new, found.root) == (ORIGIN, 9, 15, WORLD.log.frontier.root())
    for other in (
        Checkpoint(ORIGIN, 9, root_of(HASHES[:8])),
        Checkpoint(ORIGIN, 8, root_of(HASHES[:8])),
        Checkpoint(ORIGIN, 9, b"short"),
        Checkpoint("other.invalid", 9, OLD.root),
    ):
        assert code(verify_consistency, GROWN, TRUST, other) == "log.proof"


def test_the_size_of_the_tree_is_signed() -> None:
    """RFC 9162's root does not tell its size: this path leads from leaf 13 to the same root in a tree of 16."""
    read = cose.parse(ONE)
    assert isinstance(read, cose.Inclusion)
    grown = dataclasses.replace(read, size=16)
    assert cose.inclusion_roots(grown) == cose.inclusion_roots(read)
    header = cbor2.loads(ONE).value
    header[1][396][-1] = [cbor2.dumps([16, 13, list(read.record.path)], canonical=True)]
    assert code(verify_leaf, cbor2.dumps(CBORTag(18, header), canonical=True)) == "receipt.malformed"
    header[0] = cbor2.dumps({**cbor2.loads(header[0]), cose.SIZE: 16}, canonical=True)
    assert code(verify_leaf, cbor2.dumps(CBORTag(18, header), canonical=True)) == "log.signature"


@pytest.mark.parametrize("bit", [0x01, 0x02, 0x08, 0x1F, 0x20, 0x80])
def test_every_flipped_byte_is_refused(bit: int) -> None:
    """Exhaustive over the three: each byte, our errors alone."""
    for data, call, more in ((WHOLE, verify_record, ()), (ONE, verify_leaf, ()), (GROWN, verify_consistency, (OLD,))):
        for place in range(len(data)):
            broken = bytearray(data)
            broken[place] ^= bit
            assert code(call, bytes(broken), TRUST, *more), place


def test_every_truncation_is_refused() -> None:
    for size in range(len(ONE)):
        assert code(verify_leaf, ONE[:size])


def test_a_log_or_key_that_is_not_trusted() -> None:
    assert code(verify_leaf, ONE, OTHER) == "log.untrusted"
    assert code(verify_leaf, ONE, ROTATED) == "receipt.signature"
    assert verify_leaf(ONE, Trust((*ROTATED.logs, *TRUST.logs))).rid == WORLD.rids["open"]
    post_quantum = Trust((VerifierKey(ORIGIN, TRUST.logs[0].id, bytes(1312), Kind.MLDSA),))
    assert code(verify_leaf, ONE, post_quantum) == "receipt.signature"


def test_where_witnesses_are_demanded_it_does_not_suffice() -> None:
    for call, data, more in ((verify_record, WHOLE, ()), (verify_consistency, GROWN, (OLD,))):
        assert code(call, data, WITNESSED, *more) == "log.quorum"


def test_one_kind_is_not_the_other() -> None:
    assert code(verify_leaf, GROWN) == "receipt.malformed"
    assert code(verify_record, GROWN) == "receipt.malformed"
    assert code(verify_consistency, ONE, TRUST, OLD) == "receipt.malformed"


def test_a_swapped_party() -> None:
    read = cose.parse(WHOLE)
    assert isinstance(read, cose.Inclusion)
    provider, deployer = proved(WORLD.rids["provider"], WORLD.rids["deployer"])
    header = cbor2.loads(WHOLE).value
    place = [part.index for part in (read.record, *read.leaves)].index(deployer.index)
    header[1][cose.LEAVES][place] = provider.leaf
    assert code(verify_record, cbor2.dumps(CBORTag(18, header), canonical=True)) == "log.proof"
    left = [part for part in read.leaves if part.index != deployer.index]
    assert code(verify_record, cose.sign_inclusion(ORIGIN, 15, read.record, left, SIGNER)) == "receipt.incomplete"


def test_a_truncated_or_lengthened_proof() -> None:
    read = cose.parse(ONE)
    assert isinstance(read, cose.Inclusion)
    for path in (read.record.path[:-1], (*read.record.path, bytes(32))):
        header = cbor2.loads(ONE).value
        header[1][396][-1] = [cbor2.dumps([15, 13, list(path)], canonical=True)]
        assert code(verify_leaf, cbor2.dumps(CBORTag(18, header), canonical=True)) == "log.proof"


def test_a_leaf_that_is_none_of_ours() -> None:
    log = world().log
    log.leaves.append(b"words")
    log.tiles.update(log.frontier.append([leaf_hash(b"words")]))
    data = cose.sign_inclusion(ORIGIN, 16, log.proved(15), [], SIGNER)
    assert code(verify_leaf, data) == "log.leaf"


def test_a_record_that_is_no_action() -> None:
    data = cose.sign_inclusion(ORIGIN, 15, *proved(WORLD.rids["noise"]), [], SIGNER)
    assert code(verify_record, data) == "receipt.inconsistent"
    assert dataclasses.replace(verify_leaf(data, TRUST)).rid == WORLD.rids["noise"]
