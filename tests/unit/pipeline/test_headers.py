# SPDX-License-Identifier: Apache-2.0
import msgspec

from answerable.model.labels import AIGC, Label, Place
from answerable.pipeline.headers import AIGC_HEADER, RECORD, headers


def test_both_headers_are_ascii_and_name_the_record() -> None:
    label = Label("AI", Place.TEXT, AIGC("1", "p", "r" * 32), "r" * 32, "s", "q", "en")
    made = headers(label)
    assert made[RECORD] == "r" * 32
    assert all(0x21 <= ord(c) <= 0x7E for c in made[AIGC_HEADER])
    assert msgspec.json.decode(made[AIGC_HEADER], type=AIGC) == label.aigc
