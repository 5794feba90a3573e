# SPDX-License-Identifier: Apache-2.0
"""A second writer, from the same specifications as the second verifier: a tiled log, proofs and a receipt that ours
must take. Nothing of `answerable` is imported."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.independent.verifier import canonical, join, leaf_hash, record_id, split, tile_path, tree_root

ORIGIN = "second.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"the second writer").digest())
PUBLIC = KEY.public_key().public_bytes_raw()
T0 = 1_770_000_000_000


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_id(name: str = ORIGIN, public: bytes = PUBLIC) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def trust() -> bytes:
    return f"log {ORIGIN}+{key_id().hex()}+{b64(bytes([1]) + PUBLIC)}\nquorum none\n".encode()


def note(text: str, key: Ed25519PrivateKey = KEY, name: str = ORIGIN) -> bytes:
    line = b64(key_id(name, key.public_key().public_bytes_raw()) + key.sign(text.encode()))
    return f"{text}\n— {name} {line}\n".encode()


def checkpoint(entries: list[bytes]) -> bytes:
    return note(f"{ORIGIN}\n{len(entries)}\n{b64(tree_root([leaf_hash(entry) for entry in entries]))}\n")


def inclusion(index: int, hashes: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return [*inclusion(index, hashes[:k]), tree_root(hashes[k:])]
    return [*inclusion(index - k, hashes[k:]), tree_root(hashes[:k])]


def consistency(old: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2."""
    if old == len(hashes):
        return [] if whole else [tree_root(hashes)]
    k = split(len(hashes))
    if old <= k:
        return [*consistency(old, hashes[:k], whole), tree_root(hashes[k:])]
    return [*consistency(old - k, hashes[k:], False), tree_root(hashes[:k])]


def publish(folder: Path, entries: list[bytes]) -> None:
    """Tiles, bundles and checkpoint as static files."""

    def put(path: str, data: bytes) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    for n in range(0, len(entries), 256):
        part = entries[n : n + 256]
        put(tile_path("entries", n // 256, len(part)), b"".join(len(e).to_bytes(2, "big") + e for e in part))
    hashes, level = [leaf_hash(entry) for entry in entries], 0
    while hashes:
        for n in range(0, len(hashes), 256):
            part = hashes[n : n + 256]
            put(tile_path(level, n // 256, len(part)), b"".join(part))
        hashes = [tree_root(hashes[i : i + 256]) for i in range(0, len(hashes) - len(hashes) % 256, 256)]
        level += 1
    put("checkpoint", checkpoint(entries))


class Story:
    """One action of one application on one model, and what it stands on."""

    def __init__(self, noise: int = 0) -> None:
        self.entries: list[bytes] = []
        self.rids: dict[str, str] = {}
        self.secrets: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        for name in ("Provider", "Deployer"):
            self.add(name, {"k": "party", "id": f"NTRCN-{name}", "kind": "org", "std": "declared"}, name=name.encode())
        system = {
            "k": "system", "aud": "public", "cap": ["text"], "crit": "ordinary", "dig": [], "edges": [],
            "kind": "model", "tier": 1, "usr": 1, "ver": "1", "wld": ["information"],
        }  # fmt: skip
        for number, (name, party) in enumerate((("model", "Provider"), ("app", "Deployer")), 1):
            parties = [{"rid": self.rids[party], "role": "provider"}]
            members = {**system, "id": f"spiffe://second.example/system/{name}", "num": number, "parties": parties}
            self.add(name, members, name=name.encode())
        for name, party in (("model", "Provider"), ("app", "Deployer")):
            copy = {
                "k": "copy", "id": f"spiffe://second.example/system/{name}/copy/1", "loc": "process",
                "pub": b64u(bytes(32)), "st": "start", "sys": self.rids[name],
            }  # fmt: skip
            self.add(f"{name} copy", copy)
            warrant = {
                "k": "warrant", "anc": hashlib.sha256().hexdigest(), "aud": "gateway", "cpy": self.rids[f"{name} copy"],
                "crit": "ordinary", "exp": T0 + 60_000, "jti": name, "party": self.rids[party], "seq": 1,
                "sys": self.rids[name], "tier": 1, "wld": ["information"],
            }  # fmt: skip
            self.add(f"{name} warrant", warrant)
        for at in range(noise):
            self.add("noise", {"k": "refusals", "num": {"handle.unknown": at}, "t0": T0})
        opened = {
            "k": "open", "act": "generation", "dec": "permit", "par": [], "party": self.rids["Deployer"],
            "pol": hashlib.sha256(b"policy").hexdigest(), "rule": "R001", "sys": self.rids["app"], "tier": 1,
            "via": self.rids["model"], "vwar": self.rids["model warrant"], "war": self.rids["app warrant"],
            "wld": "information",
        }  # fmt: skip
        self.add("open", opened, **{"in": b'{"asked":"who?"}'})
        self.add("close", {"k": "close", "open": self.rids["open"], "st": "done"}, out="a party, 甲方".encode())

    def add(self, what: str, members: dict[str, Any], **hidden: bytes) -> None:
        committed = {}
        for group, body in hidden.items():
            salt = hashlib.sha256(f"{what} {group}".encode()).digest()
            message = b"answerable/commitment/v1/" + group.encode() + b"\x00" + body
            committed[group] = b64u(hmac.new(salt, message, hashlib.sha256).digest())
        nonce = b64u(hashlib.sha256(f"{what} {len(self.entries)}".encode()).digest()[:16])
        leaf = {**members, "n": nonce, "t": T0 + len(self.entries), "v": 1, **({"c": committed} if committed else {})}
        data = json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        self.entries.append(data)
        self.rids[what] = record_id(data)
        for group, body in hidden.items():
            self.secrets[self.rids[what], group] = (hashlib.sha256(f"{what} {group}".encode()).digest(), body)

    def receipt(self) -> bytes:
        hashes = [leaf_hash(entry) for entry in self.entries]
        places = {record_id(entry): at for at, entry in enumerate(self.entries)}
        wanted = sorted(places[rid] for name, rid in self.rids.items() if name not in ("noise", "open"))
        at = places[self.rids["open"]]
        head = checkpoint(self.entries)
        extra = {
            "checkpoint": b64u(hashlib.sha256(head).digest()),
            "disclosures": [
                {"body": b64u(body), "group": group, "rid": rid, "salt": b64u(salt)}
                for (rid, group), (salt, body) in sorted(self.secrets.items())
            ],
            "format": "answerable/receipt/v1",
            "leaf": self.entries[at].decode(),
            "leaves": [
                {"index": i, "leaf": self.entries[i].decode(), "path": [b64u(node) for node in inclusion(i, hashes)]}
                for i in wanted
            ],
        }
        lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(canonical(extra).encode())}", f"index {at}"]
        return "\n".join([*lines, *map(b64, inclusion(at, hashes))]).encode() + b"\n\n" + head


__all__ = [
    "KEY",
    "ORIGIN",
    "PUBLIC",
    "Story",
    "checkpoint",
    "consistency",
    "inclusion",
    "join",
    "note",
    "publish",
    "trust",
]
