# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, VerificationError
from answerable.marks import aigc
from answerable.marks.aigc import Found
from answerable.marks.propagation import Role, propagator_code, settle
from answerable.marks.signature import State, check, check_propagation, sign
from answerable.model.labels import AIGC

OURS = "001191350100M000100Y431ABCD"
OUR_PROPAGATOR = "001191350100M000100Y432ABCD"
KEY = Key.generate()
THEIRS = sign(AIGC("1", "001191110000MA0000001X10000", "their-record"), Key.generate())


def test_a_file_without_a_label_gets_ours() -> None:
    settled = settle((), provider=OURS, record="rid", key=KEY)
    assert (settled.role, settled.aigc.content_producer, settled.aigc.produce_id) == (Role.PRODUCER, OURS, "rid")
    assert check(settled.aigc).state is State.SELF_CONSISTENT
    assert settle((), provider=OURS, record="rid", key=None).aigc == AIGC("1", OURS, "rid")


@pytest.mark.parametrize("bad", ["", "a record", "标识", "a\\b"])
def test_a_record_that_may_not_stand_in_a_label(bad: str) -> None:
    with pytest.raises(VerificationError):
        settle((), provider=OURS, record=bad, key=KEY)


def test_another_producers_members_stay_byte_for_byte() -> None:
    settled = settle((Found(THEIRS),), provider=OURS, record="rid", key=KEY)
    label = settled.aigc
    assert settled.role is Role.PROPAGATOR
    assert msgspec.structs.astuple(label)[:4] == msgspec.structs.astuple(THEIRS)[:4]
    assert check(label).state is State.SELF_CONSISTENT  # their signature holds still
    assert (label.content_propagator, label.propagate_id) == (OUR_PROPAGATOR, "rid")
    assert check_propagation(label).state is State.SELF_CONSISTENT
    assert aigc.read(aigc.write(label)) == Found(label)


def test_a_label_with_a_propagator_stays_as_it_is() -> None:
    spread = msgspec.structs.replace(THEIRS, content_propagator="LEIXG-x", propagate_id="x", reserved_code2="code")
    settled = settle((Found(spread),), provider=OURS, record="rid", key=KEY)
    assert (settled.role, settled.aigc) == (Role.KEPT, spread)


def test_labels_that_differ_are_refused_and_like_ones_count_once() -> None:
    other = msgspec.structs.replace(THEIRS, produce_id="another")
    with pytest.raises(Refused) as caught:
        settle((Found(THEIRS), Found(other)), provider=OURS, record="rid", key=KEY)
    assert (caught.value.code, caught.value.params["count"]) == ("label.several", 2)
    twice = settle((Found(THEIRS), Found(THEIRS, ("glued",))), provider=OURS, record="rid", key=None)
    assert (twice.role, twice.problems) == (Role.PROPAGATOR, ("glued",))


def test_our_own_label() -> None:
    ours = AIGC("1", OURS, "rid", content_propagator="LEIXG-x")
    again = settle((Found(ours),), provider=OURS[:-1] + "X", record="rid", key=KEY)
    assert again.role is Role.KEPT
    assert check(again.aigc).state is State.SELF_CONSISTENT
    assert again.aigc.content_propagator == "LEIXG-x"
    signed = settle((Found(again.aigc),), provider=OURS, record="rid", key=Key.generate())
    assert signed.aigc == again.aigc
    with pytest.raises(Refused) as caught:
        settle((Found(ours),), provider=OURS, record="another", key=KEY)
    assert (caught.value.code, caught.value.params["record"]) == ("label.another_record", "rid")
    assert settle((Found(ours),), provider=OURS, record="drawn", key=None, again=True).aigc == ours


@pytest.mark.parametrize(
    "text",
    [
        '{"Label":"7","ContentProducer":"x","ProduceID":"y"}',
        '{"Label":"1","ContentProducer":"某公司","ProduceID":"y"}',
        '{"Label":"1","ContentProducer":"a company","ProduceID":"y"}',
        '{"Label":"1","ProduceID":"y"}',
        '{"Label":"1","ContentProducer":"x","ProduceID":"y","ReservedCode1":{"a":"b c"}}',
        '{"Label":"1","ContentProducer":"x","ProduceID":"y","More":"would be lost"}',
    ],
)
def test_what_cannot_be_kept_as_it_is_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        settle((aigc.read(text),), provider=OURS, record="rid", key=KEY)
    assert caught.value.code == "label.foreign"


def test_forms_that_are_mended_without_another_meaning() -> None:
    found = aigc.read('AIGC{"Label":1,"ContentProducer":"x","ProduceID":"y","ReservedCode1":{"a":"b"}}')
    settled = settle((found,), provider=OURS, record="rid", key=None)
    assert (settled.aigc.label, settled.aigc.reserved_code1) == ("1", '{"a":"b"}')
    assert "number:Label" in settled.problems


def test_codes_of_propagators() -> None:
    assert propagator_code(OURS) == OUR_PROPAGATOR
    assert propagator_code("LEIXG-x") == "LEIXG-x"
