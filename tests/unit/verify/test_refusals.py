# SPDX-License-Identifier: Apache-2.0
"""What a verifier must refuse, one test for each, over every form that the same fault can come in. Where a broken
signature would hide the fault, the log's own key has signed it: the refusal is of the fault itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag

from answerable.crypto.b64 import b64
from answerable.errors import AnswerableError
from answerable.log import checkpoint, cose, note, proof, receipt
from answerable.log.leaf import decode, leaf_hash, rid
from answerable.log.merkle import EMPTY_ROOT, verify_consistency, verify_inclusion
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Group, Trust, Witness
from answerable.verify import cose as verify_cose
from answerable.verify import leaf as verify_leaf
from answerable.verify import receipt as verify_receipt
from tests.small_log import ORIGIN, T0, SmallLog, key, world

WORLD = world()
LOG = WORLD.log
TRUST = LOG.trust
SIZE, ROOT = LOG.frontier.size, LOG.frontier.root()
READ = receipt.parse(WORLD.receipt())
RECORD, OTHERS, NOTE = READ.record, READ.leaves, READ.checkpoint


def refused(call: Callable[..., object], *args: object) -> str:
    with pytest.raises(AnswerableError) as caught:
        call(*args)
    return caught.value.code


def tlog(record: receipt.Proved = RECORD, head: bytes = NOTE, leaves: Any = OTHERS, shown: Any = ()) -> bytes:
    return receipt._write(receipt.Receipt(record, tuple(leaves), tuple(shown), head))


def plain(record: receipt.Proved = RECORD, head: bytes = NOTE) -> bytes:
    return proof.write(proof.Proof(record.leaf, record.index, record.path, head))


def cbor(record: receipt.Proved = RECORD, size: int = SIZE, root: bytes = ROOT, signer: Any = LOG.signer) -> bytes:
    """A COSE receipt of one leaf whatever its proof says, well signed over `root`."""
    made = cose.Inclusion(ORIGIN, VerifierKey.of(ORIGIN, signer.public).id, size, record, (), b"")
    return cose._write(made, signer.sign(cose.signed(made, root)))


def codes(record: receipt.Proved = RECORD, **more: Any) -> set[str]:
    """What the three forms of one record are refused with."""
    return {
        refused(verify_receipt.verify, tlog(record), TRUST),
        refused(verify_leaf.verify, plain(record), TRUST),
        refused(verify_cose.verify_leaf, cbor(record, **more), TRUST),
    }


def with_path(*path: bytes) -> receipt.Proved:
    return dataclasses.replace(RECORD, path=path)


def signed(text: str) -> bytes:
    return note.sign(text, ORIGIN, LOG.signer)


def test_the_three_forms_are_good_before_anything_is_changed() -> None:
    assert verify_receipt.verify(tlog(), TRUST).record == rid(RECORD.leaf)
    assert verify_leaf.verify(plain(), TRUST).rid == rid(RECORD.leaf)
    assert verify_cose.verify_leaf(cbor(), TRUST).rid == rid(RECORD.leaf)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_of_the_wrong_length(length: int) -> None:
    # In a text an empty node is an empty line: what follows it is read as the checkpoint then.
    expected = {"receipt.malformed", "log.checkpoint"} if length == 0 else {"receipt.malformed"}
    assert codes(with_path(bytes(length), *RECORD.path[1:])) == expected
    wrong = bytes(length)
    assert refused(verify_inclusion, wrong, 0, 1, [], wrong) == "log.proof"
    assert refused(verify_inclusion, leaf_hash(b""), 0, 2, [wrong], ROOT) == "log.proof"
    assert refused(verify_consistency, 1, wrong, 2, ROOT, [ROOT]) == "log.proof"
    assert refused(verify_consistency, 1, ROOT, 2, wrong, [ROOT]) == "log.proof"
    assert refused(TRUST.check, signed(f"{ORIGIN}\n{SIZE}\n{b64(wrong)}\n")) == "log.checkpoint"


def test_a_proof_from_size_0() -> None:
    empty = checkpoint.sign(ORIGIN, 0, EMPTY_ROOT, LOG.signer)
    nothing = dataclasses.replace(RECORD, index=0, path=())
    assert refused(verify_receipt.verify, tlog(nothing, empty, []), TRUST) == "log.proof"
    assert refused(verify_leaf.verify, plain(nothing, empty), TRUST) == "log.proof"
    assert refused(verify_consistency, 0, EMPTY_ROOT, SIZE, ROOT, []) == "log.proof"
    growth = cose.Consistency(ORIGIN, TRUST.logs[0].id, 0, SIZE, (ROOT,), b"")
    data = cose._write(growth, LOG.signer.sign(cose.signed(growth, ROOT)))
    old = checkpoint.Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert refused(verify_cose.verify_consistency, data, TRUST, old) == "log.proof"


def test_a_proof_with_spare_nodes() -> None:
    assert codes(with_path(*RECORD.path, bytes(32))) == {"log.proof"}
    assert codes(with_path(bytes(32), *RECORD.path)) == {"log.proof"}
    alone = SmallLog()
    alone.add(decode(RECORD.leaf))
    spare = dataclasses.replace(alone.proved(0), path=(bytes(32),))
    assert refused(verify_leaf.verify, plain(spare, alone.checkpoint()), TRUST) == "log.proof"
    assert refused(verify_consistency, 8, ROOT, 8, ROOT, [ROOT]) == "log.proof"


def test_a_truncated_proof() -> None:
    assert codes(with_path(*RECORD.path[:-1])) == {"log.proof"}
    assert codes(with_path(*RECORD.path[1:])) == {"log.proof"}


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n{SIZE}\n{b64(ROOT)}\nextension\n",
        f"{ORIGIN}\n{SIZE}\n{b64(ROOT)}\n\n",
        f"\n{ORIGIN}\n{SIZE}\n{b64(ROOT)}\n",
    ],
)
def test_a_checkpoint_with_an_extra_line(text: str) -> None:
    for call, data in (
        (verify_receipt.verify, tlog(head=signed(text))),
        (verify_leaf.verify, plain(head=signed(text))),
    ):
        assert refused(call, data, TRUST) == "log.checkpoint"


@pytest.mark.parametrize("text", [f"{ORIGIN}\n{SIZE}\n", f"{ORIGIN}\n{b64(ROOT)}\n", f"{SIZE}\n{b64(ROOT)}\n", "\n"])
def test_a_checkpoint_with_a_missing_line(text: str) -> None:
    for call, data in (
        (verify_receipt.verify, tlog(head=signed(text))),
        (verify_leaf.verify, plain(head=signed(text))),
    ):
        assert refused(call, data, TRUST) == "log.checkpoint"


def test_an_unknown_key() -> None:
    stranger = key("stranger")
    head = checkpoint.sign(ORIGIN, SIZE, ROOT, stranger)
    assert refused(verify_receipt.verify, tlog(head=head), TRUST) == "log.untrusted"
    assert refused(verify_leaf.verify, plain(head=head), TRUST) == "log.untrusted"
    assert refused(verify_cose.verify_leaf, cbor(signer=stranger), TRUST) == "receipt.signature"


def test_an_unknown_key_under_the_id_of_a_known_one() -> None:
    head = note.parse(NOTE)
    forged = note.Signature(ORIGIN, TRUST.logs[0].id, key("stranger").sign(head.text.encode()))
    data = note.Note(head.text, (forged,)).data
    assert refused(verify_receipt.verify, tlog(head=data), TRUST) == "log.signature"
    made = cose.Inclusion(ORIGIN, TRUST.logs[0].id, SIZE, RECORD, (), b"")
    forged_cose = cose._write(made, key("stranger").sign(cose.signed(made, ROOT)))
    assert refused(verify_cose.verify_leaf, forged_cose, TRUST) == "log.signature"


def logged(data: bytes) -> tuple[receipt.Proved, bytes, bytes]:
    """Any bytes as the newest leaf of a log that its owner signs; the proof, its checkpoint and its root."""
    log = world().log
    log.leaves.append(data)
    log.tiles.update(log.frontier.append([leaf_hash(data)]))
    return log.proved(SIZE), log.checkpoint(), log.frontier.root()


@pytest.mark.parametrize(
    "change",
    [
        lambda leaf: leaf.replace(b'"tier":1', b'"tier":1,"tier":1'),
        lambda leaf: leaf.replace(b'"tier":1', b'"tier":4,"tier":1'),
        lambda leaf: leaf.replace(b'{"act"', b'{"act":"tool_call","act"'),
        lambda leaf: leaf.replace(b'"c":{', b'"c":{"in":"x",'),
    ],
    ids=["the same twice", "two values", "the first member", "in an object within"],
)
def test_a_duplicate_key_in_a_leaf(change: Callable[[bytes], bytes]) -> None:
    record, head, root = logged(change(RECORD.leaf))
    assert record.leaf != RECORD.leaf
    assert refused(verify_receipt.verify, tlog(record, head, []), TRUST) == "log.leaf"
    assert refused(verify_leaf.verify, plain(record, head), TRUST) == "log.leaf"
    assert refused(verify_cose.verify_leaf, cbor(record, SIZE + 1, root), TRUST) == "log.leaf"


def test_an_unknown_member_or_kind_or_version_of_a_leaf() -> None:
    for old, new in ((b'"wld"', b'"wla":0,"wld"'), (b'"k":"open"', b'"k":"opem"'), (b'"v":1', b'"v":2')):
        record, head, root = logged(RECORD.leaf.replace(old, new))
        assert refused(verify_leaf.verify, plain(record, head), TRUST) == "log.leaf"
        assert refused(verify_cose.verify_leaf, cbor(record, SIZE + 1, root), TRUST) == "log.leaf"


def test_a_swapped_party() -> None:
    """Another party's leaf, with its own good proof, in the place of the one that answers."""
    rids = WORLD.rids
    provider = next(part for part in OTHERS if rid(part.leaf) == rids["provider"])
    without = [part for part in OTHERS if rid(part.leaf) != rids["deployer"]]
    moved = [
        dataclasses.replace(provider, index=part.index) if rid(part.leaf) == rids["deployer"] else part
        for part in OTHERS
    ]
    assert refused(verify_receipt.verify, tlog(leaves=moved), TRUST) == "log.proof"
    assert refused(verify_receipt.verify, tlog(leaves=without), TRUST) == "receipt.incomplete"
    assert refused(
        verify_cose.verify_record, cose.sign_inclusion(ORIGIN, SIZE, RECORD, without, LOG.signer), TRUST
    ) == ("receipt.incomplete")


