# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/tool-registry.md`: the code does what the vectors say, checked without the code's own writer, and the page
names every word, limit and code."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from answerable.errors import Refused
from answerable.errors.codes.tool import ENTRIES
from answerable.log.leaf import decode, rid
from answerable.model.leaves import BoundRef, ToolLeaf
from answerable.model.tools import Tool
from answerable.tools import attestations, envelopes, names, pins, registry, told
from tools import vectors

SPEC = Path(__file__).parents[2] / "docs" / "spec"
VECTORS: dict[str, Any] = json.loads((SPEC / "vectors" / "tool-registry.json").read_text("utf-8"))
PAGE = (SPEC / "tool-registry.md").read_text("utf-8")


def test_the_file_is_what_the_writer_writes() -> None:
    assert (SPEC / "vectors" / "tool-registry.json").read_text("utf-8") == vectors.text("tool-registry")


def doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [doubles(item) for item in value]
    return float(value) if isinstance(value, int) and abs(value) >= 2**53 else value


@pytest.mark.parametrize("row", VECTORS["definitions"], ids=lambda row: row["definition"]["name"])
def test_pins_by_the_words_of_the_page(row: dict[str, Any]) -> None:
    canonical = rfc8785.dumps(doubles(row["definition"]))
    assert canonical == row["canonical"].encode()
    assert row["pin"] == "sha256:" + hashlib.sha256(canonical).hexdigest()
    assert pins.definition(row["definition"]).pin == row["pin"]


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: row["why"])
def test_what_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(Refused) as found:
        pins.definition(row["definition"])
    assert found.value.code == row["code"]
    assert f"`{row['code']}`" in PAGE


def test_names() -> None:
    for row in VECTORS["names"]:
        plain = re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", row["name"]) is not None
        assert names.fits(row["name"]) is row["fits"] is (plain and not row["name"].lower().startswith("answerable_"))
    for row in VECTORS["skeletons"]:
        text = re.sub(r"[-_.]", "", row["name"].lower()).replace("0", "o").replace("1", "l").replace("i", "l")
        assert names.skeleton(row["name"]) == row["skeleton"] == text.replace("rn", "m").replace("vv", "w")


def test_the_envelope() -> None:
    bounds = [told._bound(msgspec.convert(row, BoundRef)) for row in VECTORS["envelope"]["bounds"]]
    for row in VECTORS["envelope"]["calls"]:
        assert envelopes.breach(bounds, row["arguments"]) == row["outside"]
    assert {bool(row["outside"]) for row in VECTORS["envelope"]["calls"]} == {True, False}


def test_what_each_word_makes_of_the_row() -> None:
    row: Tool | None = None
    for step in VECTORS["words"]:
        leaf = decode(step["leaf"].encode())
        assert isinstance(leaf, ToolLeaf)
        row = told.row(leaf, rid(step["leaf"].encode()), row)
        assert json.loads(msgspec.json.encode(row)) == step["row"]
        assert f"| `{leaf.st}` |" in PAGE
    assert [step["row"]["state"] for step in VECTORS["words"]] == [
        "unclassified", "classified", "classified", "withdrawn"
    ]  # fmt: skip


def test_the_attestation_by_the_words_of_the_page() -> None:
    row = VECTORS["attestation"]
    envelope = json.loads(row["envelope"])
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (signature,) = envelope["signatures"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(row["key"] + "="))
    key.verify(base64.b64decode(signature["sig"]), signed)
    assert signature["keyid"] == row["keyid"]
    statement = json.loads(payload)
    assert statement["predicateType"] == attestations.TOOL
    assert ["sha256:" + each["digest"]["sha256"] for each in statement["subject"]] == row["pins"]
    assert row["pins"] == [VECTORS["definitions"][0]["pin"]]
    for words in (
        attestations.TOOL,
        attestations.PAYLOAD,
        str(attestations.DEFAULT_DAYS),
        f"{attestations.MAX_DAYS:,}",
    ):
        assert words in PAGE


def test_the_page_names_the_limits() -> None:
    assert f"{registry.MAX_TOOLS:,} tools" in PAGE
    assert f"{pins.MAX_DEFINITION:,} bytes" in PAGE
    for member in BoundRef.__struct_encode_fields__:
        assert f"`{member}`" in PAGE
    for code in ("unknown", "changed", "envelope", "name", "lookalike", "definition", "floor", "domain", "hint"):
        assert f"tool.{code}" in ENTRIES
        assert f"`tool.{code}`" in PAGE
