# SPDX-License-Identifier: Apache-2.0
"""What a model server, a tool server or an engine did wrong: `answerable.upstreams`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "not a copy leaf": "不是运行副本叶子",
    "not a receipt": "不是回执",
    "not a challenge": "不是质询",
    "a token that says nothing": "某 token 没有内容",
    "the engine's answer": "引擎的应答",
    "no probabilities": "没有概率",
    "no answer within {} s": "{0} 秒内没有应答",
    "no score": "没有得分",
    "no detail": "没有详情",
    "no reason given": "未给出原因",
    "the child ended without a word": "子进程未作说明即已结束",
    "neither uv nor pip is installed": "uv 与 pip 均未安装",
    # Tool servers
    "x-mcp-header where it must not stand": "x-mcp-header 出现在不应出现的位置",
    "an answer to nothing that was asked": "收到未曾请求的应答",
    "another content type than was asked for": "内容类型与请求的不同",
    "a value that no header can hold": "请求头无法容纳该值",
    "a list that could not be read": "列表无法读取",
    "not a tool's name and its arguments": "不是工具名称及其参数",
    "no JSON-RPC message": "不是 JSON-RPC 消息",
    "a message of another JSON-RPC": "消息属于其他版本的 JSON-RPC",
    "a message that asks and answers": "消息既是请求又是应答",
    "no revision of the protocol that both speak": "双方没有共同支持的协议版本",
    "more than {} tools": "工具超过 {0} 个",
    "definitions of more than {} bytes": "定义超过 {0} 字节",
    "a cursor without end": "游标过长",
    "a list without end": "列表没有尽头",
    "no list of its tools ({})": "未返回工具列表（{0}）",
    "no list of its tools": "未返回工具列表",
    "an id without end": "id 过长",
    "an error where a result must be ({})": "应返回结果却返回了错误（{0}）",
    "a flood": "输出过多",
    "servers.{}.command: not a program by its full path": "servers.{0}.command：不是以完整路径给出的程序",
    "lines that are no messages": "有不是消息的行",
}
