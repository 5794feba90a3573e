# SPDX-License-Identifier: Apache-2.0
"""The vectors of docs/spec/vectors/witness.json, read by the words of the C2SP pages: `hashlib`, `base64` and
`cryptography` alone, and a second reader of trust files and consistency proofs."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from answerable.errors import AnswerableError
from answerable.log import trust, witness

VECTORS: Any = json.loads(
    (Path(__file__).parents[2] / "docs" / "spec" / "vectors" / "witness.json").read_text(encoding="utf-8")
)


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Vkey:
    def __init__(self, text: str) -> None:
        self.name, key_id, material = text.split("+", 2)
        raw = base64.b64decode(material, validate=True)
        self.type, self.public = raw[0], raw[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4]
        assert self.id.hex() == key_id

    def message(self, text: str, time: int) -> bytes:
        origin, size, root = text.split("\n")[:3]
        if self.type == 1:
            return text.encode()
        if self.type == 4:
            return f"cosignature/v1\ntime {time}\n{text}".encode()
        name, log = self.name.encode(), origin.encode()
        return (
            b"subtree/v1\n\x00"
            + bytes([len(name)])
            + name
            + time.to_bytes(8, "big")
            + bytes([len(log)])
            + log
            + bytes(8)
            + int(size).to_bytes(8, "big")
            + base64.b64decode(root, validate=True)
        )

    def verify(self, text: str, raw: bytes) -> bool:
        assert raw[:4] == self.id
        time, signature = (0, raw[4:]) if self.type == 1 else (int.from_bytes(raw[4:12], "big"), raw[12:])
        public: Any = (MLDSA44PublicKey if self.type == 6 else Ed25519PublicKey).from_public_bytes(self.public)
        try:
            public.verify(signature, self.message(text, time))
        except InvalidSignature:
            return False
        return True


def lines(note: str) -> dict[tuple[str, bytes], bytes]:
    found = {}
    for line in note.split("\n\n")[-1].strip("\n").split("\n"):
        dash, name, value = line.split(" ")
        raw = base64.b64decode(value, validate=True)
        assert dash == "—"
        found[name, raw[:4]] = raw
    return found


def test_keys_are_those_of_their_seeds() -> None:
    keys = VECTORS["keys"]
    one, other = (plain(seed) for seed in keys["log seeds"])
    assert [Vkey(text).public for text in keys["log vkeys"]] == [
        Ed25519PrivateKey.from_private_bytes(one).public_key().public_bytes_raw(),
        MLDSA44PrivateKey.from_seed_bytes(other).public_key().public_bytes_raw(),
    ]
    assert [Vkey(text).type for text in keys["log vkeys"]] == [1, 6]
    assert {name: Vkey(text).type for name, text in keys["witness vkeys"].items()} == {"w1": 4, "w2": 4, "w3": 6}


def test_cosignatures() -> None:
    for row in VECTORS["cosignatures"]:
        vkey = Vkey(row["vkey"])
        raw = lines("x\n\n" + row["line"])[vkey.name, vkey.id]
        assert (vkey.type, int.from_bytes(raw[4:12], "big")) == (row["type"], row["time"])
        assert vkey.verify(row["text"], raw)
        assert not vkey.verify(row["text"].replace("300", "301"), raw)


def second_reader(policy: str, note: str) -> str:
    """The verdict on a note under a policy, written a second time."""
    logs, witnesses, groups, quorum = [], {}, [], ""
    for words in (line.split() for line in policy.splitlines()):
        if words[0] == "log":
            logs.append(Vkey(words[1]))
        elif words[0] == "witness":
            witnesses[words[1]] = Vkey(words[2])
        elif words[0] == "group":
            groups.append((words[1], int(words[2]), words[3:]))
        else:
            quorum = words[1]
    text = note.split("\n\n")[0] + "\n"
    found = lines(note)
    good = set()
    for vkey in (*logs, *witnesses.values()):
        raw = found.get((vkey.name, vkey.id))
        if raw is None:
            continue
        if not vkey.verify(text, raw):
            return "log.signature"
        good.add(vkey)
    if not any(vkey in good and vkey.name == text.split("\n")[0] for vkey in logs):
        return "log.untrusted"
    names = {name for name, vkey in witnesses.items() if vkey in good}
    for name, needed, members in groups:
        if len(names & set(members)) >= needed:
            names.add(name)
    return "" if quorum in names else "log.quorum"


@pytest.mark.parametrize("row", VECTORS["policy"]["notes"], ids=lambda row: row["why"])
def test_the_quorum_of_a_trust_file(row: dict[str, str]) -> None:
    assert second_reader(VECTORS["policy"]["file"], row["note"]) == row["code"]


def test_what_is_malformed_is_refused() -> None:
    for group, call in (("policy", trust.parse), ("requests", witness.parse)):
        for row in VECTORS[group]["malformed"]:
            with pytest.raises(AnswerableError) as caught:
                call(row["file" if group == "policy" else "request"].encode())  # type: ignore[operator]
            assert caught.value.code == row["code"], row["why"]


def test_the_form_of_a_request() -> None:
    good = VECTORS["requests"]["good"]
    body = "".join(base64.b64encode(plain(node)).decode() + "\n" for node in good["proof"])
    assert good["request"] == f"old {good['old']}\n{body}\n{good['note']}"


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """RFC 6962 section 2.1.2 by recursion: which tree does the proof describe?"""

    def join(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    def sub(m: int, n: int, whole: bool) -> tuple[bytes, bytes]:
        """(root of the first m, root of all n) of the subtree."""
        if m == n:
            if whole:
                return old_root, old_root
            node = proof.pop()
            return node, node
        split = 1 << ((n - 1).bit_length() - 1)
        if m <= split:
            right = proof.pop()
            before, after = sub(m, split, whole)
            return before, join(after, right)
        left = proof.pop()
        before, after = sub(m - split, n - split, False)
        return join(left, before), join(left, after)

    try:
        before, after = sub(old, new, True)
    except IndexError:
        return False
    return not proof and (before, after) == (old_root, new_root)


def test_a_conversation_with_a_witness() -> None:
    """The rules of tlog-witness, followed a second time."""
    logs = [Vkey(text) for text in VECTORS["keys"]["log vkeys"]]
    own = Vkey(VECTORS["keys"]["witness vkeys"]["w1"])
    seen_size, seen_root = 0, b""
    statuses = []
    for row in VECTORS["conversation"]:
        head, _, note = row["request"].partition("\n\n")
        first, *rest = head.split("\n")
        old, proof = int(first.removeprefix("old ")), [base64.b64decode(line, validate=True) for line in rest]
        text = note.split("\n\n")[0] + "\n"
        origin, size, root = text.split("\n")[0], int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2])
        found = lines(note)
        if origin != VECTORS["keys"]["origin"]:
            expected = 404
        elif not all(vkey.verify(text, found[vkey.name, vkey.id]) for vkey in logs):
            expected = 403
        elif old > size:
            expected = 400
        elif old != seen_size:
            expected = 409
        elif not old:
            expected = 422 if proof else 200
        else:
            expected = 200 if consistent(old, seen_root, size, root, proof) else 422
        statuses.append(expected)
        assert row["status"] == expected, row["why"]
        if expected == 200:
            seen_size, seen_root = size, root
            assert own.verify(text, lines("x\n\n" + row["body"])[own.name, own.id])
        else:
            assert row["body"] == (f"{seen_size}\n" if expected == 409 else "")
    assert set(statuses) == {200, 400, 403, 404, 409, 422}
