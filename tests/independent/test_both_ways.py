# SPDX-License-Identifier: Apache-2.0
"""Ours and a second implementation, from the specifications alone, over each other's logs; and what both refuse."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from answerable.errors import VerificationError
from answerable.log import checkpoint as our_checkpoint
from answerable.log import leaf as our_leaf
from answerable.log import merkle, tiles
from answerable.log import receipt as our_receipt
from answerable.log import trust as our_trust
from answerable.net.source import Folder
from answerable.tiles.mirror import Mirror
from answerable.tiles.tree import Tree
from answerable.verify.receipt import verify as our_verify
from tests import small_log
from tests.independent import maker, verifier
from tests.independent.verifier import Bad, leaf_hash
from tests.tiled import Grown, entries, files
from tests.unit.control.house import House

HERE = Path(__file__).parent


def reading(folder: Path) -> Callable[[str], bytes | None]:
    return lambda path: (folder / path).read_bytes() if (folder / path).is_file() else None


@pytest.mark.parametrize("name", ["verifier.py", "maker.py"])
def test_it_is_independent(name: str) -> None:
    allowed = {*sys.stdlib_module_names, "cryptography", "tests"}
    for node in ast.walk(ast.parse((HERE / name).read_text(encoding="utf-8"))):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [each.name for each in node.names] if isinstance(node, ast.Import) else []
        assert {module.split(".")[0] for module in modules} <= allowed
        assert not any(module.startswith("tests") and "independent" not in module for module in modules)


# --- theirs over a log of ours ---


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house") / "store")
    yield made
    made.close()


def test_a_log_of_a_real_store(house: House, tmp_path: Path) -> None:
    from answerable.app import tiling

    record = house.act("Independent.")
    house.run(house.core.reader.checkpoint())
    text = (house.store / "trust.txt").read_bytes()
    source = tiling.live(house.core.config)
    Mirror(source, tmp_path, our_trust.parse(text)).update()
    source.close()
    head, found = verifier.check_tiles(reading(tmp_path), verifier.read_policy(text))
    assert head.origin == "demo.invalid"
    assert record in {verifier.record_id(entry) for entry in found}
    assert {verifier.read_leaf(entry)["k"] for entry in found} >= {"key", "party", "system", "open", "close"}
    assert [verifier.record_id(entry) for entry in found] == [our_leaf.rid(entry) for entry in found]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 700, 66_000])
def test_tiles_of_every_shape(size: int, tmp_path: Path) -> None:
    log = Grown(entries(size))
    log.write(tmp_path)
    policy = verifier.read_policy(our_trust.format(log.trust))
    head, found = verifier.check_tiles(reading(tmp_path), policy)
    assert (head.size, found) == (size, log.log)


def test_proofs_of_ours() -> None:
    log = Grown(entries(600))
    hashes = [leaf_hash(entry) for entry in log.log]
    for size in (1, 2, 3, 7, 256, 257, 599, 600):
        root = verifier.tree_root(hashes[:size])
        for index in {0, 1, size // 2, size - 1} & set(range(size)):
            path = merkle.inclusion_proof(log.tile, index, size)
            verifier.check_inclusion(hashes[index], index, size, path, root)
            assert path == maker.inclusion(index, hashes[:size])
        for old in {1, 2, size // 2, size - 1, size} & set(range(1, size + 1)):
            proof = merkle.consistency_proof(log.tile, old, size)
            verifier.check_consistency(old, verifier.tree_root(hashes[:old]), size, root, proof)
            assert proof == maker.consistency(old, hashes[:size])


def test_every_kind_of_leaf_of_ours() -> None:
    for leaf in small_log.every_kind():
        data = our_leaf.encode(leaf)
        assert verifier.read_leaf(data)["k"] == leaf.k  # type: ignore[attr-defined]
        assert verifier.record_id(data) == our_leaf.rid(data)
    assert set(verifier.KINDS) == {leaf.k for leaf in small_log.every_kind()}  # type: ignore[attr-defined]


def test_a_receipt_of_ours() -> None:
    world = small_log.world()
    data = world.receipt()
    policy = verifier.read_policy(our_trust.format(world.log.trust))
    shown = verifier.check_receipt(data, policy)
    report = our_verify(data, world.log.trust)
    assert (shown["rid"], shown["close"]["st"]) == (report.record, report.outcome)
    assert shown["shown"][shown["rid"], "in"] == small_log.ASKED


def test_a_receipt_of_ours_through_a_root_log() -> None:
    world = small_log.world()
    joint, root = small_log.joined(world)
    read = our_receipt.parse(world.receipt())
    data = our_receipt.build(read.record, read.leaves, read.disclosures, read.checkpoint, root=joint)
    shown = verifier.check_receipt(data, verifier.read_policy(our_trust.format(root.trust)))
    assert our_verify(data, root.trust).record == shown["rid"]
    with pytest.raises(Bad):
        verifier.check_receipt(world.receipt(), verifier.read_policy(our_trust.format(root.trust)))


# --- ours over a log of theirs ---


@pytest.mark.parametrize("noise", [0, 300, 700])
def test_a_log_of_theirs(noise: int, tmp_path: Path) -> None:
    story = maker.Story(noise)
    maker.publish(tmp_path / "theirs", story.entries)
    trust = our_trust.parse(maker.trust())
    Mirror(Folder(tmp_path / "theirs"), tmp_path / "ours", trust).update()
    assert files(tmp_path / "ours") == files(tmp_path / "theirs")
    head = trust.check((tmp_path / "theirs" / "checkpoint").read_bytes())
    tree = Tree(head, [Folder(tmp_path / "theirs")])
    assert [entry for n in range((head.size + 255) // 256) for entry in tree.bundle(n)[1]] == story.entries
    for entry in story.entries:
        assert our_leaf.encode(our_leaf.decode(entry)) == entry
    assert all(tile.path in files(tmp_path / "theirs") for tile in tiles.of_tree(head.size))


def test_proofs_and_a_receipt_of_theirs() -> None:
    story = maker.Story(300)
    hashes = [leaf_hash(entry) for entry in story.entries]
    root = verifier.tree_root(hashes)
    merkle.verify_inclusion(hashes[7], 7, len(hashes), maker.inclusion(7, hashes), root)
    old = verifier.tree_root(hashes[:200])
    merkle.verify_consistency(200, old, len(hashes), root, maker.consistency(200, hashes))
    report = our_verify(story.receipt(), our_trust.parse(maker.trust()))
    assert report.record == story.rids["open"]
    assert report.content("out") == "a party, 甲方".encode()
    assert verifier.check_receipt(story.receipt(), verifier.read_policy(maker.trust()))["rid"] == report.record


# --- what both refuse ---

STORY = maker.Story(300)
HASHES = [leaf_hash(entry) for entry in STORY.entries]
ROOT = verifier.tree_root(HASHES)
SIZE = len(HASHES)
PATH = maker.inclusion(5, HASHES)
STEPS = maker.consistency(200, HASHES)
OLD = verifier.tree_root(HASHES[:200])
NOTE = maker.checkpoint(STORY.entries)
OPEN = STORY.entries[-2]

INCLUSIONS = {
    "a hash of the wrong length": (HASHES[5], 5, SIZE, [*PATH[:-1], PATH[-1][:31]], ROOT),
    "an entry's hash of the wrong length": (HASHES[5] + b"\x00", 5, SIZE, PATH, ROOT),
    "a root of the wrong length": (HASHES[5], 5, SIZE, PATH, ROOT[:31]),
    "a proof from size 0": (HASHES[5], 0, 0, [], ROOT),
    "an index past the end": (HASHES[5], SIZE, SIZE, PATH, ROOT),
    "a negative index": (HASHES[5], -1, SIZE, PATH, ROOT),
    "spare nodes": (HASHES[5], 5, SIZE, [*PATH, ROOT], ROOT),
    "a node too few": (HASHES[5], 5, SIZE, PATH[:-1], ROOT),
    "another index": (HASHES[5], 4, SIZE, PATH, ROOT),
    "another entry": (HASHES[6], 5, SIZE, PATH, ROOT),
}
CONSISTENCIES = {
    "a hash of the wrong length": (200, OLD, SIZE, ROOT, [*STEPS[:-1], STEPS[-1][:31]]),
    "a proof from size 0": (0, verifier.tree_root([]), SIZE, ROOT, []),
    "backwards": (SIZE, ROOT, 200, OLD, STEPS),
    "spare nodes": (200, OLD, SIZE, ROOT, [*STEPS, ROOT]),
    "spare nodes in front": (200, OLD, SIZE, ROOT, [ROOT, *STEPS]),
    "spare nodes between equal trees": (SIZE, ROOT, SIZE, ROOT, [ROOT]),
    "two roots of one size": (SIZE, ROOT, SIZE, OLD, []),
    "a node too few": (200, OLD, SIZE, ROOT, STEPS[:-1]),
    "another old root": (200, ROOT, SIZE, ROOT, STEPS),
    "another new root": (200, OLD, SIZE, OLD, STEPS),
}
TEXT = NOTE.partition(b"\n\n")[0].decode() + "\n"
CHECKPOINTS = {
    "an extra line": maker.note(TEXT + "extra\n"),
    "a missing line": maker.note(TEXT.rsplit("\n", 2)[0] + "\n"),
    "an empty line": maker.note(TEXT + "\n"),
    "an unknown key": maker.note(TEXT, key=maker.Ed25519PrivateKey.from_private_bytes(bytes(32))),
    "another name": maker.note(TEXT, name="third.example/log"),
    "a size with a leading zero": maker.note(TEXT.replace(f"\n{SIZE}\n", f"\n0{SIZE}\n")),
    "a size with a sign": maker.note(TEXT.replace(f"\n{SIZE}\n", f"\n+{SIZE}\n")),
    "a root of the wrong length": maker.note(f"{maker.ORIGIN}\n{SIZE}\n{maker.b64(ROOT[:31])}\n"),
    "another text under the signature": NOTE.replace(f"\n{SIZE}\n".encode(), f"\n{SIZE - 1}\n".encode()),
    "no signature": TEXT.encode() + b"\n",
    "no newline at the end": NOTE[:-1],
    "a carriage return": NOTE.replace(b"\n\n", b"\r\n\n"),
    "base64 in another text": NOTE.replace(b"=\n\n", b"\n\n"),
}
LEAVES = {
    "a duplicate key": OPEN.replace(b'"tier":1', b'"tier":1,"tier":1'),
    "a duplicate key with another value": OPEN.replace(b'"tier":1', b'"tier":0,"tier":1'),
    "a duplicate key in a member": OPEN.replace(b'"c":{', b'"c":{"in":"",'),
    "an unknown kind": OPEN.replace(b'"k":"open"', b'"k":"opem"'),
    "an unknown version": OPEN.replace(b'"v":1', b'"v":2'),
    "an unknown member": OPEN.replace(b'"wld"', b'"wla":1,"wld"'),
    "a missing member": OPEN.replace(b'"rule":"R001",', b""),
    "another order": OPEN.replace(b'"v":1,', b"").replace(b'{"act"', b'{"v":1,"act"'),
    "white space": OPEN.replace(b'"tier":1', b'"tier": 1'),
    "a float": OPEN.replace(b'"tier":1', b'"tier":1.0'),
    "null": OPEN.replace(b'"rule":"R001"', b'"rule":null'),
    "a negative integer": OPEN.replace(b'"tier":1', b'"tier":-1'),
    "an integer of 2**53": OPEN.replace(b'"tier":1', b'"tier":9007199254740992'),
    "another escape": OPEN.replace(b"permit", b"permi\\u0074"),
    "trailing bytes": OPEN + b" ",
    "not UTF-8": OPEN.replace(b"permit", b"permi\xff"),
    "no object": b"[]",
}


@pytest.mark.parametrize("why", INCLUSIONS)
def test_inclusion_proofs_that_both_refuse(why: str) -> None:
    with pytest.raises(Bad):
        verifier.check_inclusion(*INCLUSIONS[why])
    with pytest.raises(VerificationError):
        merkle.verify_inclusion(*INCLUSIONS[why])


@pytest.mark.parametrize("why", CONSISTENCIES)
def test_consistency_proofs_that_both_refuse(why: str) -> None:
    with pytest.raises(Bad):
        verifier.check_consistency(*CONSISTENCIES[why])
    with pytest.raises(VerificationError):
        merkle.verify_consistency(*CONSISTENCIES[why])


@pytest.mark.parametrize("why", CHECKPOINTS)
def test_checkpoints_that_both_refuse(why: str) -> None:
    policy, trust = verifier.read_policy(maker.trust()), our_trust.parse(maker.trust())
    assert verifier.believe(NOTE, policy).size == trust.check(NOTE).size == SIZE
    with pytest.raises(Bad):
        verifier.believe(CHECKPOINTS[why], policy)
    with pytest.raises(VerificationError):
        trust.check(CHECKPOINTS[why])
    with pytest.raises(VerificationError):
        our_checkpoint.verify(CHECKPOINTS[why], trust.logs)


@pytest.mark.parametrize("why", LEAVES)
def test_leaves_that_both_refuse(why: str) -> None:
    assert LEAVES[why] != OPEN
    with pytest.raises(Bad):
        verifier.read_leaf(LEAVES[why])
    with pytest.raises(VerificationError):
        our_leaf.decode(LEAVES[why])


@pytest.mark.parametrize("part", range(40))
def test_receipts_with_a_changed_byte_are_refused_by_both(part: int) -> None:
    data = STORY.receipt()
    at = len(data) * part // 40
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with pytest.raises((Bad, ValueError, KeyError)):
        verifier.check_receipt(changed, verifier.read_policy(maker.trust()))
    with pytest.raises(VerificationError):
        our_verify(changed, our_trust.parse(maker.trust()))


def test_the_vectors_of_tiles_hold_for_the_second_implementation() -> None:
    rows = json.loads((verifier.SPEC / "vectors" / "tiles.json").read_text(encoding="utf-8"))
    for row in rows["paths"]:
        assert verifier.tile_path(row["level"], row["n"], row["width"]) == row["path"]
    for row in rows["trees"]:
        assert set(row["resources"]) == resources(row["size"])
    for row in rows["growth"]:
        assert set(row["resources"]) == resources(row["new"]) - resources(row["old"])
    held = [str(at).encode() for at in range(600)]
    for path, data in rows["log"]["resources"].items():
        level, n, width = path.split("/")[1], int(path.split("/")[2][:3]), int(path.rpartition("/")[2])
        if level == "entries":
            assert verifier.read_bundle(verifier.url64(data)) == held[n * 256 : n * 256 + width]
        else:
            span = 256 ** int(level)
            start = n * 256 * span
            parts = [held[start + i * span : start + (i + 1) * span] for i in range(width)]
            hashes = [verifier.tree_root([leaf_hash(entry) for entry in part]) for part in parts]
            assert verifier.url64(data) == b"".join(hashes)


def resources(size: int) -> set[str]:
    """By the words of tlog-tiles, "Partial Tiles"."""
    found = {verifier.tile_path("entries", n) for n in range(size // 256)}
    if size % 256:
        found.add(verifier.tile_path("entries", size // 256, size % 256))
    for level in range(64):
        count = size // 256**level
        found |= {verifier.tile_path(level, n) for n in range(count // 256)}
        if count % 256:
            found.add(verifier.tile_path(level, count // 256, count % 256))
    return found
