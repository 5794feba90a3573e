# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.b64 import b64
from answerable.errors import VerificationError
from answerable.log.proof import MAX_PATH, Proof, parse, write
from tests.small_log import world

WORLD = world()
PROVED = WORLD.log.proved(WORLD.log.index(WORLD.rids["open"]))
GOOD = Proof(PROVED.leaf, PROVED.index, PROVED.path, WORLD.log.checkpoint())
FILE = write(GOOD)


def test_a_proof_reads_back() -> None:
    assert parse(FILE) == GOOD
    bare = Proof(b"", 0, (), b"note")
    assert write(bare) == b"c2sp.org/tlog-proof@v1\nindex 0\n\nnote"
    assert parse(write(bare)) == bare


def test_it_is_the_form_of_the_specification() -> None:
    """Line by line, as C2SP tlog-proof, "Format", has it."""
    head, _, checkpoint = FILE.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    assert lines == [
        "c2sp.org/tlog-proof@v1",
        "extra " + b64(PROVED.leaf),
        f"index {PROVED.index}",
        *map(b64, PROVED.path),
    ]
    assert checkpoint == WORLD.log.checkpoint()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        FILE.replace(b"\n\n", b"\n", 1),
        FILE.replace(b"proof@v1", b"proof@v2"),
        FILE.replace(b"extra ", b"extra  "),
        FILE.replace(b"extra ", b"more "),
        FILE.replace(b"\nindex 13", b""),
        FILE.replace(b"\nindex 13", b"\nindex 013"),
        FILE.replace(b"\nindex 13", b"\nindex +13"),
        FILE.replace(b"\nindex 13", b"\nindex "),
        FILE.replace(b"\nindex 13", "\nindex ٣".encode()),
        FILE.replace(b"\nindex 13", b"\nindex 9007199254740992"),
        FILE.replace(b"\nindex 13", b"\r\nindex 13"),
        FILE.replace(b"\n\n", b"\n" + b64(b"short").encode() + b"\n\n", 1),
        FILE.replace(b"\n\n", b"\n?\n\n", 1),
        FILE.replace(b"\n\n", (b"\n" + b64(bytes(32)).encode()) * MAX_PATH + b"\n\n", 1),
        b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nnote",
        b"c2sp.org/tlog-proof@v1\n\nnote",
    ],
    ids=range(18),
)
def test_what_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        parse(data)
    assert caught.value.code == "receipt.malformed"
