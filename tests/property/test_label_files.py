# SPDX-License-Identifier: Apache-2.0
"""Labels that stand in files, of any shape that JSON has: kept as they are or refused, and never a file that says
something else than was meant."""

from __future__ import annotations

import json
from contextlib import suppress
from io import BytesIO
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from answerable.crypto import ed25519, p256, sm2
from answerable.errors import AnswerableError
from answerable.formats.detect import detect
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.reading import read_label
from answerable.marks import aigc, signature
from answerable.marks.propagation import Role, settle
from answerable.marks.signature import LabelKey, State
from answerable.model.labels import AIGC, Reading
from tests.small_media import OTHER, PARTY, PROVIDER, picture

KEYS: list[LabelKey] = [ed25519.Key.generate(), p256.Key.generate(), sm2.Key.generate()]
BY = Labeller(PROVIDER, KEYS[0])
RECORD = "abcdefghijklmnopqrstuvwxyz234567"
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
MEMBER = VALUES | st.sampled_from(["", "1", "2", "3", PROVIDER, OTHER, RECORD]) | JSON
OBJECTS = st.dictionaries(
    st.sampled_from([*aigc.KEYS, "AIGC", "More", "ServiceProvider"]), MEMBER, min_size=1, max_size=8
)
WILD = st.one_of(
    OBJECTS,
    OBJECTS.map(lambda value: {"AIGC": value}),
    OBJECTS.map(lambda value: {"AIGC": json.dumps(value)}),
    OBJECTS.map(json.dumps),
)


@given(WILD, st.sampled_from(["", "AIGC", " \ufeff"]))
@settings(max_examples=200, deadline=None)
def test_what_stands_in_a_file_is_kept_or_refused(value: Any, before: str) -> None:
    with suppress(AnswerableError):
        found = aigc.read(before + json.dumps(value))
        settled = settle((found,), provider=PROVIDER, record=RECORD, key=KEYS[0])
        members = msgspec.structs.asdict(found.aigc)
        written = msgspec.structs.asdict(settled.aigc)
        if settled.role is Role.PROPAGATOR:
            assert all(members[name] == written[name] for name in ("label", "content_producer", "produce_id"))
            assert members["reserved_code1"] == written["reserved_code1"]
            assert not members["content_propagator"]
            assert (written["propagate_id"], settled.aigc.content_propagator[22:23]) == (RECORD, "2")
        else:
            assert all(members[name] == written[name] for name in members if name != "reserved_code1")
        assert aigc.read(aigc.write(settled.aigc)) == aigc.Found(settled.aigc)


@given(JSON | OBJECTS)
@settings(max_examples=200, deadline=None)
def test_reserved_codes_of_any_shape(value: Any) -> None:
    code = value if isinstance(value, str) else json.dumps(value)
    nested = json.dumps({"SecurityData": {"Type": "TC260PG", "Version": 1, "PubSD": value}})
    for text in (code, nested):
        stands = AIGC("1", PROVIDER, RECORD, text, OTHER, RECORD, text)
        assert signature.check(stands).state in (State.OPAQUE, State.BAD, State.UNSIGNED)
        assert signature.check_propagation(stands).state in (State.OPAQUE, State.BAD, State.UNSIGNED)


@given(st.sampled_from(KEYS), st.sampled_from(aigc.KINDS), VALUES.filter(bool), st.integers(0, 2), VALUES.filter(bool))
@example(KEYS[0], "1", '"', 0, "0")
@example(KEYS[0], "1", "0", 0, '"')
@settings(max_examples=20, deadline=None)
def test_a_signature_holds_over_its_members_alone(
    key: LabelKey, kind: str, record: str, place: int, other: str
) -> None:
    made = signature.sign(AIGC(kind, PROVIDER, record), key)
    pinned = {signature.public_info(key): PARTY}
    # With a quotation mark in a member, what was signed can be read in more than one way: nobody signed that.
    assert str(signature.check(made, pinned)) == ("opaque" if '"' in record else f"signed:{PARTY}")
    member = ("label", "content_producer", "produce_id")[place]
    changed = msgspec.structs.replace(made, **{member: other})
    if changed != made:
        marks = '"' in changed.label + changed.content_producer + changed.produce_id
        assert signature.check(changed, pinned).state is (State.OPAQUE if marks else State.BAD)


@given(WILD)
@settings(max_examples=100, deadline=None)
def test_a_file_with_any_label_comes_out_with_one_or_not_at_all(value: Any) -> None:
    source = BytesIO()
    detect(BytesIO(picture())).write(BytesIO(picture()), source, json.dumps(value))
    read_label(source.getvalue())
    with suppress(AnswerableError):
        done = label(source.getvalue(), by=BY, record=RECORD)
        assert done.data is not None
        found = read_label(done.data)
        assert (found.aigc, found.layer("aigc").problems) == (done.aigc, ())
        assert found.verdict in (Reading.LABELLED, Reading.INCONSISTENT)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_file(data: bytes) -> None:
    read_label(data)
    with suppress(AnswerableError):
        label(data, by=BY, record=RECORD)
