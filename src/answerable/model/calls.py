# SPDX-License-Identifier: Apache-2.0
"""A call that must not run twice, as a row of `Space.CALLS` (`docs/spec/calls.md`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

# Extension of an open leaf of a tool call: which tool, by which definition (`docs/spec/leaves.md`).
TOOL: Final = "answerable.tool"
# Extension of the close leaf of a call that has a key: whether it ran. Left out where it did.
RAN: Final = "answerable.ran"
# Group of the payload of an open leaf that tells the key: `docs/spec/calls.md`.
CONTEXT: Final = "ctx"


class CallState(StrEnum):
    BEGUN = "begun"  # its open leaf stands; under way, or nobody saw its end
    DONE = "done"  # it ran, and what it answered stands in its record
    UNKNOWN = "unknown"  # it was sent, and nobody knows whether it ran


class Call(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Row under the key of a call. record: rid of its open leaf; until: ms UTC, from when the same call is another one
    (a call whose end is not known counts until a person settles it); settled: rid of the settle leaf, "" for none;
    system: rid of whose call it is, "" in rows of before shares were counted. Short, for there is one for each call of
    a day."""

    record: str
    state: CallState
    since: int
    until: int
    settled: str = ""
    system: str = ""


class Verdict(StrEnum):
    """What a person says of a call whose end nobody saw: the `st` of a settle leaf."""

    DONE = "done"  # it ran: the same call is not run again
    UNDONE = "undone"  # it did not run: the same call may run
