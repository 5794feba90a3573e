# SPDX-License-Identifier: Apache-2.0
"""The receipt file (`docs/spec/receipt.md`): one record, proven, with all that it points to.

It is a C2SP tlog-proof@v1 file of the record's `open` leaf, so that other people's tools can check it; its `extra` line
carries the leaf itself, the other leaves with their proofs against the same checkpoint, and what was disclosed.
This module reads and writes the form. Whether it is *true* is `answerable.verify.receipt`'s question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError
from answerable.log import proof as proofs
from answerable.log.commitment import SALT_LENGTH
from answerable.log.joint import Joint
from answerable.log.leaf import MAX_LEAF
from answerable.log.note import MAX_NOTE
from answerable.log.proof import Proof, check_index, check_path, malformed

FORMAT: Final = "answerable/receipt/v1"
# A receipt discloses one exchange at most; a conversation's context is the largest part of it.
MAX_RECEIPT: Final = 32 * 1024 * 1024
# A record, its warrants, copies, systems and parties are a dozen; a merge may name many parents.
MAX_LEAVES: Final = 512


@dataclass(frozen=True, slots=True)
class Proved:
    """The bytes of a leaf, where it stands, and its RFC 6962 audit path, from the leaf up."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a commitment hides. rid: the leaf that holds it; group: the member of its `c`; salt: 32 bytes."""

    rid: str
    group: str
    salt: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was read: form alone. leaves: ascending by index, without the record's own; disclosures:
    ascending by rid and group; checkpoint: the signed note, byte for byte; root: that a root log recorded it."""

    record: Proved
    leaves: tuple[Proved, ...]
    disclosures: tuple[Disclosure, ...]
    checkpoint: bytes
    root: Joint | None = None


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members in the order of their names, so that the plain encoding is canonical."""


class _Disclosure(_Part, frozen=True, kw_only=True):
    body: str
    group: str
    rid: str
    salt: str


class _Leaf(_Part, frozen=True, kw_only=True):
    index: int
    leaf: str  # its text: a leaf is JSON in UTF-8
    path: list[str]


class _Root(_Part, frozen=True, kw_only=True):
    checkpoint: str  # its text
    consistency: list[str]
    digest: str
    index: int
    leaf: str
    path: list[str]


class _Extra(_Part, frozen=True, kw_only=True):
    # SHA-256 of the checkpoint's bytes, as `digest` is in `root`. It proves nothing; with it a byte of a signature that
    # this reader has no key for cannot change unseen, while such signatures are passed over as signed notes demand.
    checkpoint: str
    disclosures: list[_Disclosure]
    format: str
    leaf: str
    leaves: list[_Leaf]
    root: _Root | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Extra).decode


def build(
    record: Proved,
    leaves: Iterable[Proved],
    disclosures: Iterable[Disclosure],
    checkpoint: bytes,
    root: Joint | None = None,
) -> bytes:
    """The file. All proofs are against `checkpoint`; order does not matter, leaves given twice are written once.
    root: for a log that is a shard, that its root log recorded this tree or one that continues it.

    Raises VerificationError ``receipt.malformed`` for what a reader would refuse.
    """
    others = {leaf.index: leaf for leaf in leaves if leaf.index != record.index}
    shown = {(part.rid, part.group): part for part in disclosures}
    receipt = Receipt(
        record,
        tuple(others[index] for index in sorted(others)),
        tuple(shown[key] for key in sorted(shown)),
        checkpoint,
        root,
    )
    data = _write(receipt)
    if parse(data) != receipt:
        raise malformed("it does not read back")
    return data


def parse(data: bytes) -> Receipt:
    """The receipt that `data` is the one encoding of. Raises VerificationError ``receipt.malformed``."""
    if len(data) > MAX_RECEIPT:
        raise malformed("longer than 32 MiB")
    try:
        receipt = _read(proofs.parse(data))
    except VerificationError as error:
        raise malformed(str(error.params.get("detail"))) from None
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise malformed("its extra line has another form") from None
    # Whatever could be written in two ways was read by now; only the one that we write is taken.
    if _write(receipt) != data:
        raise malformed("not in its canonical form")
    return receipt


def is_receipt(extra: bytes) -> bool:
    """Whether a proof file with this extra data is meant as a receipt."""
    return f'"format":"{FORMAT}"'.encode() in extra


def _read(proof: Proof) -> Receipt:
    extra = _decode(proof.extra)
    if extra.format != FORMAT:
        raise malformed("of another format")
    if len(extra.leaves) > MAX_LEAVES or len(extra.disclosures) > MAX_LEAVES:
        raise malformed("too many leaves")
    record = Proved(_leaf(extra.leaf), proof.index, proof.path)
    leaves = tuple(
        Proved(_leaf(part.leaf), check_index(part.index), check_path([unb64u(node) for node in part.path]))
        for part in extra.leaves
    )
    indexes = [leaf.index for leaf in leaves]
    if indexes != sorted(set(indexes)) or record.index in indexes:
        raise malformed("leaves out of order")
    disclosures = tuple(_disclosure(part) for part in extra.disclosures)
    keys = [(part.rid, part.group) for part in disclosures]
    if keys != sorted(set(keys)):
        raise malformed("disclosures out of order")
    root = None if extra.root is UNSET else _joint(extra.root)
    return Receipt(record, leaves, disclosures, proof.checkpoint, root)


def _joint(part: _Root) -> Joint:
    consistency, path = ([unb64u(node) for node in nodes] for nodes in (part.consistency, part.path))
    note = part.checkpoint.encode("utf-8")
    if len(note) > MAX_NOTE:
        raise malformed("a checkpoint that is too long")
    return Joint(check_path(consistency), _leaf(part.leaf), check_index(part.index), check_path(path), note)


def _write(receipt: Receipt) -> bytes:
    joint = receipt.root
    extra = _Extra(
        checkpoint=b64u(sha256(receipt.checkpoint).digest()),
        disclosures=[
            _Disclosure(body=b64u(part.body), group=part.group, rid=part.rid, salt=b64u(part.salt))
            for part in receipt.disclosures
        ],
        format=FORMAT,
        leaf=_text(receipt.record.leaf),
        leaves=[
            _Leaf(index=part.index, leaf=_text(part.leaf), path=[b64u(node) for node in part.path])
            for part in receipt.leaves
        ],
        root=UNSET
        if joint is None
        else _Root(
            checkpoint=_text(joint.note),
            consistency=[b64u(node) for node in joint.consistency],
            digest=b64u(sha256(joint.note).digest()),
            index=joint.index,
            leaf=_text(joint.leaf),
            path=[b64u(node) for node in joint.path],
        ),
    )
    record = receipt.record
    return proofs.write(Proof(msgspec.json.encode(extra), record.index, record.path, receipt.checkpoint))


def _leaf(text: str) -> bytes:
    leaf = text.encode("utf-8")
    if len(leaf) > MAX_LEAF:
        raise malformed("a leaf over 65,535 bytes")
    return leaf


def _text(leaf: bytes) -> str:
    try:
        return leaf.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("a leaf that is not UTF-8") from None


def _disclosure(part: _Disclosure) -> Disclosure:
    salt = unb64u(part.salt)
    if len(salt) != SALT_LENGTH:
        raise malformed("a salt that is not 32 bytes")
    return Disclosure(part.rid, part.group, salt, unb64u(part.body))
