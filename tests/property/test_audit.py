# SPDX-License-Identifier: Apache-2.0
"""The monitor's rules on logs that an adversary wrote: well-formed leaves with any values, and bytes that are none.
They find what they find, and raise nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, structs

from answerable.errors import VerificationError
from answerable.log.leaf import MAX_LEAF, encode
from answerable.model.leaves import Leaf
from answerable.tiles.state import Stand, State
from answerable.verify.audit.auditor import Auditor
from answerable.verify.audit.facts import Held
from tests.small_log import ORIGIN, T0, a_rid, every_kind
from tests.watched import honest

HONEST = honest()
KINDS = every_kind()
WORDS = st.sampled_from(
    [
        "", "x", "é\u2028", "a" * 32, "end", "start", "lineage", "system", "copy", "party", "world", "all", "suspend",
        "terminate", "permit", "refuse", "hold", "done", "physical", "information", "log", "0" * 64, ORIGIN,
        a_rid("some"), *HONEST.rids.values(),
    ]
)  # fmt: skip
NUMBERS = st.one_of(st.integers(0, 4), st.integers(0, 2**53 - 1), st.integers(T0 - 10**6, T0 + 10**6))
EXTENSIONS = st.one_of(
    st.just(UNSET),
    st.dictionaries(
        st.sampled_from(["answerable.sig", "answerable.sigs", "a"]),
        st.recursive(
            st.one_of(st.none(), st.booleans(), WORDS, NUMBERS),
            lambda each: st.one_of(st.lists(each, max_size=3), st.dictionaries(st.sampled_from(["key", "sig"]), each)),
            max_leaves=4,
        ),
    ),
)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A leaf of some kind with some of its members set to other values of their type."""
    leaf: Leaf = draw(st.sampled_from(KINDS))
    changes: dict[str, Any] = {}
    for name in leaf.__struct_fields__:
        value = getattr(leaf, name)
        if name in ("k", "v") or draw(st.booleans()):
            continue
        if name == "x":
            changes[name] = draw(EXTENSIONS)
        elif isinstance(value, bool):
            changes[name] = draw(st.booleans())
        elif isinstance(value, str):
            changes[name] = draw(WORDS)
        elif isinstance(value, int):
            changes[name] = draw(NUMBERS)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            changes[name] = draw(st.lists(WORDS, max_size=3))
        elif isinstance(value, list):
            changes[name] = value * draw(st.integers(0, 2))
    try:
        return encode(structs.replace(leaf, **changes), limit=MAX_LEAF)
    except VerificationError:
        return b"not to be written"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(changed(), st.binary(max_size=40), st.sampled_from(HONEST.leaves)), max_size=12), NUMBERS)
def test_nothing_is_raised_and_where_it_is_kept_makes_no_difference(leaves: list[bytes], now: int) -> None:
    state = State(None)
    try:
        held, kept = Auditor(Held(), ORIGIN), Auditor(state, ORIGIN)
        whole = [*HONEST.leaves, *leaves]
        found = [*held.feed(0, whole, now), *held.settle(now)]
        again = []
        for at in range(0, len(whole), 5):
            again += kept.feed(at, whole[at : at + 5], now)
            state.commit(Stand(carried=kept.carried))
            kept = Auditor(state, ORIGIN, carried=state.stand.carried)  # as after a restart
        assert [*again, *kept.settle(now)] == found
        for finding in found:
            assert finding.as_dict()["reason_zh"]
    finally:
        state.close()
