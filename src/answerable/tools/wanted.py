# SPDX-License-Identifier: Apache-2.0
"""How much an action may use, before it happens: of a generation from what it asks for, of a tool call from the meters
of its row. Bounds, never guesses at the mean: what was not used is given back when it is settled."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

import msgspec

from answerable.errors import Refused
from answerable.model.actions import Action, Spent
from answerable.model.budgets import Amount
from answerable.model.tools import MeterKind, Tool, ToolMeter
from answerable.tools import pointers

# Tokens of an answer whose request sets no limit; where a budget counts them, the request that is sent sets it.
DEFAULT_TOKENS: Final = 8_192
# Tokens that a model's template adds around what was asked.
TEMPLATE_TOKENS: Final = 256
# Milliseconds of speech for one character: slower than anybody reads aloud.
SPEECH_MS: Final = 250
# Members that say how many tokens out there may be; `n_predict` is llama.cpp's.
LIMITS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens", "n_predict")
# What is measured here, whether or not an upstream says what it used.
_SEEN: Final = frozenset({MeterKind.CALLS, MeterKind.IMAGES, MeterKind.SPEECH})
_MOST: Final = 2**53 - 1
_MICRO: Final = 6  # decimals of what money is counted in


class Prices(msgspec.Struct, frozen=True):
    """As the configuration declares them: millijoule a token; millionths of `currency` a token in and out."""

    mj_per_token: float = 0.0
    currency: str = ""
    price_in: float = 0.0
    price_out: float = 0.0


FREE: Final = Prices()


def of_generation(action: Action, prices: Prices) -> tuple[Amount, ...]:
    """No token is shorter than a byte, so the body bounds what goes in."""
    request = action.request
    choices = _count(request.get("n"), 1)
    tokens_in = len(action.body) + TEMPLATE_TOKENS
    answers = max(choices, _count(request.get("best_of"), 1)) * _prompts(request.get("prompt"))
    tokens_out = answers * answer_tokens(request)
    amounts = [
        (MeterKind.CALLS, 1, ""),
        (MeterKind.TOKENS, tokens_in + tokens_out, ""),
        (MeterKind.ENERGY, _up(prices.mj_per_token * (tokens_in + tokens_out)), ""),
        (MeterKind.IMAGES, choices if "prompt" in request and "messages" not in request else 0, ""),
        (MeterKind.SPEECH, SPEECH_MS * len(request["input"]) if _spoken(request) else 0, ""),
    ]
    if prices.currency:
        money = _up(prices.price_in * tokens_in + prices.price_out * tokens_out)
        amounts.append((MeterKind.MONEY, money, prices.currency))
    return _amounts(amounts)


def answer_tokens(request: dict[str, Any]) -> int:
    """What one answer is reserved."""
    told = [limit_of(request[name]) for name in LIMITS if request.get(name) is not None]
    return max([limit or DEFAULT_TOKENS for limit in told], default=DEFAULT_TOKENS)


def limit_of(value: Any) -> int:
    """What a request's limit of tokens says, 0 for none: servers read -1 as "without end" and 0 each in its own way."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return 0
    return _up(min(value, _MOST))


def of_call(action: Action, tool: Tool) -> tuple[Amount, ...]:
    """Raises Refused ``budget.untold`` where the arguments do not say an amount that they ought to."""
    arguments = action.request.get("arguments")
    told = arguments if isinstance(arguments, dict) else {}
    amounts = [(MeterKind.CALLS, 1, "")]
    amounts += [_of_meter(meter, told) for meter in tool.meters if meter.kind is not MeterKind.CALLS]
    return _amounts(amounts)


def kinds(action: Action, tool: Tool) -> tuple[tuple[MeterKind, str], ...]:
    """(meter, currency) of each of the tool's meters, as this call has them. Raises as `of_call`."""
    arguments = action.request.get("arguments")
    told = arguments if isinstance(arguments, dict) else {}
    return tuple((meter.kind, _currency(meter, told)) for meter in tool.meters)


def used(row: tuple[Amount, ...], spent: Spent, *, call: bool) -> tuple[Amount, ...]:
    """What was used of what was reserved. call: of a tool call its meters say what it takes, whatever ran besides.

    An upstream says what it used at the end. Who hangs up before that has read the answer all the same, so what was
    reserved counts at the least; of an answer that came whole, what was seen of it counts as it was seen."""
    if call:
        return row
    measured = [
        (MeterKind.CALLS, 1, ""),
        (MeterKind.TOKENS, spent.tokens_in + spent.tokens_out, ""),
        (MeterKind.ENERGY, spent.energy_mj, ""),
        (MeterKind.IMAGES, spent.images, ""),
        (MeterKind.SPEECH, spent.speech_ms, ""),
    ]
    if spent.currency:
        measured.append((MeterKind.MONEY, spent.cost_micro, spent.currency))
    if spent.told:
        return _amounts(measured)
    most = {(each.kind, each.currency): each.amount for each in _amounts(measured)}
    for each in row:
        if not (spent.whole and each.kind in _SEEN):
            key = each.kind, each.currency
            most[key] = max(each.amount, most.get(key, 0))
    return tuple(Amount(kind=kind, amount=amount, currency=cur) for (kind, cur), amount in most.items())


def _of_meter(meter: ToolMeter, arguments: dict[str, Any]) -> tuple[MeterKind, int, str]:
    currency = _currency(meter, arguments)
    value = pointers.one(arguments, meter.amount) if meter.amount else None
    if value is None:
        if meter.amount and not meter.most:
            raise Refused("budget.untold", pointer=meter.amount)
        return meter.kind, meter.most, currency
    number = pointers.number(value)
    if number is None or number < 0:
        raise Refused("budget.untold", pointer=meter.amount)
    if meter.kind is MeterKind.MONEY:
        number = number.scaleb(_MICRO - meter.minor)
    return meter.kind, _exact(number, meter), currency


def _currency(meter: ToolMeter, arguments: dict[str, Any]) -> str:
    if not meter.currency_at:
        return meter.currency
    told = pointers.one(arguments, meter.currency_at)
    if not isinstance(told, str) or not (len(told) == 3 and told.isascii() and told.isalpha() and told.isupper()):
        raise Refused("budget.untold", pointer=meter.currency_at)
    return told


def _exact(number: Decimal, meter: ToolMeter) -> int:
    whole = int(number.to_integral_value(ROUND_CEILING))
    if whole > _MOST:
        raise Refused("budget.untold", pointer=meter.amount)
    return whole


def _amounts(found: list[tuple[MeterKind, int, str]]) -> tuple[Amount, ...]:
    """Of two of one meter and currency the sum; none that is nothing."""
    sums: dict[tuple[MeterKind, str], int] = {}
    for kind, amount, currency in found:
        sums[kind, currency] = min(_MOST, sums.get((kind, currency), 0) + amount)
    return tuple(Amount(kind=kind, amount=amount, currency=cur) for (kind, cur), amount in sums.items() if amount)


def _spoken(request: dict[str, Any]) -> bool:
    return isinstance(request.get("input"), str) and "voice" in request


def _count(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise


def _prompts(value: Any) -> int:
    """Of legacy completions: a list of texts or of lists of tokens is as many requests in one."""
    return max(1, len(value)) if isinstance(value, list) and not all(type(each) is int for each in value) else 1


def _up(value: float) -> int:
    return min(_MOST, -int(-value // 1))
