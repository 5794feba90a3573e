# SPDX-License-Identifier: Apache-2.0
"""COSE receipts (RFC 9942, profile in `docs/spec/cose.md`): the same proofs for those who speak COSE (RFC 9052).

A COSE_Sign1 over the root of the tree, payload detached: the reader computes the root from the proofs. `vds` is 1,
RFC9162_SHA256, which is our tree; `alg` is -19, Ed25519 (RFC 9864). Form and signing; `verify.cose` says what is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from answerable.crypto import cbor, ed25519
from answerable.errors import Unavailable, VerificationError
from answerable.log.leaf import MAX_LEAF, leaf_hash
from answerable.log.merkle import MAX_SIZE, consistency_root, inclusion_root
from answerable.log.note import Signing, VerifierKey
from answerable.log.proof import check_index, check_path, malformed
from answerable.log.receipt import MAX_LEAVES, Proved

MAX_COSE: Final = 4 * 1024 * 1024

_SIGN1: Final = 18
_ALG, _KID, _CLAIMS, _VDS, _VDP = 1, 4, 15, 395, 396
_ED25519: Final = -19
_RFC9162_SHA256: Final = 1
_ISS: Final = 1  # CWT claim (RFC 8392), in a header as RFC 9597 has it
_INCLUSION, _CONSISTENCY = -1, -2
# Below -65,536 labels are for private use (RFC 9052 section 11.1). The leaves themselves, in the order of their proofs:
LEAVES: Final = -65537
# And, protected, the size of the tree: one root with one path can be read as of several sizes, and in the RFC nothing
# signed tells which is meant.
SIZE: Final = -65538


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A receipt of inclusion as it was read. record: the first leaf; leaves: the others, ascending by index; all are
    proven against one tree of `size` leaves of the log `origin`; key: 4 bytes, the id of the log's verifier key."""

    origin: str
    key: bytes
    size: int
    record: Proved
    leaves: tuple[Proved, ...]
    signature: bytes


@dataclass(frozen=True, slots=True)
class Consistency:
    """A receipt that the tree of `old` leaves is the beginning of that of `new` leaves. path: as RFC 9162 has it."""

    origin: str
    key: bytes
    old: int
    new: int
    path: tuple[bytes, ...]
    signature: bytes


def sign_inclusion(origin: str, size: int, record: Proved, leaves: Iterable[Proved], signer: Signing) -> bytes:
    """The receipt of leaves that stand in the tree of `size` leaves; leaves given twice are written once.

    Raises VerificationError ``log.proof`` where they do not lead to one root, ``receipt.malformed`` for what a reader
    would refuse, the only leaf of a tree included: RFC 9942 has no empty path.
    """
    others = {leaf.index: leaf for leaf in leaves if leaf.index != record.index}
    receipt = Inclusion(origin, _key(origin, signer), size, record, tuple(others[i] for i in sorted(others)), b"")
    root = inclusion_roots(receipt)
    return _finish(receipt, root, signer)


def sign_consistency(origin: str, old: int, old_root: bytes, new: int, path: Iterable[bytes], signer: Signing) -> bytes:
    """The receipt that (old, old_root) is the beginning of the tree of `new` leaves. Raises as `sign_inclusion`."""
    receipt = Consistency(origin, _key(origin, signer), old, new, tuple(path), b"")
    return _finish(receipt, consistency_root(old, old_root, new, receipt.path), signer)


def inclusion_roots(receipt: Inclusion) -> bytes:
    """The one root that all of its proofs lead to. Raises VerificationError ``log.proof``."""
    roots = {
        inclusion_root(leaf_hash(part.leaf), part.index, receipt.size, part.path)
        for part in (receipt.record, *receipt.leaves)
    }
    if len(roots) != 1:
        raise VerificationError("log.proof", detail="its leaves do not lead to one root")
    return roots.pop()


def signed(receipt: Inclusion | Consistency, root: bytes) -> bytes:
    """What the signature is over: the Sig_structure of RFC 9052 section 4.4, the root as payload."""
    return _dumps(["Signature1", _protected(receipt), b"", root])


def parse(data: bytes) -> Inclusion | Consistency:
    """The receipt that `data` is the one encoding of (RFC 8949 section 4.2, deterministic).

    Raises VerificationError ``receipt.malformed``, Unavailable ``receipt.cose`` without cbor2.
    """
    if len(data) > MAX_COSE:
        raise malformed("longer than 4 MiB")
    receipt = _read(_loads(data))
    if _write(receipt) != data:
        raise malformed("not in its canonical form")
    return receipt


def is_cose(data: bytes) -> bool:
    """Whether these bytes are meant as COSE_Sign1: they begin with its tag, which no text does."""
    return data[:1] == b"\xd2"


