# SPDX-License-Identifier: Apache-2.0
"""Clocks that a bound may not be counted on."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "clock.unsynchronised": Entry(
        "This machine's clock is not synchronised ({detail}), so no lease is counted on it.",
        "本机时钟未同步（{detail}），因此不据其计算租约。",
        'Run an NTP client (chrony, ntpd, systemd-timesyncd); or set clock = "same-host" on the issuer\'s own machine.',
        '请运行 NTP 客户端（chrony、ntpd、systemd-timesyncd）；若与签发者同机，请设置 clock = "same-host"。',
        exit=4,
    ),
    "clock.stepped": Entry(
        "The clock was stepped by {ms} ms; leases that were counted on it are over.",
        "时钟发生 {ms} 毫秒的跳变；据其计算的租约已失效。",
        "Nothing is to be done: the next warrant and pulse are counted anew.",
        "无需处理：下一份许可与脉冲将重新计算。",
    ),
}
