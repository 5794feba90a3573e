# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from answerable.crypto.canonical import MAX_DEPTH
from answerable.crypto.jcs import Double, dumps, number
from answerable.errors import VerificationError

MOST = 2**53 - 1
# RFC 8785 Appendix B: the bits of a double, and its text.
SAMPLES = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MOST, MOST)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda each: abs(each) <= MOST or abs(each) >= 1e21)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(("bits", "text"), SAMPLES.items())
def test_the_samples_of_the_specification(bits: str, text: str) -> None:
    assert number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value: float) -> None:
    assert float(number(value)) == value


@given(values)
def test_it_is_what_another_writer_makes(value: Any) -> None:
    data = dumps(value)
    assert data == rfc8785.dumps(value)
    assert dumps(json.loads(data)) == data


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), MOST + 1, -MOST - 1, 1e17, {1: 2}, {"a"}, "\ud800", {"\ud800": 1}]
)
def test_what_has_no_text_is_refused(value: Any) -> None:
    with pytest.raises(VerificationError) as caught:
        dumps(value)
    assert caught.value.code == "log.encoding"


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    dumps(deep)
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(VerificationError):
        dumps(deep)


def test_what_is_meant_as_a_double_is_written_as_one() -> None:
    assert dumps([Double(2**63), Double(-0.5), Double(1e21)]) == b"[9223372036854776000,-0.5,1e+21]"
    assert rfc8785.dumps([float(2**63)]) == dumps([Double(2**63)])
    with pytest.raises(VerificationError):
        dumps([float(2**63)])
