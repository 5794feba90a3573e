# SPDX-License-Identifier: Apache-2.0
"""Handles that do not let in, or cannot be issued."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "handle.unknown": Entry(
        "The handle is not one that this gateway issued.",
        "该句柄并非由本网关签发。",
        "Issue one with `answerable handles issue`, or check that it was copied whole.",
        "请用 `answerable handles issue` 签发，或检查是否完整复制。",
        http=401,
        exit=3,
    ),
    "handle.revoked": Entry(
        "The handle was revoked.",
        "该句柄已被撤销。",
        "Issue a new one with `answerable handles issue`.",
        "请用 `answerable handles issue` 重新签发。",
        http=401,
    ),
    "handle.expired": Entry(
        "The handle has expired.",
        "该句柄已过期。",
        "Issue a new one with `answerable handles issue`.",
        "请用 `answerable handles issue` 重新签发。",
        http=401,
    ),
    "handle.elsewhere": Entry(
        "The handle was used from a place that it is not bound to.",
        "该句柄的使用位置与其绑定不符。",
        "Use it where it was issued for, or issue one bound to this place.",
        "请在其绑定的位置使用，或签发绑定到当前位置的句柄。",
    ),
    "handle.binding": Entry(
        "{binding} is not a binding: use unix or cidr:<network>.",
        "{binding} 不是有效的绑定：请使用 unix 或 cidr:<网段>。",
        "Bind the handle to the narrowest place that its client calls from.",
        "请将句柄绑定到其客户端调用的最小范围。",
        exit=2,
    ),
    "handle.certificate": Entry(
        "No handle is issued that is bound to a client certificate: this gateway does not ask for one.",
        "不签发绑定到客户端证书的句柄：本网关不要求客户端证书。",
        "Set gateway.tls_certificate and gateway.client_certificates, or bind it to `unix` or a `cidr:<network>`.",
        "请设置 gateway.tls_certificate 与 gateway.client_certificates，或改为绑定到 `unix` 或 `cidr:<网段>`。",
        exit=2,
    ),
    "handle.tier": Entry(
        "A system of tier {tier} cannot be used through a handle.",
        "{tier} 级系统不能通过句柄使用。",
        "Run it behind a guard, which holds its warrant for it.",
        "请在守护程序下运行，由其保管许可。",
    ),
    "handle.life": Entry(
        "A handle lives between a minute and {days} days.",
        "句柄的有效期须在一分钟至 {days} 天之间。",
        "Choose a shorter life, and issue a new one when it ends.",
        "请选择较短的有效期，到期后重新签发。",
        exit=2,
    ),
    "handle.issuer": Entry(
        "{admin} is not an operator or administrator in office.",
        "{admin} 不是在任的操作员或管理员。",
        "Ask an operator or administrator to do it.",
        "请由操作员或管理员办理。",
    ),
}
