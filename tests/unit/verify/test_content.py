# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Unavailable, VerificationError
from answerable.verify.content import compare
from answerable.verify.receipt import verify
from tests.small_log import ANSWERED, ASKED, world

WORLD = world()
REPORT = verify(WORLD.receipt(), WORLD.log.trust)


def test_the_same_content() -> None:
    assert compare(REPORT, ANSWERED) is None
    assert compare(REPORT, ASKED, "in") is None


@pytest.mark.parametrize("body", [ANSWERED + b" ", ANSWERED.replace(b"party", b"Party"), b"", ASKED])
def test_a_changed_character_is_a_no(body: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        compare(REPORT, body)
    assert (caught.value.code, caught.value.exit) == ("receipt.content", 1)


def test_what_is_not_disclosed_cannot_be_checked() -> None:
    closed = WORLD.log.receipt(WORLD.rids["open"], *WORLD.members, groups=("name",))
    report = verify(closed, WORLD.log.trust)
    with pytest.raises(Unavailable) as caught:
        compare(report, ANSWERED)
    assert (caught.value.code, caught.value.exit) == ("receipt.undisclosed", 4)
