# SPDX-License-Identifier: Apache-2.0
"""The committed test vectors are what the code makes, and hold by the specifications' own words: the checks here use
`json`, `hashlib`, `hmac` and an independent RFC 8785 writer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from answerable.errors import VerificationError
from answerable.log import trust
from answerable.log.leaf import decode
from answerable.model.leaves import KINDS
from answerable.privacy import feed
from answerable.verify import cose
from answerable.verify import leaf as leaves
from answerable.verify.receipt import verify
from tools import vectors


def load(name: str) -> Any:
    return json.loads((vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("name", vectors.FILES)
def test_the_files_are_what_the_code_makes(name: str) -> None:
    written = (vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert written == vectors.text(name), "run `python -m tools.vectors` if the change is meant; leaf formats are final"


def test_every_leaf_kind_has_vectors() -> None:
    assert {row["kind"] for row in load("leaves")["leaves"]} == set(KINDS)


def test_leaves() -> None:
    for row in load("leaves")["leaves"]:
        data = row["leaf"].encode()
        digest = hashlib.sha256(b"\x00" + data).digest()
        assert digest.hex() == row["leaf_hash"]
        assert base64.b32encode(digest[:20]).decode().lower() == row["rid"]
        assert rfc8785.dumps(json.loads(data)) == data
        assert decode(data).k == row["kind"]  # type: ignore[attr-defined]
    for row in load("leaves")["refused"]:
        with pytest.raises(VerificationError) as caught:
            decode(row["leaf"].encode())
        assert caught.value.code == row["code"], row["why"]


def test_commitments() -> None:
    for row in load("commitments"):
        message = b"answerable/commitment/v1/" + row["group"].encode() + b"\x00" + plain(row["payload"])
        assert hmac.new(plain(row["salt"]), message, hashlib.sha256).digest() == plain(row["commitment"])


def test_approvals() -> None:
    """With nothing of ours: what people agree to is a commitment to canonical JSON, and their words are statements."""
    found = load("approval")
    for row in found["calls"]:
        data = row["payload"].encode()
        members = json.loads(data)
        assert rfc8785.dumps(members) == data
        assert rfc8785.dumps(members["arguments"]) == rfc8785.dumps(row["arguments"])
        domain = b"answerable/commitment/v1/call\x00"
        assert hmac.new(bytes.fromhex(row["salt"]), domain + data, hashlib.sha256).hexdigest() == row["digest"]
    for row in found["refused"]:
        try:
            again = rfc8785.dumps(json.loads(row["payload"]))
        except ValueError:
            continue
        assert (
            again != row["payload"].encode()
            or json.loads(again) == []
            or "z" in json.loads(again)
            or ("principal" not in json.loads(again))
        ), row["what"]
    for row in found["votes"]:
        leaf = json.loads(row["leaf"])
        members = {name: value for name, value in leaf.items() if name not in ("sigs", "t")}
        signed = f"answerable/approval/v1\x00{row['origin']}\x00".encode() + rfc8785.dumps(members)
        assert bytes.fromhex(row["signed"]) == signed
        public = Ed25519PublicKey.from_public_bytes(plain(row["public"]))
        public.verify(plain(row["signature"]), signed)
        assert leaf["sigs"][0]["sig"] == row["signature"]
    for row in found["planted"]:
        hold, opened = json.loads(row["hold"]), json.loads(row["planted"])
        domain = b"answerable/commitment/v1/kind\x00"
        made = hmac.new(plain(opened["salt"]), domain + opened["kind"].encode(), hashlib.sha256).digest()
        matches = made == plain(hold["x"]["answerable.kind"])
        assert (matches and json.loads(opened["kind"])["planted"]) == row["is_planted"]


def test_statements() -> None:
    rows = load("statements")
    assert {row["kind"] for row in rows} == {
        "key", "transfer", "approval", "order", "release", "reauthorisation", "receipt", "revoke", "read", "preserve",
        "grant", "erase", "event", "roster", "settle",
    }  # fmt: skip
    for row in rows:
        leaf = json.loads(row["leaf"])
        added = {"sig", "sigs", "t"} | ({"dig", "until"} if row["kind"] == "order" else set())
        members = {name: value for name, value in leaf.items() if name not in added}
        if extensions := {k: v for k, v in members.pop("x", {}).items() if k != "answerable.sigs"}:
            members["x"] = extensions
        body = rfc8785.dumps(members)
        signed = f"answerable/{row['kind']}/v1\x00{row['origin']}\x00".encode() + body
        assert plain(row["signed"]) == signed
        Ed25519PublicKey.from_public_bytes(plain(row["public"])).verify(plain(row["sig"]), signed)


def test_checkpoints() -> None:
    vectors_ = load("checkpoint")
    name, key_id, material = vectors_["vkey"].split("+", 2)
    raw = base64.b64decode(material)
    assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id
    for row in vectors_["checkpoints"]:
        text, line = row["note"].split("\n\n")
        signature = base64.b64decode(line.split(" ")[2])
        assert signature[:4].hex() == key_id
        Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], f"{text}\n".encode())
        assert text.split("\n") == [vectors_["origin"], str(row["size"]), row["root"]]


def root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, written a second time."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        paired = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=False)]
        hashes = paired + hashes[len(paired) * 2 :]
    return hashes[0]


def test_merkle_roots() -> None:
    hashes = [hashlib.sha256(b"\x00" + str(i).encode()).digest() for i in range(600)]
    for row in load("merkle")["roots"]:
        assert root(hashes[: row["size"]]) == plain(row["root"])


def test_receipts() -> None:
    vectors_ = load("receipt")
    believed = trust.parse(vectors_["trust"].encode())
    report = verify(vectors_["receipt"].encode(), believed)
    assert report.record == vectors_["report"]["record"]
    assert report.party.name == vectors_["report"]["party"]["name"] == "Deployer"
    for row in vectors_["refused"]:
        with pytest.raises(VerificationError) as caught:
            verify(row["receipt"].encode(), trust.parse(row["trust"].encode()))
        assert caught.value.code == row["code"], row["why"]


def test_witnessed_receipts() -> None:
    row = load("receipt")["witnessed"]
    report = verify(row["receipt"].encode(), trust.parse(row["trust"].encode()))
    assert [name for name, _ in report.witnesses] == ["w1"]


def test_receipts_of_a_shard() -> None:
    row = load("receipt")["joined"]
    report = verify(row["receipt"].encode(), trust.parse(row["trust"].encode()))
    assert report.joined is not None
    assert report.joined.origin != report.origin


def test_proofs() -> None:
    vectors_ = load("proof")
    believed = trust.parse(vectors_["trust"].encode())
    assert leaves.verify(vectors_["proof"].encode(), believed).rid == vectors_["rid"]
    assert (
        leaves.verify(vectors_["without its leaf"].encode(), believed, vectors_["leaf"].encode()).rid == vectors_["rid"]
    )
    for row in vectors_["refused"]:
        with pytest.raises(VerificationError) as caught:
            leaves.verify(row["proof"].encode(), believed)
        assert caught.value.code == row["code"], row["why"]


def test_cose_receipts() -> None:
    """The signature by the specification's own words; python-cwt reads the whole in tests/unit/verify."""
    vectors_ = load("cose")
    believed = trust.parse(vectors_["trust"].encode())
    one, root = bytes.fromhex(vectors_["one leaf"]), bytes.fromhex(vectors_["root"])
    protected = one[4 : 4 + one[3]]
    signed = b"\x84\x6aSignature1\x58" + bytes([len(protected)]) + protected + b"\x40\x58\x20" + root
    assert signed.hex() == vectors_["signed"]
    Ed25519PublicKey.from_public_bytes(believed.logs[0].public).verify(one[-64:], signed)
    assert cose.verify_leaf(one, believed).rid == vectors_["rid"]
    assert cose.verify_record(bytes.fromhex(vectors_["whole record"]), believed).record == vectors_["rid"]
    for row in vectors_["refused"]:
        with pytest.raises(VerificationError) as caught:
            cose.verify_leaf(bytes.fromhex(row["receipt"]), believed)
        assert caught.value.code == row["code"], row["why"]


