# SPDX-License-Identifier: Apache-2.0
"""Refusals of a call that was made before."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "call.unknown": Entry(
        "The same call was sent before, under the record {record}, and nobody knows whether it ran.",
        "同一调用此前已发出（记录 {record}），其是否执行无人知晓。",
        "Have a person look at the tool's own system and say so: "
        "`answerable calls settle {record} --outcome done|undone`."
        " A second call that is wanted carries an idempotency key of its own.",
        "请由人员查看该工具自身的系统后说明："
        "`answerable calls settle {record} --outcome done|undone`。如确需再次调用，请附上新的幂等键。",
    ),
    "call.done": Entry(
        "The same call ran before, under the record {record}; what it answered is not kept.",
        "同一调用此前已执行（记录 {record}），其结果未予保存。",
        "Look at the record. A second call that is wanted carries an idempotency key of its own.",
        "请查看该记录。如确需再次调用，请附上新的幂等键。",
    ),
    "call.full": Entry(
        "More calls count as not to be repeated than are kept: {most}.",
        "须防重复的调用数量已达上限 {most}。",
        "Wait until the oldest end, or shorten `idempotency_s` of the tools that are called most.",
        "请等待最早的记录到期，或缩短调用最频繁的工具的 `idempotency_s`。",
        http=503,
        exit=4,
    ),
    "call.share": Entry(
        "This system and its family have {most} calls that count as not to be repeated: their whole share.",
        "该系统及其同源系统须防重复的调用已达共同份额上限 {most} 个。",
        "Wait until the oldest end, settle those whose end nobody saw (`answerable calls ls`), and send calls that only"
        " read without an idempotency key.",
        "请等待最早的记录到期，裁定结局不明的调用（`answerable calls ls`），只读调用请勿附幂等键。",
        http=429,
    ),
    "call.absent": Entry(
        "No call of that record waits to be settled.",
        "没有以该记录编号等待裁定的调用。",
        "`answerable calls ls` shows those that do.",
        "请用 `answerable calls ls` 查看等待裁定的调用。",
        http=404,
        exit=3,
    ),
    "call.running": Entry(
        "The call is still under way.",
        "该调用仍在进行中。",
        "Settle it when it has ended and its end is not known.",
        "请在其结束且结局不明时再行裁定。",
        exit=5,
    ),
    "call.malformed": Entry(
        "The statement about a call cannot be taken: {detail}.",
        "关于调用的声明无法受理：{detail}。",
        "Make it with `answerable calls settle`.",
        "请用 `answerable calls settle` 生成。",
        exit=2,
    ),
    "call.signer": Entry(
        "The key {key} is not that of an operator, approver, officer or administrator in office.",
        "密钥 {key} 不属于在任的操作员、审批人、责任官员或管理员。",
        "Sign with the key of a person who holds one of these roles.",
        "请由担任上述角色之一的人员签名。",
    ),
    "call.own": Entry(
        "{person} answers for the system that made the call, and does not say that it never ran.",
        "{person} 是发出该调用的系统的责任主体，不得声明该调用未曾执行。",
        "Let somebody else look at the tool's own system and settle it.",
        "请由他人查看该工具自身的系统后作出裁定。",
    ),
    "call.signature": Entry(
        "The signature of {key} is not over this statement.",
        "{key} 的签名与此声明不符。",
        "Sign the statement again.",
        "请重新签署该声明。",
    ),
    "call.said": Entry(
        "This statement was given before.",
        "该声明此前已提交。",
        "Nothing to do, if it was taken then; else make a new one.",
        "若当时已受理，则无需操作；否则请重新生成。",
        exit=5,
    ),
}
