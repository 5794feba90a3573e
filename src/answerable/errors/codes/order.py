# SPDX-License-Identifier: Apache-2.0
"""Stop orders and receipts on their way between registry and holders."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "order.malformed": Entry(
        "This is not a well-formed order message: {detail}.",
        "这不是格式正确的命令消息：{detail}。",
        "Fetch it again from the registry or from another holder; what a carrier changed is not read.",
        "请从登记处或其他持有者重新获取；被传递者改动过的消息不予读取。",
        http=400,
    ),
    "order.untrusted": Entry(
        "Nobody whose key is pinned here signed this order message.",
        "该命令消息未由此处固定的任何密钥签名。",
        "Pin the registry's issuer, its officers or an authority; or ask who sends such messages.",
        "请固定登记处签发者、责任官员或监管机构的密钥；或查明该消息的发送者。",
    ),
    "order.origin": Entry(
        "The message belongs to another log than {origin}.",
        "该消息属于另一日志，而非 {origin}。",
        "Send it to the holders of its own registry.",
        "请将其发送至所属登记处的持有者。",
    ),
    "order.subject": Entry(
        "The message does not show the registration that the order's root names, and no issuer vouches for it.",
        "该消息未附命令所指根系统的登记记录，也没有签发者为其担保。",
        "Send the leaf of the root system along with it.",
        "请随消息附上根系统的登记叶。",
        http=400,
    ),
    "order.full": Entry(
        "The officers who signed this order have {limit} in force past the registry here; no more of theirs is taken.",
        "签署该命令的责任官员在此处已有 {limit} 道绕过登记处的有效命令；不再接受更多。",
        "Give the order to the registry, or release earlier ones. What the registry or an authority orders is taken.",
        "请将命令提交至登记处，或解除先前的命令。登记处或监管机构的命令照常接受。",
        http=429,
    ),
    "order.receipt": Entry(
        "This is not a receipt by the holder that it names: {detail}.",
        "这不是其所称持有者的回执：{detail}。",
        "The holder signs its receipt again with the key of its copy.",
        "请由持有者以其运行副本的密钥重新签署回执。",
        http=400,
    ),
    "order.backwards": Entry(
        "A stop goes forward only: {old} is not followed by {new}.",
        "终止过程只能向前：{old} 之后不能是 {new}。",
        "Nothing is to be done; a holder that stopped stays stopped.",
        "无需处理；已终止的持有者保持终止。",
    ),
}
