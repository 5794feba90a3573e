# SPDX-License-Identifier: Apache-2.0
"""What a tool seems to be, with the reason, for a person to agree with or not. It classifies nothing.

Only names, texts and schemas are looked at, in English and in Chinese. A stranger wrote them: where words and hints
differ the graver one is proposed, and what would make a tool harmless is never believed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import Bound, Definition, Floor, MeterKind, ToolClass, ToolMeter
from answerable.tools import classes, envelopes, pointers

GENERAL: Final = "general"
DAY_S: Final = 86_400
MAX_TEXT: Final = 4_000  # characters of a description that are looked at
MAX_ARGUMENTS: Final = 64
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_AMOUNT: Final = frozenset({"amount", "sum", "price", "total", "euros", "dollars", "yuan", "金额", "数额", "价格"})
_CURRENCY: Final = frozenset({"currency", "币种", "货币"})
_MADE: Final = frozenset({"prompt", "提示词"})
# Of a word in the name, the title, an argument's name, the description.
_NAME, _TITLE, _ARGUMENT, _TEXT = 8, 4, 2, 1
_ORDER: Final = (Effect.IRREVERSIBLE, Effect.WRITE, Effect.READ)


@dataclass(frozen=True, slots=True)
class Reason:
    english: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Proposal:
    said: ToolClass
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """A definition's words: (weight, lower-case text with blanks around and between its words)."""

    parts: tuple[tuple[int, str], ...]

    def weight(self, word: str) -> int:
        """The greatest weight of a part that has the word, 0 for none."""
        if not word.isascii():
            return max((weight for weight, text in self.parts if word in text), default=0)
        pattern = f" {word[:-1]}" if word.endswith("*") else f" {word} "
        return max((weight for weight, text in self.parts if pattern in text), default=0)


def propose(definition: Definition, floors: classes.Floors) -> Proposal:
    """Above every floor that can be told from the definition alone."""
    said = _words(definition)
    effect, why_effect = _effect(said, definition)
    domain, why_domain = _domain(said)
    floor = floors(domain, effect)
    if floor is None:
        domain, floor = GENERAL, floors(GENERAL, effect)
    reasons = [why_domain, why_effect]
    if floor is None:
        floor = Floor(domain=domain, world=World.INFORMATION, criticality=Criticality.CRITICAL)
    schema = definition.input_schema
    envelope = _envelope(schema) if floor.envelope else None
    if envelope is not None:
        reasons.append(
            Reason(
                "the domain asks for an envelope: these bounds are the schema's own, to be tightened",
                "该领域要求安全包络：以下界限取自其输入模式，请收紧",
            )
        )
    meters = _meters(schema) if floor.budget else ()
    if not floor.metered(meters):
        meters = ()
        reasons.append(
            Reason(
                "the domain asks that money is counted: say by which argument and in which currency",
                "该领域要求计量金额：请说明取自哪个参数、何种货币",
            )
        )
    if floor.approvals:
        reasons.append(
            Reason(f"the domain asks for {floor.approvals} approvals", f"该领域要求 {floor.approvals} 人审批")
        )
    made = domain == "creative" and any(name.lower() in _MADE for name in _arguments(schema))
    return Proposal(
        ToolClass(
            world=floor.world,
            criticality=floor.criticality,
            domain=domain,
            effect=effect,
            approvals=floor.approvals,
            roles=floor.roles,
            meters=meters,
            idempotency_s=0 if effect is Effect.READ else DAY_S,
            envelope=envelope,
            max_tier=floor.max_tier,
            attestation=floor.attestation,
            generates=made,
        ),
        tuple(reasons),
    )


def _effect(said: _Said, definition: Definition) -> tuple[Effect, Reason]:
    best: tuple[int, Effect, str] = (0, Effect.IRREVERSIBLE, "")
    for effect in _ORDER:
        for word in _table()["effect"][effect.value]:
            weight = said.weight(word)
            if weight > best[0]:
                best = weight, effect, word
    weight, effect, word = best
    hints = definition.annotations
    if not weight:
        return Effect.IRREVERSIBLE, Reason("nothing tells that a call can be taken back", "没有内容表明调用可以撤回")
    reason = Reason(
        f"“{word.rstrip('*')}” says that it is {effect.value}", f"“{word.rstrip('*')}”表明其效果为 {effect.value}"
    )
    admitted = classes.admitted(definition)
    if effect is Effect.READ and admitted is not Effect.READ:
        return Effect.WRITE, Reason("the server itself says that it changes things", "服务器自称会产生改变")
    if effect is not Effect.READ and hints.get("readOnlyHint") is True:
        reason = Reason(
            f"{reason.english}; that the server calls it read-only is not believed",
            f"{reason.chinese}；服务器自称只读，不予采信",
        )
    return effect, reason


