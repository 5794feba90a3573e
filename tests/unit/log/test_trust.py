# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.log import trust
from answerable.log.checkpoint import parse_vkey, vkey
from tests.small_log import ORIGIN, key

VKEY = vkey(ORIGIN, key("log").public)
NEXT = vkey(ORIGIN, key("next").public)


def test_a_trust_file_reads_back() -> None:
    believed = trust.Trust((parse_vkey(VKEY), parse_vkey(NEXT)))
    assert trust.format(believed) == f"log {VKEY}\nlog {NEXT}\nquorum none\n".encode()
    assert trust.parse(trust.format(believed)) == believed


def test_comments_blanks_and_addresses() -> None:
    text = f"# whose log\n\n \tlog\t{VKEY}  https://demo.invalid/log \n  # 注释\nquorum none"
    assert trust.parse(text.encode()).logs == (parse_vkey(VKEY),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\n",
        f"log {VKEY}\n",
        f"log {VKEY}\nquorum none\nquorum none\n",
        f"log {VKEY}\nquorum two\n",
        f"log {VKEY}\nwitness w {VKEY}\nquorum none\n",
        f"log {VKEY}\ngroup g any w\nquorum none\n",
        f"log {VKEY}\nlog {VKEY}\nquorum none\n",
        f"log {VKEY} a b\nquorum none\n",
        "log x\nquorum none\n",
        f"log {VKEY}\r\nquorum none\n",
        f"log {VKEY}\nquorum none\n\x00",
        "#" * 70_000,
    ],
)
def test_nothing_that_is_not_understood_is_passed_over(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        trust.parse(text.encode())
    assert caught.value.code == "log.trust"
    assert caught.value.exit == 4


def test_bytes_that_are_not_text() -> None:
    with pytest.raises(VerificationError):
        trust.parse(b"\xff")
