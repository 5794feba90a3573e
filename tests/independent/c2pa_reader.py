# SPDX-License-Identifier: Apache-2.0
"""A second reader of C2PA manifests in PNG and JPEG, written from ISO/IEC 19566-5 (JUMBF), RFC 9052 (COSE) and C2PA
2.2.

It imports nothing of `answerable` and not the library that signs: `cbor2` for CBOR and `cryptography` for certificates.
It checks the signature over the claim, each assertion's hash in the claim, and the hard binding to the file's bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

MANIFEST = bytes.fromhex("63326d61")  # "c2ma"; an updating manifest would be "c2um"


class Bad(Exception):
    """What is not as the specification says."""


@dataclass
class Box:
    """A JUMBF superbox: its label, the content boxes as (type, bytes), boxes within, and the bytes that a hash
    covers."""

    label: str
    kind: bytes
    contents: list[tuple[bytes, bytes]]
    boxes: list[Box]
    hashed: bytes

    def child(self, label: str) -> Box:
        for box in self.boxes:
            if box.label == label:
                return box
        raise Bad(f"no box {label}")


@dataclass
class Checked:
    claim: dict[str, Any]
    assertions: dict[str, Any]
    leaf: x509.Certificate
    manifests: int


def check(data: bytes, *, root: bytes | None = None, at: datetime | None = None) -> Checked:
    """Raises `Bad` unless the active manifest of the file is signed by its leaf (and that by `root`, PEM, if given, in
    force `at`) and covers the file's bytes."""
    store, start, length = _store(data)
    manifest = store.boxes[-1]
    if manifest.kind[:4] != MANIFEST:
        raise Bad("the last box is no manifest")
    claim_bytes = _content(manifest.child("c2pa.claim.v2"), b"cbor")
    claim = cbor2.loads(claim_bytes)
    leaf = _signature(_content(manifest.child("c2pa.signature"), b"cbor"), claim_bytes, root, at)
    assertions = _assertions(manifest, claim)
    _binding(data, assertions["c2pa.hash.data"], start, length)
    return Checked(claim, assertions, leaf, len(store.boxes))


def _store(data: bytes) -> tuple[Box, int, int]:
    """The store of manifests, and where in the file it stands: start and length, with what wraps it."""
    parts, start, end = _png(data) if data[:8] == b"\x89PNG\r\n\x1a\n" else _jpeg(data)
    boxes = list(_superboxes(b"".join(parts)))
    if len(boxes) != 1 or boxes[0].label != "c2pa":
        raise Bad("not one store of manifests")
    return boxes[0], start, end - start


def _png(data: bytes) -> tuple[list[bytes], int, int]:
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"caBX":
            return [data[at + 8 : at + 8 + length]], at, at + 12 + length
        at += 12 + length
    raise Bad("no chunk caBX")


def _jpeg(data: bytes) -> tuple[list[bytes], int, int]:
    """ISO/IEC 19566-5 annex D: CI "JP", instance, sequence, then the box whose header each segment repeats."""
    at, parts, spans = 2, [], []
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if data[at + 1] == 0xEB and body[:2] == b"JP":
            parts.append((struct.unpack_from(">I", body, 4)[0], body[8:]))
            spans.append((at, at + 2 + length))
        at += 2 + length
    if [number for number, _ in parts] != list(range(1, len(parts) + 1)) or not parts:
        raise Bad("the segments are not numbered from one")
    if any(first[1] != second[0] for first, second in pairwise(spans)):
        raise Bad("the segments do not stand together")
    return [body if number == 1 else body[8:] for number, body in parts], spans[0][0], spans[-1][1]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if not 8 <= length <= len(data) - at:
            raise Bad("a box is longer than what holds it")
        yield kind, data[at + 8 : at + length]
        at += length


def _superboxes(data: bytes) -> Iterator[Box]:
    for kind, body in _boxes(data):
        if kind != b"jumb":
            continue
        description, *rest = _boxes(body)
        if description[0] != b"jumd":
            raise Bad("a superbox without description")
        told = description[1]
        label = told[17 : told.index(b"\0", 17)].decode()
        contents = [each for each in rest if each[0] != b"jumb"]
        yield Box(label, told[:16], contents, list(_superboxes(_rejoined(rest))), body)


def _rejoined(boxes: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(struct.pack(">I4s", len(body) + 8, kind) + body for kind, body in boxes if kind == b"jumb")


def _content(box: Box, kind: bytes) -> bytes:
    for each, body in box.contents:
        if each == kind:
            return body
    raise Bad(f"{box.label} holds no {kind.decode()}")


def _signature(cose: bytes, claim: bytes, root: bytes | None, at: datetime | None) -> x509.Certificate:
    protected, _, payload, signature = cbor2.loads(cose).value
    if payload is not None:
        raise Bad("the claim is not detached")
    header = cbor2.loads(protected)
    chain = header[33]
    leaf = x509.load_der_x509_certificate(chain if isinstance(chain, bytes) else chain[0])
    signed = cbor2.dumps(["Signature1", protected, b"", claim])
    key = leaf.public_key()
    try:
        if header[1] == -8 and isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
        elif header[1] == -7 and isinstance(key, ec.EllipticCurvePublicKey):
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        else:
            raise Bad("an algorithm that does not fit the key")
        if root is not None:
            leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(root))
    except (InvalidSignature, TypeError, ValueError):
        raise Bad("a signature does not hold") from None
    if at is not None and not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise Bad("the leaf is not in force")
    return leaf


def _assertions(manifest: Box, claim: dict[str, Any]) -> dict[str, Any]:
    held = {box.label: box for box in manifest.child("c2pa.assertions").boxes}
    named = {}
    for reference in [*claim.get("created_assertions", ()), *claim.get("gathered_assertions", ())]:
        label = reference["url"].rsplit("/", 1)[1]
        box = held.pop(label, None)
        if box is None:
            raise Bad(f"{label} is named and not there")
        if reference.get("alg", claim.get("alg", "sha256")) != "sha256":
            raise Bad("a hash of another kind")
        if hashlib.sha256(box.hashed).digest() != reference["hash"]:
            raise Bad(f"{label} is not what was signed")
        kinds = dict(box.contents)
        named[label] = cbor2.loads(kinds[b"cbor"]) if b"cbor" in kinds else kinds
    if held:
        raise Bad(f"{sorted(held)} stands there and is not named")
    return named


def _binding(data: bytes, told: dict[str, Any], start: int, length: int) -> None:
    """C2PA section 18.5: the hash of all bytes but those of the manifest."""
    if told.get("exclusions") != [{"start": start, "length": length}] or told.get("alg") != "sha256":
        raise Bad("what is left out is not the manifest alone")
    if hashlib.sha256(data[:start] + data[start + length :]).digest() != told["hash"]:
        raise Bad("the file is not what was signed")
