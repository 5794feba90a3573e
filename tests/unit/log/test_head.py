# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.b64 import b64
from answerable.errors import VerificationError
from answerable.log.head import Checkpoint, read
from answerable.log.merkle import EMPTY_ROOT, MAX_SIZE

ROOT = bytes(range(32))
# The example of C2SP tlog-checkpoint.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_example_of_the_specification() -> None:
    head = read(EXAMPLE)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.text == EXAMPLE


@pytest.mark.parametrize("head", [Checkpoint("a", 0, EMPTY_ROOT), Checkpoint("日志.invalid", MAX_SIZE, ROOT)])
def test_a_head_reads_back(head: Checkpoint) -> None:
    assert read(head.text) == head


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        f"a\n1\n{b64(ROOT)}",
        f"a\n1\n{b64(ROOT)}\nmore\n",
        f"\n1\n{b64(ROOT)}\n",
        f"a\n01\n{b64(ROOT)}\n",
        f"a\n+1\n{b64(ROOT)}\n",
        f"a\n{MAX_SIZE + 1}\n{b64(ROOT)}\n",
        f"a\n1\n{b64(ROOT + ROOT)}\n",
        f"a\n1\n{b64(ROOT)} \n",
        f"a\n0\n{b64(ROOT)}\n",
    ],
)
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        read(text)
    assert caught.value.code == "log.checkpoint"
