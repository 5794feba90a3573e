# SPDX-License-Identifier: Apache-2.0
"""The tables of the reference page on policy: the kernel's rules and the domains of tools, from what decides."""

from __future__ import annotations

from answerable.model.terms import Criticality, Ruling
from answerable.model.tools import HIGHEST_TIER
from answerable.policy import domains, worlds
from answerable.policy.domains import EFFECTS, Domain
from answerable.policy.explain import table
from answerable.policy.rules import VOCABULARY


def vocabulary() -> list[str]:
    """Every fact with its values."""
    out = ["| fact | values |", "| --- | --- |"]
    for name, values in VOCABULARY.items():
        words = sorted(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
        out.append(f"| `{name}` | {', '.join(f'`{word}`' for word in words)} |")
    return out


def rules() -> list[str]:
    """The kernel's table, in the order in which it is tried."""
    out = ["| rule | ruling | holds when | reason | 理由 | what to do |", "| --- | --- | --- | --- | --- | --- |"]
    for english, chinese in zip(table("en"), table("zh"), strict=True):
        ruling = english.ruling.value
        if english.ruling is Ruling.HOLD:
            ruling += " (" + ", ".join(each.removeprefix("approvals:") for each in english.obligations) + ")"
        when = "; ".join(f"`{name}`: {', '.join(values).lower()}" for name, values in english.when.items()) or "always"
        reason = f"{english.reason} | {chinese.reason} | {english.remedy}"
        out.append(f"| `{english.rule}` | {ruling} | {when} | {reason} |")
    return out


def rows() -> list[str]:
    """The domains: what each asks at least, why, and from where."""
    out = [
        "| domain | 领域 | read | write | irreversible | reason | 理由 | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in domains.read().domain:
        asks = " | ".join(_asks(each, number) for number in range(len(EFFECTS)))
        source = (each.source or "our own judgement") + ("" if each.looked_up or not each.source else " *(as known)*")
        name = f"`{each.id}`: {each.name} | {each.name_zh}"
        out.append(f"| {name} | {asks} | {each.reason} | {each.reason_zh} | {source} |")
    return out


def _asks(row: Domain, number: int) -> str:
    floor = worlds.floor(row.id, EFFECTS[number])
    if floor is None:
        raise ValueError(row.id)
    people = f"{floor.approvals} ({', '.join(role.value for role in floor.roles)})" if floor.approvals else ""
    parts = [
        f"{floor.world.value}, {floor.criticality.value}",
        f"people: {people}" if people else "",
        "envelope" if floor.envelope else "",
        "guard" if floor.guard else "",
        f"budget ({floor.meter.value})" if floor.meter else "budget" if floor.budget else "",
        f"`{floor.attestation}`" if floor.attestation else "",
        "" if floor.held else "never held",
        f"tier ≤ {floor.max_tier}" if floor.max_tier < HIGHEST_TIER else "",
        f"at most {floor.max_criticality.value}" if floor.max_criticality is not Criticality.CRITICAL else "",
    ]
    return "; ".join(filter(None, parts))
