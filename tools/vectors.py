# SPDX-License-Identifier: Apache-2.0
"""Writes the test vectors of the formats, docs/spec/vectors/*.json: ``python -m tools.vectors`` from the root.

Keys, salts and nonces are fixed, Ed25519 is deterministic, ML-DSA-44 is taken from the file: the files are the same
each time. A test compares them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answerable.crypto import canonical, dsse, jwt
from answerable.crypto.b64 import b64, b64u
from answerable.errors import AnswerableError
from answerable.log import bundle, checkpoint, cose, note, proof, receipt, statement, tiles, trust
from answerable.log.commitment import commit
from answerable.log.leaf import decode, encode, leaf_hash, rid
from answerable.log.merkle import Frontier, consistency_proof, inclusion_proof, root_of
from answerable.model.leaves import Sig
from answerable.privacy import feed
from answerable.verify import cose as verify_cose
from answerable.verify import leaf as verify_leaf
from answerable.verify.receipt import verify
from tests import small_feed, small_log
from tests.small_log import ORIGIN, fixed, key, nonce
from tools.approval_vectors import approvals
from tools.budget_vectors import budgets
from tools.envelope_vectors import envelopes
from tools.holder_vectors import order_messages, pulses, stop_receipts
from tools.mcp_vectors import mcp
from tools.tool_vectors import tool_registry
from tools.witness_vectors import witnesses

FOLDER = Path(__file__).parent.parent / "docs" / "spec" / "vectors"


def code(call: Callable[[], object]) -> str:
    """The code of the error that `call` raises."""
    try:
        call()
    except AnswerableError as error:
        return error.code
    raise AssertionError("was to be refused")


def leaves() -> Any:
    good = encode(small_log.opened(small_log.world().rids))
    refused = {
        "unknown kind": good.replace(b'"k":"open"', b'"k":"opem"'),
        "unknown version": good.replace(b'"v":1', b'"v":2'),
        "unknown member": good.replace(b'"wld"', b'"wla":0,"wld"'),
        "missing member": good.replace(b'"tier":1,', b""),
        "duplicate key": good.replace(b'"tier":1', b'"tier":1,"tier":1'),
        "white space": good.replace(b'"tier":1', b'"tier": 1'),
        "another order": b'{"wld":"information",' + good[1:].replace(b',"wld":"information"', b""),
        "another escape": good.replace(b"permit", b"permi\\u0074"),
        "a float": good.replace(b'"tier":1', b'"tier":1.0'),
        "a negative integer": good.replace(b'"tier":1', b'"tier":-1'),
        "an integer of 2**53": good.replace(b'"tier":1', b'"tier":9007199254740992'),
        "null for a member left out": good.replace(b'"act"', b'"act":"generation","c":null,"act"'),
        "an extension with a float": good.replace(b'"wld":"information"', b'"wld":"information","x":{"a":0.5}'),
        "trailing bytes": good + b" ",
    }
    return {
        "leaves": [
            {
                "kind": data["k"],
                "leaf": raw.decode(),
                "leaf_hash": leaf_hash(raw).hex(),
                "rid": rid(raw),
            }
            for raw in map(encode, small_log.every_kind())
            for data in [json.loads(raw)]
        ],
        "refused": [
            {"why": why, "leaf": raw.decode(), "code": code(lambda raw=raw: decode(raw))}  # type: ignore[misc]
            for why, raw in refused.items()
        ],
    }


def commitments() -> Any:
    cases = [
        (g, fixed("salt " + g), p) for g, p in (("in", b"{}"), ("out", b""), ("name", "王芳".encode()), ("pri", b"u"))
    ]
    return [
        {"group": group, "salt": b64u(salt), "payload": b64u(payload), "commitment": commit(group, salt, payload)}
        for group, salt, payload in cases
    ]


def statements() -> Any:
    rows = []
    for leaf in small_log.every_kind():
        owner = {"receipt": "copy", "event": "copy", "roster": "root"}.get(leaf.k, "officer")  # type: ignore[attr-defined]
        sigs = getattr(leaf, "sigs", None) or ([leaf] if owner == "copy" else [])
        if leaf.x and not sigs:  # type: ignore[attr-defined]
            sigs = [Sig(**each) for each in leaf.x.get("answerable.sigs", [])]  # type: ignore[attr-defined]
        rows += [
            {
                "kind": leaf.k,  # type: ignore[attr-defined]
                "origin": ORIGIN,
                "leaf": encode(leaf).decode(),
                "signed": b64u(statement.to_sign(leaf, ORIGIN)),
                "public": b64u(key(owner).public),
                "sig": sig.sig,
            }
            for sig in sigs
        ]
    return rows


def checkpoints() -> Any:
    signer = key("log")
    rows = []
    for size in (0, 1, 300):
        hashes = [leaf_hash(str(i).encode()) for i in range(size)]
        note = checkpoint.sign(ORIGIN, size, root_of(hashes), signer)
        rows.append({"size": size, "root": b64(root_of(hashes)), "note": note.decode()})
    good = rows[2]["note"]
    vkeys = [checkpoint.vkey(ORIGIN, signer.public)]
    refused = {
        "another size": good.replace("\n300\n", "\n301\n"),
        "a leading zero": good.replace("\n300\n", "\n0300\n"),
        "an extension line": good.replace("=\n\n", "=\nextra\n\n"),
        "another origin": good.replace(ORIGIN, "other.invalid/log"),
        "no signature": good.split("\n\n")[0] + "\n",
        "a carriage return": good.replace("\n300\n", "\n300\r\n"),
    }
    return {
        "seed": b64u(fixed("key log")),
        "origin": ORIGIN,
        "vkey": vkeys[0],
        "trust": trust.format(small_log.SmallLog().trust).decode(),
        "checkpoints": rows,
        "refused": [
            {"why": why, "note": text, "code": code(lambda text=text: checkpoint.verify(text.encode(), vkeys))}  # type: ignore[misc]
            for why, text in refused.items()
        ],
    }


def merkle() -> Any:
    """Leaf i is the decimal text of i."""
    size = 600
    data = [str(i).encode() for i in range(size)]
    hashes = [leaf_hash(item) for item in data]
    frontier = Frontier()
    tiles = frontier.append(hashes)

    def read(level: int, n: int) -> bytes:
        return tiles.get((level, n), b"")

    return {
        "roots": [{"size": n, "root": b64u(root_of(hashes[:n]))} for n in (0, 1, 2, 3, 7, 8, 255, 256, 257, 512, size)],
        "tiles": [{"level": level, "n": n, "hashes": b64u(tile)} for (level, n), tile in tiles.items() if level],
        "inclusion": [
            {"index": i, "size": n, "path": [b64u(node) for node in inclusion_proof(read, i, n)]}
            for i, n in ((0, 1), (0, 2), (6, 7), (255, 256), (256, 257), (300, 512), (599, 600), (17, 600))
        ],
        "consistency": [
            {"old": old, "new": new, "path": [b64u(node) for node in consistency_proof(read, old, new)]}
            for old, new in ((1, 1), (1, 2), (3, 7), (4, 7), (256, 257), (255, 600), (512, 600), (599, 600))
        ],
        "bundle": {"leaves": [b64u(item) for item in data[8:12]], "bundle": b64u(bundle.pack(data[8:12]))},
    }


def receipts() -> Any:
    small = small_log.world()
    good = small.receipt()
    rids = small.rids
    untrusted = trust.Trust((checkpoint.parse_vkey(checkpoint.vkey(ORIGIN, key("other").public)),))
    read = receipt.parse(good)

    def rebuilt(**changes: Any) -> bytes:
        full = dataclasses.replace(read, **changes)
        return receipt.build(full.record, full.leaves, full.disclosures, full.checkpoint)

    without_party = tuple(part for part in read.leaves if rid(part.leaf) != rids["deployer"])
    noise = small.log.proved(small.log.index(rids["noise"]))
    changed = dataclasses.replace(read.disclosures[0], body=b"{}")
    cut = dataclasses.replace(read.record, path=read.record.path[:-1])
    witnesses = [note.VerifierKey.of(name, key(name).public, note.Kind.COSIGNATURE) for name in ("w1", "w2")]
    witnessed = trust.Trust(small.log.trust.logs, (trust.Witness("w1", witnesses[0]),), quorum="w1")
    head = note.parse(read.checkpoint)

    def seen(which: int) -> bytes:
        signature = note.cosign(head.text, witnesses[which], small_log.T0 // 1000, key(witnesses[which].name))
        return note.Note(head.text, (*head.signatures, signature)).data

    cosigned = seen(1)
    assert verify(rebuilt(checkpoint=seen(0)), witnessed).witnesses
    refused = {
        "a log that is not trusted": (good, untrusted),
        "a truncated file": (good[:-1], small.log.trust),
        "the party left out": (rebuilt(leaves=without_party, disclosures=()), small.log.trust),
        "a leaf of others put in": (rebuilt(leaves=(*read.leaves, noise)), small.log.trust),
        "a changed disclosure": (rebuilt(disclosures=(changed, *read.disclosures[1:])), small.log.trust),
        "a truncated proof": (rebuilt(record=cut), small.log.trust),
        "a quorum that is not reached": (good, witnessed),
        "a cosignature of a witness that the reader does not know": (rebuilt(checkpoint=cosigned), witnessed),
    }
    report = dataclasses.asdict(verify(good, small.log.trust))
    return {
        "trust": trust.format(small.log.trust).decode(),
        "receipt": good.decode(),
        "joined": {
            "trust": trust.format(small_log.joined(small)[1].trust).decode(),
            "receipt": small.receipt(small_log.joined(small)[0]).decode(),
        },
        "witnessed": {"trust": trust.format(witnessed).decode(), "receipt": rebuilt(checkpoint=seen(0)).decode()},
        "report": json.loads(json.dumps(report, default=lambda raw: raw.hex())),
        "refused": [
            {
                "why": why,
                "receipt": data.decode(),
                "trust": trust.format(believed).decode(),
                "code": code(lambda data=data, believed=believed: verify(data, believed)),  # type: ignore[misc]
            }
            for why, (data, believed) in refused.items()
        ],
    }


def proofs() -> Any:
    """Proof files of single leaves, with the leaf and without."""
    small = small_log.world()
    proved = small.log.proved(small.log.index(small.rids["open"]))
    note = small.log.checkpoint()
    good = proof.Proof(proved.leaf, proved.index, proved.path, note)
    cases = {
        "a truncated path": dataclasses.replace(good, path=proved.path[:-1]),
        "a spare node": dataclasses.replace(good, path=(*proved.path, bytes(32))),
        "another leaf": dataclasses.replace(good, extra=small.log.leaves[0]),
        "another index": dataclasses.replace(good, index=proved.index + 1),
    }
    refused = {why: proof.write(case) for why, case in cases.items()}
    refused["a leading zero"] = proof.write(good).replace(b"\nindex ", b"\nindex 0")
    refused["a hash of 31 bytes"] = proof.write(dataclasses.replace(good, path=(bytes(31), *proved.path[1:])))
    return {
        "trust": trust.format(small.log.trust).decode(),
        "proof": proof.write(good).decode(),
        "without its leaf": proof.write(dataclasses.replace(good, extra=b"")).decode(),
        "leaf": proved.leaf.decode(),
        "rid": small.rids["open"],
        "refused": [
            {
                "why": why,
                "proof": data.decode(),
                "code": code(lambda data=data: verify_leaf.verify(data, small.log.trust)),
            }  # type: ignore[misc]
            for why, data in refused.items()
        ],
    }


def coses() -> Any:
    small = small_log.world()
    log, rids = small.log, small.rids
    record = log.proved(log.index(rids["open"]))
    others = [log.proved(log.index(member)) for member in small.members]
    size, root = log.frontier.size, log.frontier.root()
    hashes = [leaf_hash(data) for data in log.leaves]
    whole = cose.sign_inclusion(ORIGIN, size, record, others, log.signer)
    one = cose.sign_inclusion(ORIGIN, size, record, [], log.signer)
    old = checkpoint.Checkpoint(ORIGIN, 9, root_of(hashes[:9]))
    path = consistency_proof(log.read_tile, old.size, size)
    grown = cose.sign_consistency(ORIGIN, old.size, old.root, size, path, log.signer)
    read = cose.parse(one)
    verify_cose.verify_consistency(grown, log.trust, old)
    refused = {
        "untagged": one[1:],
        "a changed index": one.replace(b"\x83\x0f\x0d", b"\x83\x0f\x0c"),
        "a changed size": one.replace(b"\x83\x0f\x0d", b"\x83\x10\x0d"),
        "a changed signature": one[:-1] + bytes([one[-1] ^ 1]),
        "a byte more": one + b"\x00",
        "a receipt of consistency": grown,
    }
    return {
        "trust": trust.format(log.trust).decode(),
        "root": root.hex(),
        "whole record": whole.hex(),
        "rid": verify_cose.verify_record(whole, log.trust).record,
        "one leaf": one.hex(),
        "signed": cose.signed(read, root).hex(),
        "consistency": {"old": old.size, "old root": old.root.hex(), "receipt": grown.hex()},
        "refused": [
            {
                "why": why,
                "receipt": data.hex(),
                "code": code(lambda data=data: verify_cose.verify_leaf(data, log.trust)),
            }  # type: ignore[misc]
            for why, data in refused.items()
        ],
    }


def encodings() -> Any:
    good: list[Any] = [
        {},
        [],
        {"b": [1, -1, 2**53 - 1], "a": None, "c": {"z": True, "y": False}},
        {"\ufb33": "Hebrew", "\U0001f600": "above it in code points, below it in UTF-16", "\u20ac": "Euro", "\r": "CR"},
        '\u0000\u001f\u007f\u2028"\\/\b\f\n\r\t',
    ]
    refused = [
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e2",
        b"9007199254740992",
        b'"\\ud800"',
        b'"\xff"',
        b"NaN",
        b"[" * 33 + b"]" * 33,
    ]
    signer = key("warrant")
    claims = {"sub": "spiffe://demo.invalid/system/app/copy/1", "exp": small_log.T0 // 1000, "jti": nonce("jti")}
    return {
        "canonical": [{"canonical": b64u(canonical.dumps(value)), "value": value} for value in good],
        "refused": [{"json": b64u(raw), "code": code(lambda raw=raw: canonical.loads(raw))} for raw in refused],  # type: ignore[misc]
        "jwt": {
            "seed": b64u(fixed("key warrant")),
            "public": b64u(signer.public),
            "typ": "example+jwt",
            "kid": "k1",
            "claims": claims,
            "token": jwt.encode({"typ": "example+jwt", "kid": "k1"}, claims, signer),
        },
        "dsse": {
            "public": b64u(signer.public),
            "payload": b64u(b"{}"),
            "envelope": dsse.sign("application/vnd.in-toto+json", b"{}", signer, "k1").decode(),
        },
    }


def feeds() -> Any:
    """Two pages, and what a reader at their end refuses."""
    made = small_feed.small_feed()
    first, second = made.pages
    _, after = feed.verify(first, made.log.trust, feed.Cursor())
    _, last = feed.verify(second, made.log.trust, after)
    officer = made.page(made.rows[0], [], by="officer")
    refused = {
        "the second page first": (second, feed.Cursor()),
        "the first page again": (first, after),
        "another page before it": (made.cut(prev="1" * 64), last),
        "another key": (officer, feed.Cursor()),
        "one byte more": (first + b" ", feed.Cursor()),
    }
    return {
        "trust": trust.format(made.log.trust).decode(),
        "pages": [
            {"page": data.decode(), "digest": feed.digest(data), "number": number + 1}
            for number, data in enumerate(made.pages)
        ],
        "refused": [
            {
                "why": why,
                "after": cursor.number,
                "page": data.decode(),
                "code": code(lambda data=data, cursor=cursor: feed.verify(data, made.log.trust, cursor)),  # type: ignore[misc]
            }
            for why, (data, cursor) in refused.items()
        ],
    }


def tile_vectors() -> Any:
    """Paths both ways, which resources a tree has, and the small ones of a tree of 600."""
    paths = [(0, 0, 256), (0, 1234067, 256), (1, 1000, 256), (63, 999, 256), (0, 273, 112), (2, 0, 1)]
    paths += [(tiles.ENTRIES, 0, 256), (tiles.ENTRIES, 273, 112), (tiles.ENTRIES, 1234067, 255)]
    refused = [
        "", "tile/0/0", "tile/00/000", "tile/64/000", "tile/0/x000/067", "tile/0/x001/x234", "tile/0/1234",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "/tile/0/000", "tile/0/000/", "tile/data/000",
        "tile/0/../000",
    ]  # fmt: skip
    size = 600
    leaf_hashes = [leaf_hash(str(i).encode()) for i in range(size)]
    held = Frontier().append(leaf_hashes)
    return {
        "paths": [
            {"level": "entries" if level == tiles.ENTRIES else level, "n": n, "width": width, "path": path}
            for level, n, width in paths
            for path in [tiles.path(level, n, width)]
        ],
        "refused": [{"path": path, "code": code(lambda path=path: tiles.parse(path))} for path in refused],  # type: ignore[misc]
        "trees": [{"size": s, "resources": [tile.path for tile in tiles.of_tree(s)]} for s in (0, 1, 255, 256, 257)],
        "growth": [
            {"old": old, "new": new, "resources": [tile.path for tile in tiles.of_tree(new, old)]}
            for old, new in ((0, 1), (255, 256), (256, 257), (300, 600), (600, 600))
        ],
        "pruned": [
            {"minimum": 600, "path": tile.path, "withheld": tiles.pruned(tile, 600)} for tile in tiles.of_tree(1100)
        ],
        "log": {
            "leaves": "leaf i is the decimal text of i",
            "resources": {
                tile.path: b64u(
                    bundle.pack(str(i).encode() for i in range(tile.start, tile.end))
                    if tile.level == tiles.ENTRIES
                    else held[tile.level, tile.n][: tile.width * 32]
                )
                for tile in tiles.of_tree(size)
                if not tile.full
            },
        },
        "mark": tiles.mark(600).decode(),
    }


FILES: dict[str, Callable[[], Any]] = {
    "leaves": leaves,
    "approval": approvals,
    "commitments": commitments,
    "statements": statements,
    "checkpoint": checkpoints,
    "merkle": merkle,
    "tiles": tile_vectors,
    "receipt": receipts,
    "proof": proofs,
    "cose": coses,
    "envelope": envelopes,
    "encodings": encodings,
    "witness": witnesses,
    "order": order_messages,
    "pulse": pulses,
    "stop-receipt": stop_receipts,
    "feed": feeds,
    "tool-registry": tool_registry,
    "mcp": mcp,
    "budgets": budgets,
}


def text(name: str) -> str:
    """What docs/spec/vectors/<name>.json must hold."""
    return json.dumps(FILES[name](), indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (FOLDER / f"{name}.json").write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
