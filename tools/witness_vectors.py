# SPDX-License-Identifier: Apache-2.0
"""Test vectors of cosignatures, trust files and witnesses: docs/spec/vectors/witness.json (`tools.vectors` writes it).

ML-DSA-44 signatures differ each time. So that the file stays the same, one that stands in it and still verifies is
taken again.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any, Final

from answerable.crypto import mldsa
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.log import checkpoint, note, trust, witness, witnessing
from answerable.log.head import Checkpoint
from answerable.log.merkle import Frontier, consistency_proof
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Group, Trust, Witness
from answerable.log.witness import Request
from answerable.witness.server import STATUS
from tests.small_log import ORIGIN, fixed, key

FILE: Final = Path(__file__).parent.parent / "docs" / "spec" / "vectors" / "witness.json"
TIME: Final = 1_763_782_764


@functools.cache
def _known() -> tuple[bytes, ...]:
    """The signatures of ML-DSA-44 that the file holds."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    lines = re.findall(r"\\u2014 \S+ ([A-Za-z0-9+/]{3000,}=*)", text)
    return tuple(base64.b64decode(line)[-mldsa.SIGNATURE_LENGTH :] for line in lines)


class Remembering:
    """A key that signs a message as it did before."""

    def __init__(self, seed: bytes) -> None:
        self._key = mldsa.Key.from_seed(seed)
        self._fresh: dict[bytes, bytes] = {}
        self.public = self._key.public

    def sign(self, message: bytes) -> bytes:
        for signature in _known():
            try:
                mldsa.verify(self.public, message, signature)
            except VerificationError:
                continue
            return signature
        return self._fresh.setdefault(message, self._key.sign(message))


LOG, SAFE = key("log"), Remembering(fixed("key log mldsa"))
LOG_KEYS = (VerifierKey.of(ORIGIN, LOG.public), VerifierKey.of(ORIGIN, SAFE.public, Kind.MLDSA))
SIGNERS = {"w1": key("witness w1"), "w2": key("witness w2"), "w3": Remembering(fixed("key witness w3"))}
KEYS = {
    name: VerifierKey.of(f"{name}.invalid", signer.public, Kind.MLDSA if name == "w3" else Kind.COSIGNATURE)
    for name, signer in SIGNERS.items()
}
POLICY = Trust(
    LOG_KEYS,
    tuple(Witness(name, vkey, f"https://{name}.invalid") for name, vkey in KEYS.items()),
    (Group("two", 2, ("w1", "w2")), Group("all", 2, ("two", "w3"))),
    "all",
)


class Tree:
    """Leaf hash i is SHA-256 of the decimal text of i, from `fork` on of that with an x behind."""

    def __init__(self, fork: int = 1 << 30) -> None:
        self._fork = fork
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._frontier = Frontier()

    def grow(self, size: int) -> Checkpoint:
        fresh = [
            hashlib.sha256(f"{n}{'x' if n >= self._fork else ''}".encode()).digest()
            for n in range(self._frontier.size, size)
        ]
        self._tiles.update(self._frontier.append(fresh))
        return Checkpoint(ORIGIN, size, self._frontier.root())

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return tuple(consistency_proof(lambda level, n: self._tiles[level, n], old, new))


def published(head: Checkpoint) -> bytes:
    return checkpoint.publish(checkpoint.sign(head.origin, head.size, head.root, LOG), SAFE, TIME)


def cosigned(data: bytes, *names: str) -> bytes:
    read = note.parse(data)
    return note.merged(read, [note.cosign(read.text, KEYS[name], TIME, SIGNERS[name]) for name in names]).data


def witnesses() -> Any:
    return {
        "keys": {
            "origin": ORIGIN,
            "log seeds": [b64u(fixed("key log")), b64u(fixed("key log mldsa"))],
            "log vkeys": [str(vkey) for vkey in LOG_KEYS],
            "witness seeds": {name: b64u(fixed(f"key witness {name}")) for name in SIGNERS},
            "witness vkeys": {name: str(vkey) for name, vkey in KEYS.items()},
        },
        "cosignatures": _cosignatures(),
        "policy": _policy(),
        "requests": _requests(),
        "conversation": _conversation(),
    }


def _cosignatures() -> Any:
    text = note.parse(published(Tree().grow(300))).text
    rows = []
    for name, vkey in KEYS.items():
        line = note.cosign(text, vkey, TIME, SIGNERS[name]).line
        rows.append({"vkey": str(vkey), "type": int(vkey.kind), "time": TIME, "text": text, "line": line})
    return rows


