# SPDX-License-Identifier: Apache-2.0
"""Incidents, their reports and the clocks of law."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "incident.unknown": Entry(
        "There is no incident and no stop order {incident}.",
        "不存在事件或终止令 {incident}。",
        "`answerable incidents ls` lists them.",
        "用 `answerable incidents ls` 查看。",
        http=404,
        exit=3,
    ),
    "incident.regime": Entry(
        "There is no reporting regime {regime}.",
        "不存在报告制度 {regime}。",
        "One of: {known}.",
        "可选：{known}。",
        http=404,
        exit=3,
    ),
    "incident.harm": Entry(
        "{harm} is no kind of harm that a regime knows.",
        "{harm} 不是任何报告制度所列的损害类别。",
        "One of: {known}.",
        "可选：{known}。",
        http=400,
        exit=2,
    ),
    "incident.due": Entry(
        "A report under {clock} is due at {due}.",
        "{clock} 项下的报告须于 {due} 前提交。",
        "`answerable incidents report` makes its form; `answerable incidents filed` says that it was handed in.",
        "用 `answerable incidents report` 生成表单，提交后用 `answerable incidents filed` 登记。",
    ),
    "incident.overdue": Entry(
        "A report under {clock} was due at {due} and is not known to be handed in.",
        "{clock} 项下的报告应于 {due} 前提交，尚无提交记录。",
        "Hand it in now, and say so with `answerable incidents filed`.",
        "请立即提交，并用 `answerable incidents filed` 登记。",
    ),
}
