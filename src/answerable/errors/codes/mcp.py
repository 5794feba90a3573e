# SPDX-License-Identifier: Apache-2.0
"""Messages of the Model Context Protocol."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "mcp.message": Entry(
        "The request's body is not one JSON-RPC 2.0 message: {detail}.",
        "请求体不是一条 JSON-RPC 2.0 消息：{detail}。",
        "Send each message of its own, with the members that the protocol names and no others.",
        "请逐条发送消息，且仅使用协议所列的字段。",
        http=400,
    ),
    "mcp.params": Entry(
        "In the message, {param} must be {expected}.",
        "消息中的 {param} 必须是：{expected}。",
        "Correct {param}; see the schema of the protocol's revision.",
        "请修正 {param}；参见该协议版本的 schema。",
        http=400,
    ),
    "mcp.method": Entry(
        "This method is not offered: the gateway serves tools alone.",
        "不提供该方法：网关只提供工具。",
        "Use {offered}.",
        "请使用 {offered}。",
        http=404,
    ),
    "mcp.version": Entry(
        "Revision {requested} of the protocol is not spoken here.",
        "此处不支持协议版本 {requested}。",
        "Use one of {supported}, and name it in MCP-Protocol-Version.",
        "请使用 {supported} 之一，并在 MCP-Protocol-Version 中注明。",
        http=400,
    ),
    "mcp.mismatch": Entry(
        "The header {header} and the message do not agree: it must be {expected}.",
        "请求头 {header} 与消息不一致：其值应为：{expected}。",
        "Send the same in both; whoever routes on the one must see what is done with the other.",
        "请使两者一致：按请求头转发者与按消息执行者所见必须相同。",
        http=400,
    ),
    "mcp.session": Entry(
        "There is no such session of this caller.",
        "该调用方没有此会话。",
        "Begin another one with initialize, or call without a session.",
        "请用 initialize 开始新的会话，或不带会话调用。",
        http=404,
    ),
    "mcp.no_such_call": Entry(
        "There is no held call of this caller under that id.",
        "该调用方在此编号下没有待审批的调用。",
        "Use the id that the pending answer gave, or call the tool itself again.",
        "请使用待审批应答给出的编号，或重新调用该工具。",
        http=404,
        exit=3,
    ),
}
