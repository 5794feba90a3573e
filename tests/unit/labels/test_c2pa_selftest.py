# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from io import BytesIO

import pytest
from PIL import Image

from answerable.crypto.issuing import issue
from answerable.errors import Refused, VerificationError
from answerable.labels.c2pa_selftest import check, picture
from answerable.labels.chain import Chain

NOW = int(time.time() * 1000)


@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_a_sound_chain_passes(algorithm: str) -> None:
    issued = issue("示例 Ltd", now_ms=NOW, days=3, algorithm=algorithm)
    assert check(Chain.of(issued), issued.root, now_ms=NOW) == "示例 Ltd"


def test_what_does_not_lead_to_the_root_fails() -> None:
    issued, other = issue("a", now_ms=NOW, days=3), issue("a", now_ms=NOW, days=3)
    with pytest.raises(VerificationError, match=r"label\.c2pa"):
        check(Chain.of(issued), other.root, now_ms=NOW)


def test_a_self_signed_leaf_fails() -> None:
    issued = issue("a", now_ms=NOW, days=3)
    chain = Chain(issued.root, issued.root_key.sign, "ed25519", "a", NOW + 10_000)
    with pytest.raises(VerificationError, match=r"label\.c2pa"):
        check(chain, issued.root, now_ms=NOW)


def test_a_leaf_whose_time_is_over_fails() -> None:
    issued = issue("a", now_ms=NOW - 40 * 86_400_000, days=3)
    with pytest.raises(Refused, match=r"label\.chain"):
        check(Chain.of(issued), issued.root, now_ms=NOW)


def test_the_picture_is_one() -> None:
    with Image.open(BytesIO(picture())) as image:
        image.load()
        assert (image.size, image.getpixel((1, 1))) == ((2, 2), (10, 20, 30))
