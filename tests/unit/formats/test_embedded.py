# SPDX-License-Identifier: Apache-2.0
"""Objects inside other text are found in every shape that occurs, and blanked out without moving anything."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import embedded as module
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT
from answerable.formats.embedded import blank, find

ONE = '{"Label":"1","ContentProducer":"a}b{","ProduceID":"\\"x"}'
VENDOR = '{"ServiceProvider":"v","ServiceUser":"u","Time":"t","ContentId":"c"}'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ONE, ONE),
        (f" words {ONE} words", ONE),
        (f"AIGC{ONE}", f"AIGC{ONE}"),
        (f"AIGC = {ONE}tail", f"AIGC = {ONE}"),
        (f'{{"AIGC":{ONE}}}', f'{{"AIGC":{ONE}}}'),
        (f'{{ "AIGC" : {ONE} , "more":1}}', ONE),
        (f'{{"more":1,"AIGC":{ONE}}}', ONE),
        (json.dumps(ONE), json.dumps(ONE)),
        ('{"AIGC":"' + "x" + '","b":2}', '"x"'),
    ],
)
def test_every_shape_is_found(text: str, found: str) -> None:
    (only,) = find(text, "x")
    assert (only.text, only.other) == (found, False)
    assert text[only.start : only.end] == found


@pytest.mark.parametrize("text", ["", "AIGC", "AIGC {", '{"AIGC":', "{}", '{"Labels":1}', '"AIGC":""', '{"a":"AIGC"}'])
def test_what_is_no_object_is_not_found(text: str) -> None:
    assert find(text, "x") == []


def test_a_vendors_schema_is_told_apart_and_stays() -> None:
    (only,) = find(VENDOR, "x")
    assert only.other
    assert blank(VENDOR, [only]) == VENDOR


def test_blanking_keeps_length_and_the_object_around() -> None:
    text = f'{{"more":1,"AIGC":{ONE},"b":2}}'
    left = blank(text, find(text, "x"))
    assert (len(left), json.loads(left)) == (len(text), {"more": 1, "AIGC": "", "b": 2})
    assert find(left, "x") == []
    bare = f"a {ONE} b"
    assert blank(bare, find(bare, "x")) == "a " + " " * len(ONE) + " b"


def test_of_many_only_so_many_are_told() -> None:
    assert len(find(ONE * (MAX_FOUND + 5), "x")) == MAX_FOUND


def test_an_endless_object_is_oversized_or_none() -> None:
    with pytest.raises(VerificationError, match="longer than"):
        find('{"Label":"' + "x" * (MAX_TEXT - 11) + '"}', "x")
    assert find('{"Label":"' + "x" * MAX_TEXT * 2, "x") == []


def test_beginnings_without_ends_cost_a_bounded_time() -> None:
    began = time.perf_counter()
    with pytest.raises(VerificationError, match="unfinished"):
        find('AIGC{"' * 400_000, "x")
    find('"' * 400_000 + "AIGC{" + '\\"' * 400_000, "x")
    assert time.perf_counter() - began < 5


_PIECES = st.sampled_from(
    [
        "{",
        "}",
        '"',
        "\\",
        ":",
        " ",
        "\x85",
        "\xa0",
        "\x1c",
        "AIGC",
        "Label",
        "ContentProducer",
        "ProduceID",
        "ServiceUser",
        "ServiceProvider",
        "x",
        "1",
        '{"Label":"1"}',
        '{"AIGC":{"Label":"1"}}',
        'AIGC{"a":"b"}',
    ]
)


@given(st.lists(_PIECES, max_size=20))
@settings(max_examples=400)
def test_where_an_object_is_found_one_was_possible(pieces: list[str]) -> None:
    text = "".join(pieces)
    if module.find(text, "plain"):
        assert module.possible(text.encode("latin-1"))


def test_ordinary_text_is_not_looked_through_twice() -> None:
    assert not module.possible(b'Words, {"json": 1} and {braces}, a "Label": none.')
    assert module.possible(b'{ "Label"')
    assert module.possible(b'"{\\"ProduceID\\"')
    assert module.possible(b"AIGC")