def _domain(said: _Said) -> tuple[str, Reason]:
    best: tuple[int, str, str] = (0, GENERAL, "")
    for domain, words in _table()["domain"].items():
        found = sorted(((said.weight(word), word) for word in words), reverse=True)
        # One word in a name counts for more than several in a text; several count for more than one.
        score = found[0][0] * 8 + sum(1 for weight, _ in found if weight) if found[0][0] else 0
        if score > best[0]:
            best = score, domain, found[0][1].rstrip("*")
    if not best[0]:
        return GENERAL, Reason("no word tells of a graver domain", "没有词语指向更敏感的领域")
    return best[1], Reason(f"“{best[2]}” tells of {best[1]}", f"“{best[2]}”指向领域 {best[1]}")


def _words(definition: Definition) -> _Said:
    arguments = " ".join(_arguments(definition.input_schema))
    return _Said(
        (
            (_NAME, _spread(definition.name)),
            (_TITLE, _spread(definition.title)),
            (_ARGUMENT, _spread(arguments)),
            (_TEXT, _spread(definition.description[:MAX_TEXT])),
        )
    )


def _spread(text: str) -> str:
    """Words of names too: `payInvoice`, `pay_invoice` and "pay invoice" are the same."""
    return f" {' '.join(_WORD.findall(text)).lower()} " + "".join(char for char in text if not char.isascii())


def _arguments(schema: Mapping[str, Any]) -> tuple[str, ...]:
    properties = schema.get("properties")
    return tuple(properties)[:MAX_ARGUMENTS] if isinstance(properties, dict) else ()


def _envelope(schema: Mapping[str, Any]) -> tuple[Bound, ...]:
    """The bounds that the schema itself tells of its arguments, none of which it may lack."""
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) and all(isinstance(r, str) for r in required) else set()
    properties = schema.get("properties")
    found = [
        _bound("/" + pointers.escape(name), properties[name], optional=name not in needed)
        for name in _arguments(schema)
        if isinstance(properties, dict)
    ]
    return tuple(found)[: envelopes.MAX_BOUNDS]


def _bound(at: str, schema: Any, *, optional: bool) -> Bound:
    told: Mapping[str, Any] = schema if isinstance(schema, dict) else {}
    choices = told.get("enum")
    one_of = tuple(choices) if isinstance(choices, list) and all(isinstance(c, str) for c in choices) else ()
    longest = told.get("maxLength", 0)
    return Bound(
        at=at,
        least="" if one_of else _decimal(told.get("minimum")),
        most="" if one_of else _decimal(told.get("maximum")),
        one_of=one_of,
        longest=longest if isinstance(longest, int) and 0 < longest < 2**31 else 0,
        optional=optional,
    )


def _decimal(value: Any) -> str:
    number = pointers.number(value) if isinstance(value, int | float) else None
    text = format(number, "f") if number is not None else ""
    return text if pointers.decimal(text) is not None else ""


def _meters(schema: Mapping[str, Any]) -> tuple[ToolMeter, ...]:
    """Money where an argument is an amount and another its currency; else calls are counted."""
    amount = next((name for name in _arguments(schema) if name.lower() in _AMOUNT), "")
    currency = next((name for name in _arguments(schema) if name.lower() in _CURRENCY), "")
    if amount and currency:
        return (
            ToolMeter(
                kind=MeterKind.MONEY,
                amount="/" + pointers.escape(amount),
                currency_at="/" + pointers.escape(currency),
            ),
        )
    return (ToolMeter(kind=MeterKind.CALLS),)


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[str]]]:
    text = resources.files("answerable.tools").joinpath("words.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[str]]] = tomllib.loads(text)
    return found
