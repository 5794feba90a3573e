# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from answerable.errors import VerificationError
from answerable.marks.aigc import KEYS, MAX_BYTES, as_json, check, of_object, read, write
from answerable.model.labels import AIGC

LABEL = AIGC(label="1", content_producer="001191350100M000100Y431ABCD", produce_id="abc")


def test_seven_members_in_their_order_and_read_back() -> None:
    text = write(LABEL)
    assert tuple(json.loads(text)) == KEYS
    assert text.startswith('{"Label":"1","ContentProducer":"001191350100M000100Y431ABCD","ProduceID":"abc",')
    assert (read(text).aigc, read(text).problems) == (LABEL, ())


def test_its_json_may_stand_in_a_header() -> None:
    data = as_json(LABEL)
    assert data.decode("ascii") == write(LABEL)
    assert all(0x21 <= byte <= 0x7E for byte in data)


@pytest.mark.parametrize(
    "change",
    [
        {"label": "4"},
        {"label": ""},
        {"content_producer": ""},
        {"produce_id": ""},
        {"produce_id": "a b"},
        {"propagate_id": "人"},
        {"reserved_code1": "a\\b"},
        {"reserved_code2": "\x7f"},
    ],
)
def test_what_may_not_be_written(change: dict[str, str]) -> None:
    bad = msgspec.structs.replace(LABEL, **change)
    for refuse in (check, write):
        with pytest.raises(VerificationError) as caught:
            refuse(bad)
        assert caught.value.code == "label.malformed"


def test_a_signature_with_quotes_may_be_written_and_a_label_has_a_bound() -> None:
    signed = msgspec.structs.replace(LABEL, reserved_code1='{"SecurityData":{"Type":"TC260PG"}}')
    assert read(write(signed)).aigc == signed
    with pytest.raises(VerificationError):
        write(msgspec.structs.replace(LABEL, reserved_code1="x" * MAX_BYTES))


def test_what_occurs_in_the_wild_is_read_and_reported() -> None:
    bare = write(LABEL)
    assert read('{"AIGC":' + bare + "}").aigc == LABEL
    assert read(json.dumps({"AIGC": bare})).aigc == LABEL
    assert read("AIGC" + bare).problems == ("glued",)
    assert read(json.dumps(bare)).problems == ("encoded_twice",)
    members: dict[str, Any] = json.loads(bare)
    members["ReservedCode1"] = {"a": 1}
    assert of_object(members).problems == ("object:ReservedCode1",)
    assert of_object(members).aigc.reserved_code1 == '{"a":1}'
    del members["ReservedCode1"], members["ReservedCode2"]
    assert of_object({**members, "Extra": 1}).problems == (
        "missing:ReservedCode1",
        "missing:ReservedCode2",
        "unknown_members:1",
    )
    assert of_object({"Label": 1, "ProduceID": "中"}).problems[:1] == ("number:Label",)
    assert "characters:ProduceID" in of_object({"ProduceID": "中"}).problems
    assert "kind" in of_object({"Label": "9"}).problems


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"7",
        b'"x"',
        b'{"AIGC":7}',
        b'{"AIGC":"{"}',
        b'{"Label":[]}',
        b'{"ContentProducer":{}}',
        b'{"ServiceProvider":"x","Time":"y"}',
        b"\xff",
        b"[" * 9000,
        b" " * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_label(bad: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        read(bad)
    assert caught.value.code == "label.malformed"
