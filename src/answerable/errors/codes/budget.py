# SPDX-License-Identifier: Apache-2.0
"""Budgets: what may be used in a window of time."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "budget.spent": Entry(
        "The call may use {wanted}; of the budget {budget} there is {left} left.",
        "该调用最多可能使用 {wanted}；预算 {budget} 仅剩 {left}。",
        "Ask for less, or wait: enough is free again at {frees}. `answerable budgets ls` shows every budget.",
        "请减少用量或等待：{frees} 起将有足够余量。`answerable budgets ls` 可查看全部预算。",
    ),
    "budget.untold": Entry(
        "The arguments do not say how much the call may use: {pointer} is no amount.",
        "参数未说明该调用最多使用多少：{pointer} 不是数量。",
        "Give the amount there, as a number or a plain decimal that is not below zero.",
        "请在该处给出数量：不小于零的数字或十进制数。",
    ),
    "budget.uncounted": Entry(
        "The warrant has a budget, and this gateway counts none.",
        "该许可带有预算，而本网关不统计预算。",
        "Call through the gateway of the registry itself.",
        "请通过登记处自身的网关调用。",
    ),
}
