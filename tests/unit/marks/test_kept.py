# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
import rfc8785

from answerable.marks.kept import Asked, Kept, body, files, read

KEPT = Kept(aigc='{"Label":"1"}', before="ab" * 32, digest="cd" * 32, layers=("aigc",), media="image/png", size=7, v=1)


def test_bodies_are_canonical_and_read_back() -> None:
    assert body(KEPT) == rfc8785.dumps(json.loads(body(KEPT)))
    assert read(body(KEPT)) == KEPT
    asked = Asked(before="ab" * 32, media="image/png", size=7, v=1)
    assert json.loads(body(asked)) == {"before": "ab" * 32, "media": "image/png", "size": 7, "v": 1}
    assert json.loads(body(Asked(before="", label="{}", media="", size=0, v=1)))["label"] == "{}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"choices":[],"v":1}',
        b" " + body(KEPT),
        body(KEPT).replace(b'"v":1', b'"v":2'),
        body(KEPT).replace(b'"size":7', b'"more":1,"size":7'),
        b"[" * 100_000,
        b'{"a\xf8":1}',
        body(KEPT).replace(b'"size":7', b'"size":99999999999999999999'),
    ],
)
def test_anything_else_is_no_labelled_file(data: bytes) -> None:
    assert read(data) is None


def test_the_files_of_an_answer_are_found_as_one_that_a_person_labelled() -> None:
    answer = b'{"choices":[],"files":[' + body(KEPT) + b"," + body(KEPT) + b'],"v":1}'
    assert files(body(KEPT)) == (KEPT,)
    assert files(answer) == (KEPT, KEPT)
    assert read(answer) is None
    for other in (b"", b'{"choices":[],"v":1}', b'{"files":[1]}', b"[" * 100_000, b"\xff"):
        assert files(other) == ()
