# SPDX-License-Identifier: Apache-2.0
"""`log retention`: how long what was said is kept, by which rules, and how much is kept now."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from answerable.cli.parser import NewVerb
from answerable.cli.talk import emit, pick, table, when

CONDITIONS = ("act", "audience", "data_class", "world", "party", "system", "tier")


def add(new_verb: NewVerb) -> None:
    new_verb("retention", "how long what was said is kept, and how much is").set_defaults(run=retention)


def retention(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/retention")
    emit(args, found, lines(found))
    return 0


def lines(found: dict[str, Any]) -> Iterator[str]:
    for number, rule in enumerate(found["rules"], 1):
        told = [f"{name} {rule[name]}" for name in CONDITIONS if rule[name]]
        yield pick(f"rule {number}: ", f"规则 {number}：") + f"{', '.join(told) or '*'}: {_days(rule['days'])}"
    yield pick("otherwise: ", "其余：") + _days(found["default"])
    head = [pick("UNTIL", "保存至"), pick("PAYLOADS", "内容项"), pick("BYTES", "字节"), ""]
    rows = [
        [
            when(day["until"]) if day["until"] else pick("lasting", "长期"),
            str(day["payloads"]),
            str(day["bytes"]),
            pick("overdue, under a legal hold", "已到期，处于法律保全") if day["overdue"] else "",
        ]
        for day in found["kept"]
    ]
    yield from table(head, rows)
    yield pick(
        f"erased: {found['erased']}, not yet gone: {found['unfinished']}, legal holds: {len(found['holds'])}",
        f"已删除：{found['erased']}，尚未清除：{found['unfinished']}，法律保全：{len(found['holds'])}",
    )


def _days(days: int) -> str:
    return pick(f"{days} days", f"{days} 天") if days else pick("not kept", "不保存")
