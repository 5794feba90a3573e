# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.crypto import jcs
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.model.holds import Asked
from answerable.model.terms import Act
from answerable.tools import exact

VECTORS = json.loads((Path(__file__).parents[3] / "docs/spec/vectors/approval.json").read_bytes())
words = st.text(st.characters(codec="utf-8"), max_size=8)
# A float that is written with digits alone reads back as an integer beyond what everybody reads alike: it is refused.
floats = st.floats(allow_nan=False, allow_infinity=False)
written = floats.filter(lambda one: abs(one) < 2**53 or not jcs.number(one).lstrip("-").isdigit())
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | written
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(words, values, max_size=4)


def asked(call: object, act: Act = Act.TOOL_CALL) -> Asked:
    return Asked(act, "caller", "copy", "mia", "bank", "pay", json.dumps(call).encode(), "p")


def test_vectors() -> None:
    for vector in VECTORS["calls"]:
        data = vector["payload"].encode()
        members = exact.read(data)
        made = exact.body(
            Asked(
                Act(members["act"]), members["caller"], members["copy"], members["principal"], members["server"],
                members["tool"], json.dumps(vector["arguments"]).encode(), "",
            )
        )  # fmt: skip
        assert made == data
        assert exact.digest(bytes.fromhex(vector["salt"]), data) == vector["digest"]
        assert exact.request(data).decode() == vector["request"]
    for vector in VECTORS["refused"]:
        with pytest.raises(VerificationError):
            exact.read(vector["payload"].encode())


@given(objects)
def test_what_is_approved_is_what_is_read(arguments: dict[str, object]) -> None:
    data = exact.body(asked(arguments))
    read = exact.read(data)
    assert jcs.dumps(read) == data
    assert jcs.dumps(read["arguments"]) == jcs.dumps(json.loads(json.dumps(arguments)))
    assert exact.with_arguments(data, read["arguments"]) == data
    assert json.loads(exact.request(data)).keys() == {"arguments", "name"}


@given(objects, objects)
def test_other_arguments_have_another_digest(one: dict[str, object], other: dict[str, object]) -> None:
    first, second = exact.body(asked(one)), exact.body(asked(other))
    same = first == second
    assert (exact.digest(bytes(32), first) == exact.digest(bytes(32), second)) is same
    assert (exact.tag(first, bytes(32)) == exact.tag(second, bytes(32))) is same


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_bytes_of_strangers_raise_our_errors_alone(data: bytes) -> None:
    try:
        exact.read(data)
    except AnswerableError:
        return
    raise AssertionError("it was no exact call")


def test_salts_and_keys_make_another_digest() -> None:
    data = exact.body(asked({"amount": 1}))
    assert exact.digest(bytes(32), data) != exact.digest(bytes(31) + b"1", data)
    assert exact.tag(data, bytes(32)) != exact.tag(data, bytes(31) + b"1")
    assert len(exact.digest(bytes(32), data)) == len(exact.tag(data, bytes(32))) == 64


def test_the_request_of_a_generation_is_whole() -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}
    assert exact.request(exact.body(asked(request, Act.GENERATION))) == jcs.dumps(request)


def test_what_is_no_call() -> None:
    data = exact.body(asked({"amount": 1}))
    with pytest.raises(Refused) as refusal:
        exact.with_arguments(data, [1])
    assert refusal.value.code == "hold.malformed"
    for call in (b"", b"{", b"[" * 10_000, b"1e999"):
        with pytest.raises(VerificationError):
            exact.body(Asked(Act.TOOL_CALL, "c", "c", "", "s", "t", call, "p"))


@given(st.floats(2.0**53, 9e20) | st.floats(-9e20, -(2.0**53)))
def test_a_number_that_readers_take_differently_is_never_put_before_people(number: float) -> None:
    with pytest.raises(VerificationError):
        jcs.dumps({"amount": number})
