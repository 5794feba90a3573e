# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto import ed25519, p256, sm2
from answerable.errors import VerificationError
from answerable.marks import pins
from answerable.marks.signature import algorithm_of, public_info


def test_what_is_written_is_read() -> None:
    keys = [ed25519.Key.generate(), p256.Key.generate(), sm2.Key.generate()]
    lines = "".join(pins.line(f"NTRCN-{n}", algorithm_of(key), key.public) for n, key in enumerate(keys))
    found = pins.parse(f"# whose keys\n\n{lines}".encode())
    assert found == {public_info(key): f"NTRCN-{n}" for n, key in enumerate(keys)}
    assert pins.parse(b"") == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("NTRCN-1", 1),
        ("NTRCN-1 Ed25519 AAAA", 1),
        ("\nNTRCN-1 RSA AAAA", 2),
        ("NTRCN-1 Ed25519 !!!!", 1),
        ("NTRCN-1 Ed25519 " + "A" * 43 + "= more", 1),
        ("a Ed25519 " + "A" * 43 + "=\nb Ed25519 " + "A" * 43 + "=", 2),
        ("#" * (pins.MAX_PINS + 1), 0),
    ],
)
def test_what_is_not_understood_is_refused(text: str, line: int) -> None:
    with pytest.raises(VerificationError) as caught:
        pins.parse(text.encode())
    assert (caught.value.code, caught.value.params["line"]) == ("label.pins", line)
