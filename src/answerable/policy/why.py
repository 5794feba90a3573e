# SPDX-License-Identifier: Apache-2.0
"""What is decided about one action, by whom, and what to do about it: each layer's ruling with its source and its
remedy. The kernel's rules, the domain's row and the operators' policies are asked as on the path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from answerable.errors import Refused
from answerable.model.actions import Decision
from answerable.model.terms import Ruling
from answerable.policy import kernel, worlds
from answerable.policy.cases import approvals
from answerable.policy.combine import FAILED, consult, decide, strictness
from answerable.policy.described import Case
from answerable.policy.explain import asked_in_words, explain
from answerable.ports import Policy

KERNEL: Final = "kernel"
DOMAIN: Final = "domain"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule stands, and what it says of itself. text: of an operator's policy, the policy."""

    source: str
    reason: str
    remedy: str
    text: str = ""


class LayerSaid(msgspec.Struct, frozen=True, kw_only=True):
    """by: ``kernel``, ``domain``, or an operator's policy by its number, from 1."""

    by: str
    ruling: Ruling
    rule: str
    why: str
    obligations: tuple[str, ...]
    source: str
    reason: str
    remedy: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """decision: the final one, as the first of the strictest layers. layers: all that were asked, in their order: where
    the kernel refuses nobody else is. needs: what the tool's domain and row ask; lacking: what of it is not there."""

    decision: LayerSaid
    layers: tuple[LayerSaid, ...]
    needs: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def why(case: Case, policies: Iterable[Policy], lang: str = "en") -> Why:
    """lang: ``en`` or ``zh``."""
    policies = tuple(policies)
    final = decide(case.facts, case.about, policies, case.asked)
    first = kernel.decide(case.facts)
    layers = [_layer(KERNEL, first, policies, lang)]
    if first.ruling is not Ruling.REFUSE:
        if case.asked is not None:
            layers.append(_layer(DOMAIN, worlds.ruling(case.asked), policies, lang))
        for number, policy in enumerate(policies, 1):
            layers.append(_layer(str(number), consult(policy, case.facts, case.about), policies, lang))
    by = next((layer.by for layer in layers if layer.rule == final.rule and layer.ruling == final.ruling), DOMAIN)
    return Why(
        decision=_layer(by, final, policies, lang),
        layers=tuple(layers),
        needs=asked_in_words(case.asked) if case.asked is not None else (),
        lacking=lacking(case) if case.asked is not None else (),
    )


def reason_of(rule: str, policies: Iterable[Policy], lang: str = "en") -> Reason:
    """Of any rule that stands in a decision: the kernel's, a domain's, an operator's. Raises Refused
    ``policy.unknown_rule``."""
    for policy in policies:
        told: Callable[[str, str], Reason | None] | None = getattr(policy, "reason", None)
        if told is not None and (found := told(rule, lang)) is not None:
            return found
    if rule == FAILED:
        words = _FAILED[lang == "zh"]
        return Reason(source="policy.use", reason=words[0], remedy=words[1])
    found_rule = explain(rule, lang)
    source = f"worlds.toml:{rule[len(worlds.RULE) :]}" if rule.startswith(worlds.RULE) else f"kernel:{found_rule.rule}"
    return Reason(source=source, reason=found_rule.reason, remedy=found_rule.remedy)


def lacking(case: Case) -> tuple[str, ...]:
    """What the tool asks and is not there."""
    facts, asked = case.facts, case.asked
    if asked is None:
        return ()
    return tuple(
        name
        for name, there in (
            ("envelope", facts.envelope or not asked.envelope),
            ("guard", facts.guarded or not asked.guard),
            ("budget", facts.funded),
            (f"attestation:{asked.attestation}", facts.attested),
            (f"tier<={asked.max_tier}", facts.tier <= asked.max_tier),
            (f"criticality<={asked.max_criticality.value}", facts.criticality.rank <= asked.max_criticality.rank),
        )
        if not there
    )


def changed(before: Decision, after: Decision) -> str:
    """``tightened``, ``loosened``, ``other`` rule or people for the same ruling, or "" for none."""
    if before.ruling is not after.ruling:
        return "tightened" if strictness(after.ruling) > strictness(before.ruling) else "loosened"
    return "" if (before.rule, people(before)) == (after.rule, people(after)) else "other"


def people(decision: Decision) -> tuple[str, ...]:
    """Whom a decision asks for: the most approvals of any obligation, then the roles, sorted."""
    most = approvals(decision)
    roles = sorted({each for each in decision.obligations if each.startswith("role:")})
    return (*((f"approvals:{most}",) if most else ()), *roles)


_FAILED: Final = (
    (
        "An operator's policy failed, or gave no decision: that refuses.",
        "See the gateway's log, and mend the policy.",
    ),
    ("某项运营者策略失败或未给出裁决：视为拒绝。", "请查看网关日志并修正该策略。"),
)


def _layer(by: str, decision: Decision, policies: tuple[Policy, ...], lang: str) -> LayerSaid:
    try:
        told = reason_of(decision.rule, policies, lang)
    except Refused:
        told = Reason(source=f"policy.use:{by}", reason="", remedy="")
    return LayerSaid(
        by=by,
        ruling=decision.ruling,
        rule=decision.rule,
        why=decision.why,
        obligations=decision.obligations,
        source=told.source,
        reason=told.reason,
        remedy=told.remedy,
    )
