# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/envelope.md`: the code does what the vectors say, checked without the code's own writer, and the page
names every claim, limit and code."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from answerable.admission import envelope, onsite
from answerable.errors import VerificationError
from answerable.model.envelopes import Envelope
from answerable.model.warrants import Warrant

SPEC = Path(__file__).parents[2] / "docs" / "spec"
VECTORS: dict[str, Any] = json.loads((SPEC / "vectors" / "envelope.json").read_text("utf-8"))
PAGE = (SPEC / "envelope.md").read_text("utf-8")
KEYS = {VECTORS["issuer"]["kid"]: bytes.fromhex(VECTORS["issuer"]["public"])}


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_good_chain() -> None:
    chain = onsite.read(VECTORS["warrant token"], VECTORS["token"], KEYS)
    assert chain.envelope == msgspec.convert(VECTORS["envelope"], Envelope)
    assert chain.warrant == msgspec.convert(VECTORS["warrant"], Warrant)


def test_by_the_words_of_the_page() -> None:
    first, claims, signature = VECTORS["token"].split(".")
    Ed25519PublicKey.from_public_bytes(KEYS["issuer-1"]).verify(plain(signature), f"{first}.{claims}".encode())
    said = json.loads(plain(claims))
    assert rfc8785.dumps(said) == plain(claims)
    head, body, signature = VECTORS["warrant token"].split(".")
    site = plain(said["cnf"]["jwk"]["x"])
    assert site.hex() == VECTORS["onsite"]["public"]
    Ed25519PublicKey.from_public_bytes(site).verify(plain(signature), f"{head}.{body}".encode())
    assert json.loads(plain(head))["kid"] == said["jti"]
    below = json.loads(plain(body))
    assert below["env"] == hashlib.sha256(VECTORS["token"].encode()).hexdigest()
    assert below["exp_ms"] <= said["exp_ms"]
    assert all(f"`{name}`" in PAGE for name in (*said, *said["authorization_details"][0], "env"))


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(VerificationError) as error:
        onsite.read(case["warrant"], case["envelope"], KEYS)
    assert error.value.code == case["code"]
    assert f"`{case['code']}`" in PAGE


def test_the_page_gives_the_limits() -> None:
    assert f"{envelope.LONGEST_MS // 60_000} minutes" in PAGE
    assert f"{envelope.ONSITE_MS // 1000} s" in PAGE
    assert f"{envelope.MAX_COPIES} " in PAGE
    assert f"{envelope.MAX_ZONES} zones" in PAGE
    assert f"`{envelope.TYPE}`" in PAGE
    assert f"`{onsite.TYPE}`" in PAGE