W1, W2 = (VerifierKey.of(f"{name}.invalid", key(name).public, Kind.COSIGNATURE) for name in ("w1", "w2"))
TWO = Trust(TRUST.logs, (Witness("w1", W1), Witness("w2", W2)), (Group("both", 2, ("w1", "w2")),), "both")
ONE = Trust(TRUST.logs, (Witness("w1", W1),), quorum="w1")


def seen_by(*names: str) -> bytes:
    head = note.parse(NOTE)
    lines = [
        note.cosign(
            head.text, VerifierKey.of(f"{name}.invalid", key(name).public, Kind.COSIGNATURE), T0 // 1000, key(name)
        )
        for name in names
    ]
    return note.Note(head.text, (*head.signatures, *lines)).data


def test_a_quorum_that_is_not_reached() -> None:
    assert verify_receipt.verify(tlog(head=seen_by("w1", "w2")), TWO).witnesses == (
        ("w1", T0 // 1000),
        ("w2", T0 // 1000),
    )
    for head in (NOTE, seen_by("w1"), seen_by("w2")):
        assert refused(verify_receipt.verify, tlog(head=head), TWO) == "log.quorum"
        assert refused(verify_leaf.verify, plain(head=head), TWO) == "log.quorum"
    assert refused(verify_cose.verify_leaf, cbor(), TWO) == "log.quorum"


def test_a_cosignature_of_an_unknown_witness() -> None:
    """It counts for nothing: where it alone stands, the quorum is not reached."""
    head = seen_by("w9")
    assert refused(verify_receipt.verify, tlog(head=head), ONE) == "log.quorum"
    assert refused(verify_leaf.verify, plain(head=head), ONE) == "log.quorum"
    assert verify_receipt.verify(tlog(head=seen_by("w9", "w1")), ONE).witnesses == (("w1", T0 // 1000),)


def test_a_cosignature_over_another_checkpoint() -> None:
    other = note.parse(checkpoint.sign(ORIGIN, SIZE + 1, ROOT, LOG.signer))
    line = note.cosign(other.text, W1, T0 // 1000, key("w1"))
    head = note.Note(note.parse(NOTE).text, (*note.parse(NOTE).signatures, line)).data
    assert refused(verify_receipt.verify, tlog(head=head), ONE) == "log.signature"


def test_the_trust_file_of_another_log() -> None:
    for name, public in (("other.invalid", LOG.signer.public), (ORIGIN, key("other").public)):
        other = Trust((VerifierKey.of(name, public),))
        assert refused(verify_receipt.verify, tlog(), other) == "log.untrusted"
        assert refused(verify_leaf.verify, plain(), other) == "log.untrusted"
        assert refused(verify_cose.verify_leaf, cbor(), other) in {"log.untrusted", "receipt.signature"}


def test_every_flipped_bit_of_a_proof_and_a_cose_receipt() -> None:
    """The receipt's own bytes, 15,000 of them, are flipped in test_receipt.py."""
    for data, call in ((plain(), verify_leaf.verify), (cbor(), verify_cose.verify_leaf)):
        for place in range(len(data)):
            for bit in range(8):
                broken = bytearray(data)
                broken[place] ^= 1 << bit
                assert refused(call, bytes(broken), TRUST), (place, bit)


def test_a_cose_receipt_with_unsigned_headers_added() -> None:
    tag = cbor2.loads(cbor())
    for more in ({394: []}, {4: b"x"}, {"note": "x"}):
        changed = cbor2.dumps(CBORTag(18, [tag.value[0], {**tag.value[1], **more}, *tag.value[2:]]), canonical=True)
        assert refused(verify_cose.verify_leaf, changed, TRUST) == "receipt.malformed"