def _finish(receipt: Inclusion | Consistency, root: bytes, signer: Signing) -> bytes:
    signature = signer.sign(signed(receipt, root))
    data = _write(receipt, signature)
    parse(data)
    return data


def _key(origin: str, signer: Signing) -> bytes:
    return VerifierKey.of(origin, signer.public).id


def _protected(receipt: Inclusion | Consistency) -> bytes:
    size = receipt.size if isinstance(receipt, Inclusion) else receipt.new
    return _dumps(
        {_ALG: _ED25519, _KID: receipt.key, _CLAIMS: {_ISS: receipt.origin}, _VDS: _RFC9162_SHA256, SIZE: size},
    )


def _write(receipt: Inclusion | Consistency, signature: bytes = b"") -> bytes:
    header: dict[int, Any]
    if isinstance(receipt, Inclusion):
        parts = (receipt.record, *receipt.leaves)
        proofs = [_dumps([receipt.size, part.index, list(part.path)]) for part in parts]
        header = {_VDP: {_INCLUSION: proofs}, LEAVES: [part.leaf for part in parts]}
    else:
        header = {_VDP: {_CONSISTENCY: [_dumps([receipt.old, receipt.new, list(receipt.path)])]}}
    return _dumps(_cbor2().CBORTag(_SIGN1, [_protected(receipt), header, None, signature or receipt.signature]))


def _read(value: Any) -> Inclusion | Consistency:
    if not isinstance(value, cbor.Tag) or value.number != _SIGN1:
        raise malformed("not COSE_Sign1")
    protected, header, payload, signature = _items(value.value, 4)
    if payload is not None:
        raise malformed("its payload is not detached")
    if len(_bytes(signature)) != ed25519.SIGNATURE_LENGTH:
        raise malformed("a signature that is not 64 bytes")
    said = _members(_loads(_bytes(protected)), {_ALG, _KID, _CLAIMS, _VDS, SIZE})
    if (said[_ALG], said[_VDS]) != (_ED25519, _RFC9162_SHA256):
        raise malformed("of another algorithm or tree")
    origin = _members(said[_CLAIMS], {_ISS})[_ISS]
    if not isinstance(origin, str):
        raise malformed("an issuer that is not text")
    named = (origin, _bytes(said[_KID]))
    if isinstance(header, dict) and LEAVES in header:
        shown = _members(header, {_VDP, LEAVES})
        proofs = _items(_members(shown[_VDP], {_INCLUSION})[_INCLUSION])
        leaves = _items(shown[LEAVES], len(proofs))
        if not 0 < len(proofs) <= MAX_LEAVES:
            raise malformed("too many leaves, or none")
        read = [_inclusion(proof, leaf) for proof, leaf in zip(proofs, leaves, strict=True)]
        indexes = [part.index for _, part in read[1:]]
        if len({size for size, _ in read}) != 1 or indexes != sorted({*indexes} - {read[0][1].index}):
            raise malformed("proofs of several trees, or leaves out of order")
        return Inclusion(*named, read[0][0], read[0][1], tuple(part for _, part in read[1:]), signature)
    proofs = _items(_members(_members(header, {_VDP})[_VDP], {_CONSISTENCY})[_CONSISTENCY], 1)
    old, new, path = _proof(proofs[0])
    return Consistency(*named, old, new, path, signature)


def _inclusion(proof: Any, leaf: Any) -> tuple[int, Proved]:
    size, index, path = _proof(proof)
    if len(_bytes(leaf)) > MAX_LEAF:
        raise malformed("a leaf over 65,535 bytes")
    return size, Proved(leaf, check_index(index), path)


def _proof(proof: Any) -> tuple[int, int, tuple[bytes, ...]]:
    first, second, path = _items(_loads(_bytes(proof)), 3)
    for number in (first, second):
        if type(number) is not int or not 0 <= number <= MAX_SIZE:
            raise malformed("a size or index that no tree has")
    nodes = check_path([_bytes(node) for node in _items(path)])
    if not nodes:
        raise malformed("an empty path")
    return first, second, nodes


def _items(value: Any, count: int | None = None) -> list[Any]:
    if not isinstance(value, list) or count not in (None, len(value)):
        raise malformed("a list of another length")
    return value


def _members(value: Any, labels: set[int]) -> dict[int, Any]:
    if not isinstance(value, dict) or value.keys() != labels:
        raise malformed("missing or unknown headers")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise malformed("not a byte string")
    return value


def _dumps(value: Any) -> bytes:
    data: bytes = _cbor2().dumps(value, canonical=True)
    return data


def _cbor2() -> Any:
    """What writes CBOR; it never reads what strangers wrote."""
    try:
        import cbor2
    except ModuleNotFoundError:
        raise Unavailable("receipt.cose") from None
    return cbor2


def _loads(data: bytes) -> Any:
    try:
        return cbor.loads(data)
    except VerificationError as error:
        raise malformed(str(error.params["detail"])) from None
