# SPDX-License-Identifier: Apache-2.0
"""What was reserved for an answer is what the model is told that it may use: nobody overruns a budget by saying no
limit (`docs/spec/budgets.md`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from answerable.ports import Reservation
from answerable.tools.wanted import LIMITS, limit_of


def limited(request: dict[str, Any], names: Sequence[str], reserved: Reservation | None) -> dict[str, Any]:
    """The request with a limit of tokens where it has none that counts; itself where no budget counts tokens. names:
    the members that limit an answer at its endpoint, none where tokens are not what it makes."""
    most = reserved.ceiling if reserved is not None else 0
    if not most or not names:
        return request
    # A server may know a member of another one's, and read -1 there as "without end": llama.cpp does.
    changed = {name for name in LIMITS if request.get(name) is not None and not limit_of(request[name])}
    if all(request.get(name) is None for name in names):
        changed.add(names[0])
    return {**request, **dict.fromkeys(sorted(changed), most)} if changed else request
