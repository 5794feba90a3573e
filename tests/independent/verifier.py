# SPDX-License-Identifier: Apache-2.0
"""A second verifier, written from the specifications alone: RFC 6962, C2SP (signed-note, tlog-checkpoint, tlog-tiles,
tlog-proof, tlog-policy, tlog-cosignature) and `docs/spec/{leaves,receipt,checkpoint}.md`, whose tables it reads.

It imports nothing of `answerable`: the standard library, and `cryptography` for Ed25519. Proofs are checked by the
recursive definitions of RFC 6962 section 2.1, not by the loops of RFC 9162.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SPEC = Path(__file__).parents[2] / "docs" / "spec"
LIMIT = 2**53 - 1


class Bad(Exception):
    """What is not as the specification says."""


def need(condition: object, why: str) -> None:
    if not condition:
        raise Bad(why)


# --- encodings ---


def std64(text: str) -> bytes:
    """Standard base64, padded, in its one canonical text."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("not base64") from None
    need(base64.b64encode(data).decode() == text, "base64 in another text")
    return data


def url64(text: str) -> bytes:
    need(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text), "not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Bad("not base64url") from None
    need(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, "base64url in another text")
    return data


def number(text: str) -> int:
    need(re.fullmatch(r"0|[1-9][0-9]*", text) and int(text) <= LIMIT, "not a plain number")
    return int(text)


def canonical(value: Any) -> str:
    """RFC 8785 for what leaves and receipts hold: no floats, names sorted by UTF-16 code units."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    need(not isinstance(value, float), "a float")
    if isinstance(value, int) and not isinstance(value, bool):
        need(-LIMIT <= value <= LIMIT, "an integer of 2**53 or more")
    return json.dumps(value, ensure_ascii=False)


def strict_json(data: bytes) -> Any:
    """JSON that is its own canonical form, without duplicate names."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len({name for name, _ in pairs}) == len(pairs), "a duplicate name")
        return dict(pairs)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=once)
        same = canonical(value).encode("utf-8") == data
    except (ValueError, RecursionError):
        raise Bad("not JSON") from None
    need(same, "not canonical")
    return value


