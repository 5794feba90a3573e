# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.log.leaf import decode
from answerable.log.leaf import rid as rid_of
from answerable.model.leaves import AttestationLeaf, ToolLeaf
from answerable.model.units import Space
from answerable.registry.book import Book
from answerable.sequencer import replay_tools
from answerable.tools import attestations, registry
from tests.small_registry import DOMAIN
from tests.small_tools import LOOK_UP, PAY, PAYS, WEATHER, Desk


def test_the_rows_come_back_from_the_leaves_byte_for_byte() -> None:
    desk = Desk()
    desk.take(WEATHER, PAYS)
    desk.classify(LOOK_UP, WEATHER)
    desk.classify(PAY, PAYS)
    gone = registry.WithdrawTool(tool="desk/weather")
    desk.registry.commit(registry.withdraw(desk.book, gone, desk.registry.now, by=desk.by))  # type: ignore[arg-type]
    told = Book(DOMAIN)
    for data in desk.registry.leaves:
        leaf = decode(data)
        if isinstance(leaf, ToolLeaf):
            told.apply(replay_tools.tool(told, leaf, rid_of(data)))
    assert dict(told.rows(Space.TOOLS)) == dict(desk.book.rows(Space.TOOLS))
    assert len(dict(told.rows(Space.TOOLS))) == 2


def test_a_word_about_what_nobody_imported() -> None:
    desk = Desk()
    desk.take(WEATHER)
    desk.classify(LOOK_UP, WEATHER)
    last = decode(desk.registry.leaves[-1])
    assert isinstance(last, ToolLeaf)
    with pytest.raises(ValueError):
        replay_tools.tool(Book(DOMAIN), last, "r")


def test_attestations_of_systems_have_rows_and_those_of_tools_none() -> None:
    leaf = AttestationLeaf(by="b", dig="sha256:" + "0" * 64, dsse="0" * 64, exp=9, n="n", pt="urn:x", sys="s", t=1)
    (put,) = replay_tools.attestation(leaf, "r")
    assert (put.space, put.key) == (Space.ATTESTATIONS, "s:urn:x")
    assert replay_tools.attestation(msgspec.structs.replace(leaf, pt=attestations.TOOL), "r") == []
    assert replay_tools.attestation(msgspec.structs.replace(leaf, sys=msgspec.UNSET), "r") == []
