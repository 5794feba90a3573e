# SPDX-License-Identifier: Apache-2.0
"""The facts of told events: each kind has its own term, and what is not of the form is not read."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from answerable.model import events


def test_each_kind_has_a_term_of_its_own() -> None:
    terms = [str(kind.__struct_config__.tag) for kind in get_args(events.Told)]
    assert len(set(terms)) == len(terms) >= 20
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", term) for term in terms)
    assert set(get_args(events.Told)) == set(events.Fact.__subclasses__())


def test_a_fact_is_read_as_what_it_is() -> None:
    fact = events.ClockStepped(ms=-5_000, limit=1_000)
    assert events.read(msgspec.json.encode(fact)) == fact
    assert events.what(fact) == "clock.stepped"


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[]", b'{"what":"unheard.of"}', b'{"what":"alive.unleased"}', b'{"what":"alive.unleased","ms":-1}',
        b'{"what":"alive.unleased","ms":1,"more":2}', b'{"what":"device.unsafe","why":"mood"}', b"\xff",
        b'{"what":"effect.seen","sink":"\x89"}',
        b'{"what":"effect.seen","sink":"' + b"x" * 513 + b'"}',
    ],
)  # fmt: skip
def test_what_is_not_of_the_form(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        events.read(body)