def test_the_specification_of_receipts_lists_every_link() -> None:
    from answerable.verify.links import _POINTS

    page = (vectors.FOLDER.parent / "receipt.md").read_text(encoding="utf-8").split("## Links")[1].split("\n## ")[0]
    for kind, members in _POINTS.items():
        row = next(line for line in page.splitlines() if line.startswith("| `") and f"`{kind}`" in line.split("|")[1])
        for member, target in members.items():
            assert f"`{member}" in row, (kind, member)
            assert target in row, (kind, member)


def test_the_specification_lists_every_member_of_every_kind() -> None:
    page = (vectors.FOLDER.parent / "leaves.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0]: part for part in page.split("## Kinds")[1].split("\n### ")[1:]}
    assert set(sections) == set(KINDS)
    for kind, leaf in KINDS.items():
        listed = [line.split("`")[1] for line in sections[kind].splitlines() if line.startswith("| `")]
        members = [name for name in leaf.__struct_encode_fields__ if name not in {"k", "n", "t", "v", "x"}]
        assert listed == members, kind


def test_feed() -> None:
    """Each page by the specification's words alone, then what our own reader says of it."""
    vectors_ = load("feed")
    believed = trust.parse(vectors_["trust"].encode())
    before, end, size, head, cursor, public = "0" * 64, 0, 0, b"", feed.Cursor(), b""
    for number, row in enumerate(vectors_["pages"], 1):
        envelope = json.loads(row["page"])
        assert rfc8785.dumps(envelope) == row["page"].encode()
        raw = base64.b64decode(envelope["payload"])
        page = json.loads(raw)
        assert rfc8785.dumps(page) == raw
        assert (page["number"], page["prev"], page["start"], page["format"]) == (
            number, before, end, "answerable/feed/v1",
        )  # fmt: skip
        origin, size_, root_ = page["checkpoint"].split("\n")[:3]
        assert origin == page["origin"]
        assert int(size_) >= page["end"] >= page["start"]
        for entry in page["entries"]:
            leaf = json.loads(entry["leaf"])
            if leaf["k"] == "key" and leaf["use"] == "feed":
                public = plain(leaf["pub"])
        (signature,) = envelope["signatures"]
        kind = envelope["payloadType"].encode()
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(raw), raw)
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature["sig"]), signed)
        before, end = hashlib.sha256(row["page"].encode()).hexdigest(), page["end"]
        assert before == row["digest"]
        _, cursor = feed.verify(row["page"].encode(), believed, cursor)
        size, head = int(size_), base64.b64decode(root_)
    assert (cursor.number, cursor.size, cursor.root) == (len(vectors_["pages"]), size, head)
    for row in vectors_["refused"]:
        at = feed.Cursor()
        for each in vectors_["pages"][: row["after"]]:
            _, at = feed.verify(each["page"].encode(), believed, at)
        with pytest.raises(VerificationError) as caught:
            feed.verify(row["page"].encode(), believed, at)
        assert caught.value.code == row["code"], row["why"]
