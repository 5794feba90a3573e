# SPDX-License-Identifier: Apache-2.0
"""What people are asked to agree to, and what the log says was planted, as fuzz targets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from answerable.cli import exactly
from answerable.log.leaf import decode
from answerable.model.leaves import ApprovalLeaf
from answerable.tools import exact, planted, votes


def _calls(data: bytes) -> None:
    """A call that is taken has one text, is shown as it is, and is another one with other arguments."""
    call = exact.read(data)
    for line in exactly.lines(call, call):
        assert line.isprintable()
    assert json.loads("\n".join(exactly.pretty(call["arguments"]))) == call["arguments"]
    assert exact.with_arguments(data, {"a": 1}) != data or call["arguments"] == {"a": 1}
    exact.request(data)


def _votes(data: bytes) -> None:
    leaf = decode(data)
    if isinstance(leaf, ApprovalLeaf):
        votes.needs(leaf)


HOLD_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "hold_call": _calls,
    "hold_kind": lambda data: planted.says_planted(data.decode("utf-8", "replace")),
    "hold_vote": _votes,
}
