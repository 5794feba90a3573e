# SPDX-License-Identifier: Apache-2.0
"""Pages of the authorities' feed are a stranger's bytes: whatever they are, the answer is a page or our error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.crypto import canonical, dsse
from answerable.crypto.b64 import unb64
from answerable.errors import VerificationError
from answerable.privacy import feed
from answerable.privacy.feed import Cursor
from tests.small_feed import small_feed
from tests.small_log import key

MADE = small_feed()
TRUST = MADE.log.trust
BODY = canonical.loads(unb64(canonical.loads(MADE.pages[0])["payload"]))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def refused(data: bytes, cursor: Cursor = Cursor()) -> None:  # noqa: B008  # frozen
    try:
        feed.verify(data, TRUST, cursor)
    except VerificationError:
        return
    raise AssertionError("taken")


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    refused(data)


@given(st.integers(0, len(MADE.pages[0]) - 1), st.binary(max_size=3), st.integers(0, 5))
@settings(max_examples=200)
def test_a_page_with_something_else_in_it(at: int, put: bytes, gone: int) -> None:
    data = MADE.pages[0][:at] + put + MADE.pages[0][at + gone :]
    if data != MADE.pages[0]:
        refused(data)


@given(st.sampled_from([*BODY, "other"]), ODD)
@settings(max_examples=200)
def test_a_signed_page_with_another_member(name: str, value: Any) -> None:
    """Signed by the right key: what a broken or hostile operator could send."""
    changed = {**BODY, name: value}
    if changed == BODY or name == "t":
        return
    refused(dsse.sign(feed.PAYLOAD_TYPE, canonical.dumps(changed), key("feed"), MADE.kid))


@given(st.integers(0, 20), st.sampled_from(["index", "leaf", "path"]), ODD)
def test_a_signed_page_with_another_entry(which: int, member: str, value: Any) -> None:
    entries = json.loads(json.dumps(BODY["entries"]))
    entry = entries[which % len(entries)]
    if entry[member] == value:
        return
    entry[member] = value
    refused(dsse.sign(feed.PAYLOAD_TYPE, canonical.dumps({**BODY, "entries": entries}), key("feed"), MADE.kid))
