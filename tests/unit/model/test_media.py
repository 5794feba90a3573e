# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.model.media import Coding, Medium


def test_what_stands_as_base64_is_read_and_replaced() -> None:
    holder = {"b64_json": "aGVsbG8="}
    medium = Medium(holder, "b64_json", Coding.BASE64)
    assert medium.read() == b"hello"
    medium.write(b"other!", "image/png")
    assert holder == {"b64_json": "b3RoZXIh"}
    assert Medium(["aGVsbG8"], 0, Coding.BASE64).read() == b"hello", "without its padding"


def test_a_url_gets_the_type_of_what_it_holds() -> None:
    holder = {"url": "data:image/jpeg;base64,aGVsbG8="}
    medium = Medium(holder, "url", Coding.URL)
    assert medium.read() == b"hello"
    medium.write(b"hello", "image/png")
    assert holder["url"] == "data:image/png;base64,aGVsbG8="


def test_bytes_stay_bytes() -> None:
    holder = {"data": b"hello"}
    medium = Medium(holder, "data", Coding.RAW)
    assert medium.read() == b"hello"
    medium.write(b"other", "audio/wav")
    assert holder == {"data": b"other"}


@pytest.mark.parametrize("value", ["a", "ä" * 8, "ab cd", "====", "aGVsbG8=aGVsbG8="])
def test_what_is_no_base64_is_no_file(value: str) -> None:
    with pytest.raises(ValueError):
        Medium([value], 0, Coding.BASE64).read()
