# SPDX-License-Identifier: Apache-2.0
"""A verified report in one sentence, in the reader's language, and as JSON."""

from __future__ import annotations

from typing import Any, Final

from answerable.cli.talk import pick, when
from answerable.model.terms import PROPAGATION, Outcome, Role, Ruling, Standing
from answerable.verify.report import Logged, PartyFact, Report, SystemFact

STANDINGS: Final = {
    Standing.DECLARED.value: ("self-declared", "自行声明"),
    Standing.VOUCHED.value: ("vouched", "经登记机构担保"),
    Standing.PROVEN.value: ("proven", "经证书证明"),
}
_ENDINGS: Final = {
    "done": ("made by {maker}", "由 {maker} 生成"),
    "stopped": ("begun by {maker} and cut by a stop order", "由 {maker} 开始生成，被终止令中断"),
    "error": ("begun by {maker} and ended by an error", "由 {maker} 开始生成，因错误而结束"),
    "refused": ("refused while {maker} was making it", "在 {maker} 生成期间被拒绝"),
    "unknown": ("begun by {maker}, its end unknown", "由 {maker} 开始生成，结局未知"),
    "": ("begun by {maker}, its end not shown", "由 {maker} 开始生成，回执未载明结局"),
}
# Of a tool call.
_CALLS: Final = {
    "done": ("the call of {tool}, answered by {maker}", "对 {tool} 的调用由 {maker} 应答"),
    "stopped": ("the call of {tool}, cut by a stop order", "对 {tool} 的调用被终止令中断"),
    "error": ("the call of {tool}, ended by an error", "对 {tool} 的调用因错误而结束"),
    "refused": ("the call of {tool}, whose answer was refused", "对 {tool} 的调用，其应答被拒绝"),
    "unknown": ("the call of {tool}, its end unknown", "对 {tool} 的调用结局未知"),
    "": ("the call of {tool}, its end not shown", "对 {tool} 的调用，回执未载明结局"),
}
# What another produced and this party passed on: its label names who made it.
_SPREAD: Final = ("passed on by {maker}, under the label of who made it", "由 {maker} 传播，生成者见其标识")


def sentence(report: Report) -> str:
    """Which party answers, with its standing; which system made it, when, under which warrant; with which proof."""
    if report.decision == Ruling.HOLD.value:
        made = pick(f"held for people by rule {report.rule}", f"依规则 {report.rule} 等待人员审批") + _called(report)
    elif report.decision != Ruling.PERMIT.value:
        made = pick(f"refused by rule {report.rule}", f"被规则 {report.rule} 拒绝") + _called(report)
    elif report.tool:
        ending = _CALLS.get(report.outcome, _CALLS["unknown"])
        made = pick(*ending).format(tool=report.tool, maker=named(report.maker or report.caller))
    else:
        maker = named(report.maker or report.caller) + _provider(report)
        done = report.outcome == Outcome.DONE.value and report.act == PROPAGATION
        ending = _SPREAD if done else _ENDINGS.get(report.outcome, _ENDINGS["unknown"])
        made = pick(*ending).format(maker=maker)
    answers, caller, at = party(report.party), named(report.caller), when(report.at)
    return (
        pick(
            f"{answers} answers for this: {made}, asked for by {caller}, at {at}, "
            f"under warrant {report.warrant.rid}; proven: record {report.record} is number {report.index} of the "
            f"{report.size} in the log {report.origin}.",
            f"本内容由 {answers} 负责：应 {caller} 的请求{made}，时间 {at}，"
            f"许可 {report.warrant.rid}；证明：记录 {report.record} 是日志 {report.origin} 共 {report.size} 条中的第 "
            f"{report.index} 条。",
        )
        + _joined(report)
        + _gone(report)
        + seen(report.witnesses)
    )


def _called(report: Report) -> str:
    return pick(f" (a call of {report.tool})", f"（调用 {report.tool}）") if report.tool else ""


def _joined(report: Report) -> str:
    if report.joined is None:
        return ""
    origin, size = report.joined.origin, report.joined.size
    return pick(f" That log stands in {origin}, at {size}.", f"该日志已记入 {origin}（{size} 条）。")


def _gone(report: Report) -> str:
    if report.erased is None:
        return ""
    basis, at, rid = report.erased.basis, when(report.erased.at), report.erased.rid
    return pick(
        f" What was said was erased at {at} under the record {rid} ({basis}), which commits to the words of the basis.",
        f"其内容已于 {at} 依据记录 {rid}（{basis}）删除，该记录含有对依据文字的承诺。",
    )