def _policy() -> Any:
    data = published(Tree().grow(300))
    whole = cosigned(data, "w1", "w2", "w3")
    bad = whole[:-20] + (b"AAAA" if whole[-20:-16] != b"AAAA" else b"BBBB") + whole[-16:]
    cases = {
        "a quorum": whole,
        "nobody": data,
        "a part of the quorum": cosigned(data, "w1", "w3"),
        "one group without the other": cosigned(data, "w1", "w2"),
        "a bad signature of a known witness": bad,
        "cosignatures of another checkpoint": note.merged(
            note.parse(data), note.parse(cosigned(published(Tree().grow(299)), "w1", "w2", "w3")).signatures[2:]
        ).data,
        "cosignatures without the log's own": note.Note(note.parse(whole).text, note.parse(whole).signatures[2:]).data,
    }
    written = trust.format(POLICY).decode()
    key_line = str(KEYS["w1"])
    malformed = {
        "no quorum": f"log {LOG_KEYS[0]}\n",
        "two quorums": f"log {LOG_KEYS[0]}\nquorum none\nquorum none\n",
        "a quorum of nobody known": f"log {LOG_KEYS[0]}\nquorum w1\n",
        "an unknown line": f"log {LOG_KEYS[0]}\nmonitor x\nquorum none\n",
        "a group of itself": f"log {LOG_KEYS[0]}\ngroup g any g\nquorum g\n",
        "a member twice": f"log {LOG_KEYS[0]}\nwitness w {key_line}\ngroup g any w\ngroup h any w\nquorum h\n",
        "a name twice": f"log {LOG_KEYS[0]}\nwitness w {key_line}\nwitness w {KEYS['w2']}\nquorum w\n",
        "a key twice": f"log {LOG_KEYS[0]}\nwitness w {key_line}\nwitness v {key_line}\nquorum w\n",
        "a threshold too high": f"log {LOG_KEYS[0]}\nwitness w {key_line}\ngroup g 2 w\nquorum g\n",
        "a threshold with a zero before it": f"log {LOG_KEYS[0]}\nwitness w {key_line}\ngroup g 01 w\nquorum g\n",
        "a log's key as a witness": f"log {LOG_KEYS[0]}\nwitness w {LOG_KEYS[0]}\nquorum w\n",
        "a witness's key as a log": f"log {key_line}\nquorum none\n",
        "a last line that was cut": f"log {LOG_KEYS[0]}\nquorum none",
        "a carriage return": f"log {LOG_KEYS[0]}\r\nquorum none\r\n",
    }
    return {
        "file": written,
        "notes": [
            {"why": why, "note": data.decode(), "code": _code(POLICY.check, data)} for why, data in cases.items()
        ],
        "malformed": [
            {"why": why, "file": text, "code": _code(trust.parse, text.encode())} for why, text in malformed.items()
        ],
    }


def _requests() -> Any:
    good = witness.write(Request(3, (bytes(32), b"\x01" * 32), b"note\n")).decode()
    line = good.split("\n")[1]
    malformed = {
        "no old size": good.replace("old 3\n", ""),
        "a leading zero": good.replace("old 3", "old 03"),
        "two spaces": good.replace("old 3", "old  3"),
        "no empty line": "old 3\n" + line + "\n",
        "a short hash": good.replace(line, line[4:]),
        "64 proof lines": "old 3\n" + f"{line}\n" * 64 + "\nnote\n",
        "a carriage return": good.replace("\n", "\r\n"),
    }
    return {
        "good": {"old": 3, "proof": [b64u(bytes(32)), b64u(b"\x01" * 32)], "note": "note\n", "request": good},
        "malformed": [
            {"why": why, "request": text, "code": _code(witness.parse, text.encode())}
            for why, text in malformed.items()
        ],
    }


def _conversation() -> Any:
    """What one witness (w1) is asked in turn, and what it answers."""
    tree, fork = Tree(), Tree(fork=6)
    one, eight = published(tree.grow(1)), published(tree.grow(8))
    forked, later = published(fork.grow(8)), published(fork.grow(12))
    twelve = published(tree.grow(12))
    stranger = note.sign("other.invalid\n1\n" + one.decode().split("\n")[2] + "\n", "other.invalid", LOG)
    asked = [
        ("a size that it has not seen", Request(1, (), one)),
        ("the first checkpoint", Request(0, (), one)),
        ("the next", Request(1, tree.proof(1, 8), eight)),
        ("the same again", Request(8, (), eight)),
        ("an old size that is behind", Request(1, tree.proof(1, 12), twelve)),
        ("an old size beyond the checkpoint", Request(9, (), eight)),
        ("another root for the same size", Request(8, (), forked)),
        ("a history that does not continue", Request(8, fork.proof(8, 12), later)),
        ("a spare node in the proof", Request(8, (*tree.proof(8, 12), bytes(32)), twelve)),
        ("a changed checkpoint", Request(8, (), eight.replace(b"\n8\n", b"\n9\n"))),
        ("a log that it does not watch", Request(0, (), stranger)),
        ("what continues", Request(8, tree.proof(8, 12), twelve)),
    ]
    rows = []
    seen: Checkpoint | None = None
    for why, request in asked:
        try:
            shown = witnessing.shown(request, {ORIGIN: LOG_KEYS})
            witnessing.judge(seen, request, shown.head)
            seen, status = shown.head, 200
            body = note.cosign(shown.note.text, KEYS["w1"], TIME, SIGNERS["w1"]).line
        except Refused as error:
            status, body = STATUS[error.code], f"{error.params['size']}\n" if "size" in error.params else ""
        rows.append({"why": why, "request": witness.write(request).decode(), "status": status, "body": body})
    return rows


def _code(call: Any, *args: Any) -> str:
    try:
        call(*args)
    except AnswerableError as error:
        return error.code
    return ""
