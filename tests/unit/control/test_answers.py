# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.control.answers import Answer, Recorded


def test_an_answer_is_written_by_its_members() -> None:
    assert issubclass(Recorded, Answer)
    assert msgspec.json.encode(Recorded(rid="r", id="i", index=3, at=4)) == b'{"rid":"r","id":"i","index":3,"at":4}'