# --- RFC 6962 ---


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def tree_root(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return join(tree_root(hashes[:k]), tree_root(hashes[k:]))


def check_inclusion(entry_hash: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    need(all(len(node) == 32 for node in (entry_hash, root, *path)), "a hash of the wrong length")
    need(0 <= index < size, "no such entry")

    def lead(m: int, n: int, nodes: list[bytes]) -> bytes:
        if n == 1:
            need(not nodes, "spare nodes")
            return entry_hash
        need(nodes, "nodes are missing")
        k = split(n)
        if m < k:
            return join(lead(m, k, nodes[:-1]), nodes[-1])
        return join(nodes[-1], lead(m - k, n - k, nodes[:-1]))

    need(lead(index, size, path) == root, "it leads to another root")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    need(all(len(node) == 32 for node in (old_root, new_root, *proof)), "a hash of the wrong length")
    need(0 < old <= new, "a proof from size 0, or backwards")

    def both(m: int, n: int, whole: bool, nodes: list[bytes]) -> tuple[bytes, bytes]:
        if m == n:
            if whole:
                need(not nodes, "spare nodes")
                return old_root, old_root
            need(len(nodes) == 1, "spare or missing nodes")
            return nodes[0], nodes[0]
        need(nodes, "nodes are missing")
        k, last = split(n), nodes[-1]
        if m <= k:
            before, after = both(m, k, whole, nodes[:-1])
            return before, join(after, last)
        before, after = both(m - k, n - k, False, nodes[:-1])
        return join(last, before), join(last, after)

    need(both(old, new, True, proof) == (old_root, new_root), "it leads to other roots")


# --- notes, checkpoints, trust files ---


@dataclass(frozen=True)
class Head:
    origin: str
    size: int
    root: bytes


def read_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """(text, signatures): each of these (name, key id, what follows it)."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("not UTF-8") from None
    text, blank, lines = whole.rpartition("\n\n")
    need(blank and lines.endswith("\n"), "no signatures after a blank line")
    need(not any(c < " " and c != "\n" for c in whole), "a control character")
    signatures = []
    for line in lines[:-1].split("\n"):
        words = line.split(" ")
        need(len(words) == 3 and words[0] == "—" and words[1] and "+" not in words[1], "no signature line")
        _, name, value = words
        raw = std64(value)
        need(len(raw) > 4, "a short signature")
        signatures.append((name, raw[:4], raw[4:]))
    return text + "\n", signatures


def read_checkpoint(data: bytes) -> Head:
    text, _ = read_note(data)
    lines = text.split("\n")
    need(len(lines) == 4 and lines[0] and lines[3] == "", "not three lines")  # we know of no extension lines
    head = Head(lines[0], number(lines[1]), std64(lines[2]))
    need(len(head.root) == 32, "a root of the wrong length")
    need(head.size or head.root == tree_root([]), "a root that the empty tree does not have")
    return head


@dataclass
class Policy:
    """logs, witnesses: (name, key id) -> public key, Ed25519 alone; others are unknown keys to this verifier."""

    logs: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    witnesses: dict[str, tuple[str, bytes, bytes]] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str = ""


def read_vkey(text: str) -> tuple[str, bytes, int, bytes]:
    name, identifier, material = text.split("+", 2)
    raw = std64(material)
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    need(expected.hex() == identifier, "a key id that is not its key's")
    return name, expected, raw[0], raw[1:]


def read_policy(data: bytes) -> Policy:
    policy = Policy()
    for line in data.decode("utf-8").split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        kind, rest = words[0], words[1:]
        if kind == "log":
            name, identifier, algorithm, public = read_vkey(rest[0])
            if algorithm == 1:
                policy.logs[name, identifier] = public
        elif kind == "witness":
            name, identifier, algorithm, public = read_vkey(rest[1])
            need(rest[0] not in policy.witnesses and rest[0] not in policy.groups, "a name twice")
            policy.witnesses[rest[0]] = (name, identifier, public if algorithm == 4 else b"")
        elif kind == "group":
            members = rest[2:]
            known = {*policy.witnesses, *policy.groups}
            need(set(members) <= known, "an unknown member")
            count = {"any": 1, "all": len(members)}.get(rest[1], 0) or number(rest[1])
            policy.groups[rest[0]] = (count, members)
        elif kind == "quorum" and not policy.quorum:
            policy.quorum = rest[0]
        else:
            raise Bad(f"an unknown rule {kind}")
    need(policy.quorum, "no quorum")
    return policy


def ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    need(len(public) == 32 and len(signature) == 64, "a key or signature of the wrong length")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Bad("a bad signature") from None


def believe(note: bytes, policy: Policy, *, log_must_sign: bool = True) -> Head:
    """The checkpoint, if a log of the policy signed it and its quorum cosigned it."""
    head = read_checkpoint(note)
    text, signatures = read_note(note)
    signed = False
    met: set[str] = set()
    for name, identifier, value in signatures:
        public = policy.logs.get((name, identifier))
        if public is not None:
            ed25519(public, text.encode(), value)
            signed = signed or name == head.origin
        for witness, (its_name, its_id, its_public) in policy.witnesses.items():
            if (name, identifier) == (its_name, its_id) and its_public:
                moment = int.from_bytes(value[:8], "big")
                ed25519(its_public, f"cosignature/v1\ntime {moment}\n{text}".encode(), value[8:])
                met.add(witness)
    if not log_must_sign:
        need(signed or all(name != head.origin for name, _ in policy.logs), "a log that is known did not sign it")
        return head
    need(signed, "no log of the policy signed it")
    for group, (count, members) in policy.groups.items():
        if len(met & set(members)) >= count:
            met.add(group)
    need(policy.quorum == "none" or policy.quorum in met, "no quorum")
    return head


# --- leaves ---


def kinds() -> dict[str, tuple[set[str], set[str]]]:
    """kind -> (required, optional members), from the tables of `leaves.md`."""
    text = (SPEC / "leaves.md").read_text(encoding="utf-8").split("\n## Kinds\n")[1]
    found = {}
    for section in re.split(r"\n### ", text)[1:]:
        kind = section.split("\n", 1)[0].strip()
        rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.M)
        optional = {name for name, what in rows if what.startswith("optional")}
        found[kind] = ({name for name, _ in rows} - optional, optional)
    return found


KINDS = kinds()


def read_leaf(data: bytes) -> dict[str, Any]:
    need(len(data) <= 65_535, "a leaf over 65,535 bytes")
    leaf = strict_json(data)
    need(isinstance(leaf, dict), "not an object")
    need(isinstance(leaf.get("k"), str) and leaf["k"] in KINDS, "an unknown kind")
    need(leaf.get("v") == 1 and leaf["v"] is not True, "an unknown version")
    required, optional = KINDS[leaf["k"]]
    members = set(leaf) - {"k", "n", "t", "v", "x"}
    need(required <= members <= required | optional, f"members that {leaf['k']} does not have")
    need(isinstance(leaf.get("t"), int) and leaf["t"] >= 0, "no time")
    need(isinstance(leaf.get("n"), str), "no nonce")

    def plain(value: Any) -> None:
        if isinstance(value, dict):
            for item in value.values():
                plain(item)
        elif isinstance(value, list):
            for item in value:
                plain(item)
        else:
            need(value is not None, "null outside x")
            need(not isinstance(value, int) or value >= 0, "a negative integer")

    plain({name: value for name, value in leaf.items() if name != "x"})
    return leaf


def record_id(data: bytes) -> str:
    return base64.b32encode(leaf_hash(data)[:20]).decode().lower()


# --- tiles ---


def tile_path(level: int | str, n: int, width: int = 256) -> str:
    digits = f"{n:03d}"
    digits = "0" * (-len(digits) % 3) + digits
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{name}" + ("" if width == 256 else f".p/{width}")


def read_bundle(data: bytes) -> list[bytes]:
    entries = []
    while data:
        size = int.from_bytes(data[:2], "big")
        need(len(data) >= 2 + size, "a bundle that ends inside an entry")
        entries.append(data[2 : 2 + size])
        data = data[2 + size :]
    return entries


def check_tiles(get: Callable[[str], bytes | None], policy: Policy) -> tuple[Head, list[bytes]]:
    """Everything of a tiled log, recomputed from its entries: the head, and the entries."""
    note = get("checkpoint")
    need(note is not None, "no checkpoint")
    head = believe(note or b"", policy)
    entries: list[bytes] = []
    for n in range(0, (head.size + 255) // 256):
        width = min(256, head.size - n * 256)
        data = get(tile_path("entries", n, width))
        need(data is not None, f"bundle {n} is missing")
        bundle = read_bundle(data or b"")
        need(len(bundle) == width, f"bundle {n} has another width")
        entries += bundle
    hashes = [leaf_hash(entry) for entry in entries]
    need(tree_root(hashes) == head.root, "the entries do not lead to the root")
    level = 0
    while hashes:
        for n in range(0, (len(hashes) + 255) // 256):
            part = hashes[n * 256 : n * 256 + 256]
            need(get(tile_path(level, n, len(part))) == b"".join(part), f"tile {level}/{n} is another")
        hashes = [tree_root(hashes[i : i + 256]) for i in range(0, len(hashes) - len(hashes) % 256, 256)]
        level += 1
    return head, entries


# --- proofs and receipts ---

LINKS: dict[str, dict[str, str]] = {}
for _row in re.findall(r"^\| (`.*`) \| (`.*) \|$", (SPEC / "receipt.md").read_text(encoding="utf-8"), re.M):
    if "→" in _row[1]:
        for _kind in re.findall(r"`(\w+)`", _row[0]):
            for _names, _target in re.findall(r"((?:`[\w\[\].]+`(?:, )?)+) → (\w+)", _row[1]):
                LINKS.setdefault(_kind, {}).update(dict.fromkeys(re.findall(r"`([\w\[\].]+)`", _names), _target))
FOLLOWS = {"close": "open", "hold": "open", "approval": "hold", "incident": "open", "erase": "of", "party": "prev"}


def read_proof(data: bytes) -> tuple[bytes, int, list[bytes], bytes]:
    """(extra data, index, path, checkpoint) of a tlog-proof@v1 file."""
    head, blank, checkpoint = data.partition(b"\n\n")
    need(blank, "no checkpoint after an empty line")
    lines = head.decode("ascii").split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1", "not a proof")
    extra = b""
    at = 1
    if lines[1].startswith("extra "):
        extra, at = std64(lines[1][6:]), 2
    need(lines[at].startswith("index "), "no index")
    path = [std64(line) for line in lines[at + 1 :]]
    need(all(len(node) == 32 for node in path), "a node of the wrong length")
    return extra, number(lines[at][6:]), path, checkpoint


def targets(leaf: dict[str, Any]) -> list[tuple[str, str]]:
    """(rid, kind that it must be of) of all that a leaf points to."""
    found = []
    for member, kind in LINKS.get(leaf["k"], {}).items():
        name, _, inner = member.partition("[]")
        value = leaf.get(name)
        if value is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            found.append((item[inner[1:]] if inner else item, kind))
    return found


def check_receipt(data: bytes, policy: Policy) -> dict[str, Any]:
    """What a receipt proves: the open leaf, its end, the leaves by id, and what was disclosed."""
    raw, index, path, note = read_proof(data)
    extra = strict_json(raw)
    names = {"checkpoint", "disclosures", "format", "leaf", "leaves"}
    need(set(extra) - {"root"} == names and extra["format"] == "answerable/receipt/v1", "another format")
    need(url64(extra["checkpoint"]) == hashlib.sha256(note).digest(), "another checkpoint")
    joined = extra.get("root")
    head = believe(note, policy, log_must_sign=joined is None)
    if joined is not None:
        over = believe(joined["checkpoint"].encode(), policy)
        need(url64(joined["digest"]) == hashlib.sha256(joined["checkpoint"].encode()).digest(), "another checkpoint")
        shard = read_leaf(joined["leaf"].encode())
        need(shard["k"] == "shard" and shard["origin"] == head.origin != over.origin, "a leaf of another log")
        nodes = [url64(node) for node in joined["path"]]
        check_inclusion(leaf_hash(joined["leaf"].encode()), joined["index"], over.size, nodes, over.root)
        steps = [url64(node) for node in joined["consistency"]]
        check_consistency(head.size, head.root, shard["size"], bytes.fromhex(shard["root"]), steps)
    placed = {}
    listed = [(index, extra["leaf"], path)]
    listed += [(each["index"], each["leaf"], [url64(node) for node in each["path"]]) for each in extra["leaves"]]
    need([each["index"] for each in extra["leaves"]] == sorted({each["index"] for each in extra["leaves"]}), "order")
    for at, text, nodes in listed:
        entry = text.encode("utf-8")
        check_inclusion(leaf_hash(entry), at, head.size, nodes, head.root)
        need(record_id(entry) not in placed, "a leaf twice")
        placed[record_id(entry)] = (at, read_leaf(entry))
    rid = record_id(extra["leaf"].encode())
    opened = placed[rid][1]
    need(opened["k"] == "open", "not a receipt of an action")
    for at, leaf in placed.values():
        for target, kind in targets(leaf):
            if target in placed:
                need(placed[target][1]["k"] == kind and placed[target][0] < at, "a link that leads elsewhere")
    for member in ("war", "sys", "party", "via", "vwar"):
        need(member not in opened or opened[member] in placed, f"the leaf of {member} is missing")
    warrant = placed[opened["war"]][1]
    need((warrant["sys"], warrant["party"]) == (opened["sys"], opened["party"]), "a warrant of another")
    need("vwar" not in opened or placed[opened["vwar"]][1]["sys"] == opened["via"], "a warrant of another model")
    reached: set[str] = set()
    waiting = [rid]
    while waiting:
        here = waiting.pop()
        if here not in placed or here in reached:
            continue
        reached.add(here)
        waiting += [target for target, _ in targets(placed[here][1])]
        waiting += [r for r, (_, leaf) in placed.items() if leaf.get(FOLLOWS.get(leaf["k"], "")) == here]
    need(reached == set(placed), "a leaf that does not belong here")
    ends = [leaf for _, leaf in placed.values() if leaf["k"] == "close"]
    need(len(ends) < 2, "it ends twice")
    shown = {}
    for part in extra["disclosures"]:
        committed = placed[part["rid"]][1].get("c", {}).get(part["group"])
        body = url64(part["body"])
        message = b"answerable/commitment/v1/" + part["group"].encode() + b"\x00" + body
        digest = hmac.new(url64(part["salt"]), message, hashlib.sha256).digest()
        need(committed is not None and url64(committed) == digest, "a disclosure that was not committed to")
        shown[part["rid"], part["group"]] = body
    return {
        "rid": rid,
        "open": opened,
        "close": ends[0] if ends else None,
        "leaves": placed,
        "shown": shown,
        "head": head,
    }
