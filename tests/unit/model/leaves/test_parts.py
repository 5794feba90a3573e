# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec
import pytest

from answerable.model.leaves.parts import Code, Int, Leaf, Part


def test_these_are_the_objects_and_their_members() -> None:
    own = [part for part in Part.__subclasses__() if part.__module__ == Part.__module__]
    there = {part.__name__: [f.encode_name for f in msgspec.structs.fields(part)] for part in own}
    assert {name: " ".join(members) for name, members in there.items()} == {
        "Commitments": "ctx evidence in name out reason",
        "PartyRef": "rid role",
        "EdgeRef": "p rel",
        "ComputeRef": "mjk pf",
        "OpaqueRef": "endpoint filing model probe provider version",
        "Sig": "key sig",
        "OfficerRef": "key own pub",
        "AuthorityRef": "keys name need",
        "RootsRef": "keys need",
        "Usage": "cost cur in mj mjk ms out",
    }


@pytest.mark.parametrize("number", [-1, 2**53, 1.5, True])
def test_numbers_are_those_that_every_reader_of_json_holds(number: object) -> None:
    assert msgspec.convert(2**53 - 1, Int) == 2**53 - 1
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(number, Int)


@pytest.mark.parametrize("code", ["", "ü", "a b", "a\n"])
def test_a_code_is_printable_ascii(code: str) -> None:
    assert msgspec.convert("stop.system", Code) == "stop.system"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(code, Code)


def test_the_base_declares_no_member() -> None:
    assert msgspec.structs.fields(Leaf) == (), "a member here would stand first in every leaf"
