# SPDX-License-Identifier: Apache-2.0
"""Stop orders and what they refuse."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "stop.system": Entry(
        "This system or one that it descends from was stopped by order {order}.",
        "该系统或其上游系统已被终止令 {order} 停止。",
        "A stop is not undone; ask the officers about a reauthorisation under a new system id.",
        "终止不可撤销；如需恢复，请由责任官员以新的系统编号重新授权。",
    ),
}
