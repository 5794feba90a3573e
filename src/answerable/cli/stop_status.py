# SPDX-License-Identifier: Apache-2.0
"""`stop --status` and `stop --wait`: who confirmed an order, whose last warrant has ended, and who is left, until that
is nobody. What is in other hands stands apart and is added to nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, Final

from answerable.cli.talk import emit, pick, say, when

EVERY_S: Final = 0.5
LONGEST_S: Final = 900.0  # three times the longest life of a warrant
NAMED: Final = 12  # copies that are named on a terminal
UNKNOWN: Final = 4  # exit status: neither yes nor no


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--status", metavar="ORDER", help="how far an order has come; exit status 0 when nobody is left"
    )
    parser.add_argument(
        "--wait",
        type=float,
        nargs="?",
        const=LONGEST_S,
        metavar="SECONDS",
        help=f"follow until nobody is left, {LONGEST_S:g} s at most if not told",
    )


def status(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.VIEWER)
    told = follow(here, args.status, args.wait or 0.0)
    emit(args, told, lines(told))
    return 0 if told["unknown"] == 0 else UNKNOWN


def follow(
    here: Any,
    order: str,
    seconds: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """What is known of the order once nobody is left, or after so long. Each change is told on stderr meanwhile."""
    from answerable.cli.session import part

    ends, before = now() + seconds, None
    while True:
        told: dict[str, Any] = here.get(f"/stops/told/{part(order)}")
        count = (told["confirmed"], told["expired"], told["unknown"])
        if seconds and count != before:
            say(short(told), short(told))
        before = count
        if not told["unknown"] or now() >= ends:
            return told
        sleep(min(EVERY_S, max(0.0, ends - now())))


def short(told: dict[str, Any]) -> str:
    """One line."""
    ago = f"{(told['now'] - told['at']) / 1000:.1f}"
    return pick(
        f"after {ago} s: {told['confirmed']} confirmed, {told['expired']} expired, {told['unknown']} unknown "
        f"of {told['copies']}",
        f"{ago} 秒后：{told['copies']} 个副本中已确认 {told['confirmed']}，已到期 {told['expired']}，"
        f"未知 {told['unknown']}",
    )


def lines(told: dict[str, Any]) -> list[str]:
    """For people; ring by ring."""
    found = [
        pick(
            f"Order {told['order']} ({told['kind']}), {short(told)}",
            f"命令 {told['order']}（{told['kind']}），{short(told)}",
        ),
        pick(
            f"  A, under warrants: {told['confirmed']} confirmed by signed receipts, {told['expired']} expired without "
            f"a word, {told['unknown']} unknown",
            f"  A 受许可约束：{told['confirmed']} 个以签名回执确认，{told['expired']} 个无回执但许可已到期，"
            f"{told['unknown']} 个未知",
        ),
    ]
    found += [f"    {each['id']} {each['state'] or '-'} <= {when(each['until'])}" for each in told["left"][:NAMED]]
    if len(told["left"]) > NAMED:
        found.append(f"    +{told['unknown'] - NAMED}")
    found += [
        f"  {pick('gateway', '网关')} {each['name']}: {each['state'] or pick('no word', '无回音')}"
        for each in told["gateways"]
    ]
    if told["last"]:
        found.append(pick(f"  last action told of: {when(told['last'])}", f"  所报告的最后行为：{when(told['last'])}"))
    found += [
        pick(
            f"  VIOLATION: {each['holder']} acted at {when(each['last'])}, after the bound",
            f"  违反：{each['holder']} 于 {when(each['last'])} 仍有行为，已超出时限",
        )
        for each in told["violations"]
    ]
    ring_b, ring_c = told["ring_b"], told["ring_c"]
    found.append(
        pick(
            f"  B, loaders elsewhere that ask for our list ({ring_b['digests']} digests on it): they are not counted",
            f"  B 查询名单的外部加载方（名单含 {ring_b['digests']} 个摘要）：不作计数",
        )
    )
    found.append(
        pick(
            f"  C, weights in other hands ({ring_c['systems']} systems given out under a licence): no claim",
            f"  C 他人手中的权重（{ring_c['systems']} 个系统已按许可证发布）：不作任何主张",
        )
    )
    return found
