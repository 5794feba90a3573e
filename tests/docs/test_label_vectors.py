# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/label.md`, signatures, propagation, pins and files: the code does what the vectors say, and `cryptography`
alone says the same of what it can check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from answerable.errors import VerificationError
from answerable.marks import binding, kept, pins, signature
from answerable.model.labels import AIGC

SPEC = Path(__file__).parents[2] / "docs" / "spec"
LABEL: dict[str, Any] = json.loads((SPEC / "vectors" / "label.json").read_text("utf-8"))
OIDS = {"1.3.101.112": "Ed25519", "1.2.840.10045.4.3.2": "ES256", "1.2.156.10197.1.501": "SM3withSM2"}


@pytest.mark.parametrize("case", LABEL["contents"], ids=lambda case: case["name"])
def test_what_a_label_was_signed_for(case: dict[str, Any]) -> None:
    label = AIGC(*case["label"].values())
    found, changed = binding.bound_by(label, signature.check(label), signature.check_propagation(label))
    told = [
        {"Content": each.content.hex(), "Prints": [its.tag().hex() for its in each.prints], "Sketch": list(each.sketch)}
        for each in found
    ]
    assert (told, changed) == (case["found"], case["changed"])


def test_what_a_label_was_signed_for_by_cryptography_alone() -> None:
    label = LABEL["contents"][0]["label"]
    _, public, entry = json.loads(label["ReservedCode1"])["SecurityData"]["PubSD"]
    assert entry["Type"] == "org.answerable.content"
    key = load_der_public_key(bytes.fromhex(public["KeyValue"]))
    assert isinstance(key, Ed25519PublicKey)
    said = {name: label[name] for name in ("Label", "ContentProducer", "ProduceID")}
    said |= {name: entry[name] for name in ("Content", "Prints", "Sketch")}
    key.verify(
        bytes.fromhex(entry["Signature"]), ",".join(f'"{name}":"{value}"' for name, value in said.items()).encode()
    )


def keys(case: dict[str, Any]) -> dict[bytes, str]:
    return {bytes.fromhex(key): party for key, party in case["pinned"].items()}


@pytest.mark.parametrize("case", LABEL["signatures"], ids=lambda case: case["name"])
def test_signatures(case: dict[str, Any]) -> None:
    label = AIGC(*case["label"].values())
    found = signature.check(label, keys(case))
    assert (str(found), found.algorithm, found.key.hex()) == (case["state"], case["algorithm"], case["key"])
    assert signature.produced(label).decode() == case["message"]


@pytest.mark.parametrize(
    "case", [case for case in LABEL["signatures"] if case["algorithm"] in ("Ed25519", "ES256")], ids=lambda c: c["name"]
)
def test_the_same_by_cryptography_alone(case: dict[str, Any]) -> None:
    code = json.loads(case["label"]["ReservedCode1"])["SecurityData"]
    assert (code["Type"], code["Version"]) == ("TC260PG", 1)
    signed, public = code["PubSD"]
    assert OIDS[signed["AlgID"]] == OIDS[public["AlgID"]] == case["algorithm"]
    key = load_der_public_key(bytes.fromhex(public["KeyValue"]))
    members = ("Label", "ContentProducer", "ProduceID")
    message = ",".join(f'"{name}":"{case["label"][name]}"' for name in members).encode()
    held = True
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(bytes.fromhex(signed["Signature"]), message)
        else:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(bytes.fromhex(signed["Signature"]), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        held = False
    assert held is (case["name"].partition(", ")[2] != "another ProduceID")


def test_propagation() -> None:
    case = LABEL["propagated"]
    after = AIGC(*case["after"].values())
    assert signature.propagated(after).decode() == case["message"]
    assert str(signature.check_propagation(after, keys(case))) == case["state"]
    for member in ("Label", "ContentProducer", "ProduceID", "ReservedCode1"):
        assert case["after"][member] == case["before"][member]


def test_pins() -> None:
    case = LABEL["pins"]
    assert {key.hex(): party for key, party in pins.parse(case["text"].encode()).items()} == case["keys"]
    for text in case["refused"]:
        with pytest.raises(VerificationError):
            pins.parse(text.encode())


def test_files() -> None:
    for text in LABEL["files"].values():
        assert rfc8785.dumps(json.loads(text)).decode() == text
    found = kept.read(LABEL["files"]["kept"].encode())
    assert found is not None
    assert kept.body(found).decode() == LABEL["files"]["kept"]


def test_the_page_names_each_algorithm_and_state() -> None:
    page = (SPEC / "label.md").read_text("utf-8")
    assert all(f"`{oid}`" in page and name in page for oid, name in OIDS.items())
    assert all(f"`{state}`" in page or f"`{state}:" in page for state in signature.State)
