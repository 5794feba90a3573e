# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import verify_inclusion
from answerable.log.receipt import build, parse
from tests.small_log import SmallLog, joined, party, world

WORLD = world()
GOOD = WORLD.receipt()
READ = parse(GOOD)


def code(data: bytes) -> str:
    with pytest.raises(VerificationError) as caught:
        parse(data)
    return caught.value.code


def with_extra(change: Any) -> bytes:
    """The receipt with its `extra` object changed and written as JSON without spaces."""
    lines = GOOD.split(b"\n")
    extra = json.loads(unb64(lines[1].removeprefix(b"extra ").decode()))
    change(extra)
    text = json.dumps(extra, separators=(",", ":"), ensure_ascii=False)
    return b"\n".join([lines[0], b"extra " + b64(text.encode()).encode(), *lines[2:]])


def test_a_receipt_reads_back() -> None:
    assert build(READ.record, READ.leaves, READ.disclosures, READ.checkpoint) == GOOD
    assert with_extra(lambda extra: None) == GOOD
    assert READ.record.leaf == WORLD.log.leaves[WORLD.log.index(WORLD.rids["open"])]
    assert READ.checkpoint == WORLD.log.checkpoint()


def test_it_is_a_c2sp_proof_of_the_open_leaf() -> None:
    """Read with nothing of ours but the Merkle check, as the specification of tlog-proof has it."""
    head, checkpoint = GOOD.split(b"\n\n", 1)
    magic, extra, index, *path = head.decode().split("\n")
    assert magic == "c2sp.org/tlog-proof@v1"
    assert extra.startswith("extra ")
    leaf = json.loads(unb64(extra.split(" ")[1]))["leaf"].encode()
    _, size, root = checkpoint.decode().split("\n")[:3]
    nodes = [unb64(line) for line in path]
    verify_inclusion(leaf_hash(leaf), int(index.split(" ")[1]), int(size), nodes, unb64(root))


def test_a_receipt_of_a_shard_reads_back() -> None:
    joint, _ = joined(WORLD)
    data = WORLD.receipt(joint)
    assert parse(data).root == joint
    assert READ.root is None
    lines = data.split(b"\n")
    extra = json.loads(unb64(lines[1].removeprefix(b"extra ").decode()))
    for change in ({"digest": "A" * 43}, {"index": -1}, {"path": ["?"]}, {"consistency": ["AAAA"]}, {"more": 1}):
        text = json.dumps({**extra, "root": {**extra["root"], **change}}, separators=(",", ":"), ensure_ascii=False)
        assert code(b"\n".join([lines[0], b"extra " + b64(text.encode()).encode(), *lines[2:]])) == "receipt.malformed"


def test_order_and_repetition_do_not_matter_to_build() -> None:
    leaves = [*reversed(READ.leaves), READ.leaves[0], READ.record]
    assert build(READ.record, leaves, READ.disclosures[::-1], READ.checkpoint) == GOOD


def test_a_receipt_of_a_tree_of_one_leaf() -> None:
    log = SmallLog()
    log.add(party("P"))
    data = build(log.proved(0), [], [], log.checkpoint())
    assert b"\nindex 0\n\n" in data
    assert parse(data).record == log.proved(0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        GOOD.replace(b"proof@v1", b"proof@v2"),
        GOOD.replace(b"extra ", b"extra  "),
        GOOD.replace(b"\nindex ", b"\nindex 0"),
        GOOD.replace(b"\nindex ", b"\nindex -"),
        GOOD.replace(b"\nindex ", "\nindex ٣".encode()),
        GOOD.replace(b"\n\n", b"\n" + b64(b"short").encode() + b"\n\n", 1),
        GOOD.replace(b"\n\n", (b"\n" + b64(bytes(32)).encode()) * 65 + b"\n\n", 1),
        with_extra(lambda extra: extra.update(format="answerable/receipt/v2")),
        with_extra(lambda extra: extra.update(zzz=1)),
        with_extra(lambda extra: extra.pop("leaves")),
        with_extra(lambda extra: extra.update(leaf="x" * 65_536)),
        with_extra(lambda extra: extra["leaves"].reverse()),
        with_extra(lambda extra: extra["leaves"].append(extra["leaves"][-1])),
        with_extra(lambda extra: extra["leaves"][0].update(index=-1)),
        with_extra(lambda extra: extra["leaves"][0].update(index=READ.record.index)),
        with_extra(lambda extra: extra["leaves"][0].update(index=2**53)),
        with_extra(lambda extra: extra["leaves"][0]["path"].append("AAAA")),
        with_extra(lambda extra: extra["leaves"][0].update(path=["?"])),
        with_extra(lambda extra: extra["disclosures"].reverse()),
        with_extra(lambda extra: extra["disclosures"][0].update(salt="AAAA")),
        with_extra(lambda extra: extra["disclosures"][0].update(body="AB=")),
        with_extra(lambda extra: extra.update(leaves=extra["leaves"][:1] * 600)),
        GOOD.replace(b"extra ", b"extra" + b" " * 33_000_000),
    ],
    ids=range(25),
)
def test_what_is_malformed(data: bytes) -> None:
    assert code(data) == "receipt.malformed"


def test_json_has_one_encoding() -> None:
    lines = GOOD.split(b"\n")
    text = unb64(lines[1].removeprefix(b"extra ").decode())
    for other in (text.replace(b":", b": ", 1), text.replace(b"disclosures", b"disclosure\\u0073", 1), text + b" "):
        changed = [lines[0], b"extra " + b64(other).encode(), *lines[2:]]
        assert code(b"\n".join(changed)) == "receipt.malformed"


def test_what_is_never_built() -> None:
    broken = dataclasses.replace(READ.record, path=(b"short",))
    foreign = dataclasses.replace(READ.record, leaf=b"\xff")
    unsalted = dataclasses.replace(READ.disclosures[0], salt=b"")
    for record, disclosures in ((broken, ()), (foreign, ()), (READ.record, (unsalted,))):
        with pytest.raises(VerificationError) as caught:
            build(record, (), disclosures, READ.checkpoint)
        assert caught.value.code == "receipt.malformed"
