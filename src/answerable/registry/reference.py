# SPDX-License-Identifier: Apache-2.0
"""The page of the reference that tells tiers, capabilities and duties, from the tables themselves."""

from __future__ import annotations

from answerable.registry import tables
from answerable.registry.tables import Condition, DutyRow


def page() -> str:
    """Markdown, the same for the same tables."""
    out = [
        "# Tiers and duties",
        "",
        "Nobody chooses a tier: it follows from what is declared and measured. The highest row that matches holds, and",
        "`answerable describe` names each row that does. Compute is in petaFLOP (1e15 operations), summed over the",
        "system and all that it descends from; `traits` are its capabilities and those it inherits. All else is its",
        "own.",
        "",
        "| tier | row | matches when | reason | 理由 | source |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in tables.tiers().row:
        when = " and ".join(_condition(condition) for condition in row.when)
        mark = " (provisional)" if row.provisional else ""
        out.append(f"| {row.tier}{mark} | `{row.id}` | {when} | {row.reason} | {row.reason_zh} | {row.source} |")
    free = ", ".join(f"`{relation.value}`" for relation in sorted(tables.tiers().free_relations))
    out += [
        "",
        "What no row names is tier 0. A capability that this version does not know counts as tier 4.",
        f"Derivations that add no training of their own, so that their compute need not be told: {free}.",
        "",
        "## Capabilities",
        "",
        "| word | meaning | 含义 | inherited by derivatives |",
        "| --- | --- | --- | --- |",
    ]
    for word in tables.tiers().capability:
        out.append(f"| `{word.name}` | {word.words} | {word.words_zh} | {'yes' if word.inherits else 'no'} |")
    out += [
        "",
        "## Duties",
        "",
        "A duty holds from its tier up. One that can be checked is enforced; one that cannot be checked yet is listed,",
        "with the reason, and is never counted as met.",
        "",
        "| tier | duty | at | what | 内容 | checked |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for duty in tables.duties().duty:
        moments = ", ".join(moment.value for moment in duty.moments)
        what = duty.words + _only(duty)
        checked = "enforced" + (f"; else {duty.missing}" if duty.missing else "") if duty.check else duty.missing
        out.append(f"| {duty.tier} | `{duty.id}` | {moments} | {what} | {duty.words_zh} | {checked} |")
    return "\n".join(out) + "\n"


def _condition(condition: Condition) -> str:
    if condition.at_least is not None:
        return f"`{condition.fact}` ≥ {condition.at_least:,}"
    if condition.any_of is not None:
        return f"`{condition.fact}`: " + ", ".join(f"`{word}`" for word in sorted(condition.any_of))
    return f"`{condition.fact}`" if condition.is_ else f"not `{condition.fact}`"


def _only(duty: DutyRow) -> str:
    only = duty.only
    if only.worlds:
        return " (in the worlds " + ", ".join(sorted(world.value for world in only.worlds)) + ")"
    if only.opaque:
        return " (of an opaque system)"
    return " (while its tier is provisional)" if only.provisional else ""