def stands(logged: Logged) -> str:
    """Where one leaf stands, by which proof."""
    kind = logged.leaf.k
    return pick(
        f"Proven: record {logged.rid}, a leaf of kind {kind}, is number {logged.index} of the {logged.size} in "
        f"the log {logged.origin}.",
        f"证明：记录 {logged.rid}（类型 {kind}）是日志 {logged.origin} 共 {logged.size} 条中的第 {logged.index} 条。",
    ) + seen(logged.witnesses)


def seen(witnesses: tuple[tuple[str, int], ...]) -> str:
    """Who else saw that tree; nothing where the trust file asks nobody."""
    if not witnesses:
        return ""
    names = pick(", ", "、").join(f"{name} ({when(time * 1000)})" for name, time in witnesses)
    return pick(f" Seen by {names}.", f"见证方：{names}。")


def _provider(report: Report) -> str:
    """Who provides the model, where that is another party than the one that answers."""
    roles = {role: rid for rid, role in reversed(report.maker.parties)} if report.maker else {}
    rid = roles.get(Role.PROVIDER.value, "")
    found = next((fact for fact in report.parties if fact.rid == rid), None)
    if found is None or found.rid == report.party.rid:
        return ""
    return pick(f" (of {found.name or found.id})", f"（提供方 {found.name or found.id}）")


def party(fact: PartyFact) -> str:
    """A party's name where it was disclosed, its identifier and how well that is established."""
    standing = pick(*STANDINGS.get(fact.standing, (fact.standing, fact.standing)))
    return f"{fact.name or fact.id} ({fact.id}, {standing})" if fact.name else f"{fact.id} ({standing})"


def named(fact: SystemFact) -> str:
    return f"{fact.name or fact.id} {fact.version}".strip()


def as_json(report: Report) -> dict[str, Any]:
    """Everything that was proven, but the disclosed contents themselves."""
    return {
        "verified": True,
        "record": report.record,
        "at": report.at,
        "act": report.act,
        "tool": report.tool,
        "decision": report.decision,
        "rule": report.rule,
        "outcome": report.outcome,
        "error": report.error,
        "world": report.world,
        "tier": report.tier,
        "party": _party(report.party),
        "parties": [_party(each) for each in report.parties],
        "asked_by": _system(report.caller),
        "made_by": _system(report.maker) if report.maker else None,
        "copy": report.warrant.copy_id or report.warrant.copy,
        "warrant": report.warrant.rid,
        "erased": None
        if report.erased is None
        else {"rid": report.erased.rid, "basis": report.erased.basis, "at": report.erased.at},
        "used": None
        if report.closing is None
        else {
            "tokens_in": report.closing.tokens_in,
            "tokens_out": report.closing.tokens_out,
            "energy_mj": report.closing.energy_mj,
            "energy_measure": report.closing.energy_measure,
        },
        "proof": {
            "origin": report.origin,
            "index": report.index,
            "size": report.size,
            "root": report.root.hex(),
            "disclosed": sorted({part.group for part in report.contents}),
            "witnesses": dict(report.witnesses),
            "joined": None
            if report.joined is None
            else {"origin": report.joined.origin, "size": report.joined.size, "root": report.joined.root.hex()},
        },
    }


def leaf_json(logged: Logged) -> dict[str, Any]:
    """What was proven of one leaf."""
    return {
        "verified": True,
        "record": logged.rid,
        "kind": logged.leaf.k,
        "leaf": logged.data.decode(),
        "proof": {
            "origin": logged.origin,
            "index": logged.index,
            "size": logged.size,
            "root": logged.root.hex(),
            "witnesses": dict(logged.witnesses),
        },
    }


def _party(fact: PartyFact) -> dict[str, str]:
    return {"rid": fact.rid, "id": fact.id, "kind": fact.kind, "standing": fact.standing, "name": fact.name}


def _system(fact: SystemFact) -> dict[str, Any]:
    return {
        "rid": fact.rid,
        "id": fact.id,
        "kind": fact.kind,
        "name": fact.name,
        "version": fact.version,
        "tier": fact.tier,
        "parties": [{"party": rid, "role": role} for rid, role in fact.parties],
    }
