# SPDX-License-Identifier: Apache-2.0
"""The kernel's table over its whole domain as arrays, and what must hold of every point: named invariants.

`first` says for every point which rule of a table is the first to match, whatever the table: so a rule can be taken out
or widened and the invariants asked again. `test_kernel.py` compares it with what the kernel itself answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from answerable.model.actions import Facts
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Effect,
    Locality,
    Ruling,
    Standing,
    World,
)
from answerable.policy.rules import Rule

Values = Mapping[str, tuple[Any, ...]]
Grid = NDArray[np.uint8]
Truth = NDArray[np.bool_]

# Each member's values; where they have an order, from what asks for least caution to what asks for most.
MEMBERS: Final[Values] = {
    "act": tuple(Act),
    "tier": (0, 1, 2, 3, 4),
    "world": tuple(World),
    "criticality": tuple(Criticality),
    "audience": tuple(Audience),
    "standing": (Standing.PROVEN, Standing.VOUCHED, Standing.DECLARED),
    "stopped": (False, True),
    "duties_met": (True, False),
    "data_class": tuple(DataClass),
    "locality": tuple(Locality),
    "effect": tuple(Effect),
    "envelope": (True, False),
    "guarded": (True, False),
    "attested": (True, False),
    "funded": (True, False),
    "needs_met": (True, False),
}
# These have no order: acts, worlds and audiences are different, not graver. An effect has one among calls alone.
RISING: Final = tuple(name for name in MEMBERS if name not in {"act", "world", "audience"})
# How strict each rule is: 0 permits, 1 and 2 wait for so many people, 9 refuses. Nothing but these.
REFUSED: Final = 9


def severity(rule: Rule) -> int:
    if rule.ruling is Ruling.PERMIT:
        return 0
    if rule.ruling is Ruling.HOLD:
        (people,) = (int(each.removeprefix("approvals:")) for each in rule.obligations)
        return people
    return REFUSED


def first(rules: Sequence[Rule], values: Values = MEMBERS) -> Grid:
    """The index of the first rule that matches each point of `values`; len(rules) where none does."""
    shape = tuple(len(each) for each in values.values())
    found = np.full(shape, len(rules), np.uint8)
    for index in reversed(range(len(rules))):
        np.copyto(found, np.uint8(index), where=matching(rules[index].when, values))
    return found


def matching(when: Sequence[tuple[str, frozenset[object]]], values: Values) -> Truth:
    """Where the conditions hold, ready to be broadcast over the whole domain."""
    names = list(values)
    out = np.ones((1,) * len(names), np.bool_)
    for name, wanted in when:
        shape = [1] * len(names)
        shape[names.index(name)] = len(values[name])
        out = out & np.array([value in wanted for value in values[name]]).reshape(shape)
    return out


@dataclass(frozen=True)
class Domain:
    """Every point of `values` with how strict the table is there."""

    values: Values
    strict: Grid

    def where(self, **wanted: Any) -> Grid:
        """Of how strict it is, the points with these values: one value or a tuple of them."""
        at = tuple(
            [i for i, value in enumerate(self.values[name]) if value in _many(wanted[name])]
            if name in wanted
            else list(range(len(self.values[name])))
            for name in self.values
        )
        return self.strict[np.ix_(*at)]


def domain(rules: Sequence[Rule], values: Values = MEMBERS) -> Domain:
    levels = np.array([*(severity(rule) for rule in rules), REFUSED], np.uint8)
    return Domain(values, levels[first(rules, values)])


def _many(wanted: Any) -> tuple[Any, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _refused(points: Grid) -> bool:
    return bool((points == REFUSED).all())


def _not_permitted(points: Grid) -> bool:
    return bool((points > 0).all())


def _two_people(points: Grid) -> bool:
    return bool((points >= 2).all())


def _open(points: Grid) -> bool:
    """Permitted, each of them."""
    return bool((points == 0).all())


CALL, ANSWER = Act.TOOL_CALL, (Act.GENERATION, Act.EMBEDDING)
EFFECTS = (Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE)
LIGHT = (Criticality.CREATIVE, Criticality.ORDINARY)
WEIGHTY = (Criticality.SENSITIVE, Criticality.CRITICAL)
KNOWN = (Standing.PROVEN, Standing.VOUCHED)
ELSEWHERE = (DataClass.INTERNAL, DataClass.CONFIDENTIAL)
HERE = (Locality.LOCAL, Locality.PRIVATE)
# What every permit needs: nothing stopped, nothing lacking, nothing that leaves.
FINE: Final[dict[str, Any]] = {
    "stopped": False, "duties_met": True, "attested": True, "funded": True, "needs_met": True,
    "data_class": DataClass.OPEN,
}  # fmt: skip


def _rising(whole: Domain) -> bool:
    """One step towards more caution never loosens, with everything else as it was."""
    names = list(whole.values)
    for name in RISING:
        if name not in whole.values or len(whole.values[name]) < 2:
            continue
        lines = np.moveaxis(whole.strict, names.index(name), 0)
        if name == "effect":  # from reading on: that there is none of a call is incoherent, and refused
            at = [i for i, value in enumerate(whole.values[name]) if value is not Effect.NONE]
            lines = lines[at]
        if not bool((lines[1:] >= lines[:-1]).all()):
            return False
    return True


INVARIANTS: Final[dict[str, Callable[[Domain], bool]]] = {
    # --- never ---
    "what is stopped is refused, and nobody can approve it": lambda d: _refused(d.where(stopped=True)),
    "an unmet duty refuses": lambda d: _refused(d.where(duties_met=False)),
    "a missing attestation refuses": lambda d: _refused(d.where(attested=False)),
    "a missing budget refuses": lambda d: _refused(d.where(funded=False)),
    "an unmet need of the domain refuses": lambda d: _refused(d.where(needs_met=False)),
    "no motion without an envelope": lambda d: _refused(d.where(world=World.PHYSICAL, envelope=False)),
    "no motion without a guard": lambda d: _refused(d.where(world=World.PHYSICAL, guarded=False)),
    "an answer moves nothing": lambda d: _refused(d.where(world=World.PHYSICAL, act=ANSWER)),
    "an answer is no laboratory step": lambda d: _refused(d.where(world=World.BIOLOGICAL, act=ANSWER)),
    "a call without an effect is no call": lambda d: _refused(d.where(act=CALL, effect=Effect.NONE)),
    "an answer with an effect is no answer": lambda d: _refused(d.where(act=ANSWER, effect=EFFECTS)),
    "what is not open does not leave": lambda d: _refused(
        d.where(data_class=ELSEWHERE, locality=Locality.EXTERNAL)
    ),
    "nobody unknown from tier 1 on": lambda d: _refused(d.where(standing=Standing.DECLARED, tier=(1, 2, 3, 4))),
    "nobody unknown does what is weighty": lambda d: _refused(
        d.where(standing=Standing.DECLARED, criticality=WEIGHTY)
    ),
    "nobody unknown acts outside": lambda d: _refused(
        d.where(standing=Standing.DECLARED, world=(World.PHYSICAL, World.BIOLOGICAL))
    ),
    # --- people ---
    "each step in a laboratory waits for two": lambda d: _two_people(d.where(world=World.BIOLOGICAL)),
    "what is critical waits for two": lambda d: _two_people(d.where(criticality=Criticality.CRITICAL)),
    "what tier 4 does waits for two": lambda d: _two_people(d.where(tier=4)),
    "tier 3 changes nothing alone": lambda d: _two_people(
        d.where(tier=3, world=World.INFORMATION, effect=(Effect.WRITE, Effect.IRREVERSIBLE))
    ),
    "tier 3 and what is sensitive wait for one": lambda d: _not_permitted(
        d.where(tier=3, world=World.INFORMATION, criticality=Criticality.SENSITIVE)
    ),
    "what is sensitive and final waits for one": lambda d: _not_permitted(
        d.where(world=World.INFORMATION, criticality=Criticality.SENSITIVE, effect=Effect.IRREVERSIBLE)
    ),
    # --- monotone ---
    "more caution never loosens": _rising,
    # --- freely ---
    "creative and ordinary answers and tools run out of the box": lambda d: _open(
        d.where(**FINE, world=World.INFORMATION, tier=(0, 1, 2), criticality=LIGHT, standing=KNOWN,
                act=ANSWER, effect=Effect.NONE)
    ) and _open(
        d.where(**FINE, world=World.INFORMATION, tier=(0, 1, 2), criticality=LIGHT, standing=KNOWN,
                act=CALL, effect=EFFECTS)
    ),
    "tier 0 runs without a known party": lambda d: _open(
        d.where(**FINE, world=World.INFORMATION, tier=0, criticality=LIGHT, standing=Standing.DECLARED,
                act=ANSWER, effect=Effect.NONE)
    ),
    "what is confidential stays here and runs": lambda d: _open(
        d.where(**FINE | {"data_class": ELSEWHERE}, world=World.INFORMATION, tier=(0, 1, 2), criticality=LIGHT,
                standing=KNOWN, act=ANSWER, effect=Effect.NONE, locality=HERE)
    ),
    "sensitive work of a known party runs": lambda d: _open(
        d.where(**FINE, world=World.INFORMATION, tier=(0, 1, 2), criticality=Criticality.SENSITIVE, standing=KNOWN,
                act=CALL, effect=(Effect.READ, Effect.WRITE))
    ),
    "tier 3 answers and looks up": lambda d: _open(
        d.where(**FINE, world=World.INFORMATION, tier=3, criticality=LIGHT, standing=KNOWN, act=CALL,
                effect=Effect.READ)
    ) and _open(
        d.where(**FINE, world=World.INFORMATION, tier=3, criticality=LIGHT, standing=KNOWN, act=ANSWER,
                effect=Effect.NONE)
    ),
    "what tier 3 answers of sensitive matters can be approved by one": lambda d: bool(
        (d.where(**FINE, world=World.INFORMATION, tier=3, criticality=Criticality.SENSITIVE, standing=KNOWN, act=CALL,
                 effect=Effect.READ) == 1).all()
    ),
    "what moves within its envelope and under its guard never waits": lambda d: _open(
        d.where(**FINE, world=World.PHYSICAL, tier=(0, 1, 2, 3), criticality=(*LIGHT, Criticality.SENSITIVE),
                standing=KNOWN, act=CALL, effect=EFFECTS, envelope=True, guarded=True)
    ),
    "a laboratory step can be approved": lambda d: bool(
        (d.where(**FINE, world=World.BIOLOGICAL, standing=KNOWN, act=CALL, effect=EFFECTS) == 2).all()
    ),
}  # fmt: skip


def broken(whole: Domain) -> tuple[str, ...]:
    """Names of the invariants that do not hold."""
    return tuple(name for name, holds in INVARIANTS.items() if not holds(whole))


def points(values: Values, count: int, seed: int) -> list[Facts]:
    """So many points of the domain, by chance and always the same."""
    chance = np.random.default_rng(seed)
    picks = [chance.integers(0, len(each), count) for each in values.values()]
    return [
        Facts(*(each[int(pick[n])] for each, pick in zip(values.values(), picks, strict=True))) for n in range(count)
    ]


def thinned(rules: Sequence[Rule], whole: Sequence[str] = (), plain: bool = False) -> Values:
    """Of each member one value of those that no rule tells apart; all of those in `whole`. plain: of the members of
    PLAIN the harmless value alone, where they are not in `whole`."""
    out: dict[str, tuple[Any, ...]] = {}
    for name, values in MEMBERS.items():
        told = [wanted for rule in rules for each, wanted in rule.when if each == name]
        kept: dict[tuple[bool, ...], Any] = {}
        for value in values:
            kept.setdefault(tuple(value in wanted for wanted in told), value)
        out[name] = values if name in whole else values[:1] if plain and name in PLAIN else tuple(kept.values())
    return out


def permits_alone(rules: Sequence[Rule]) -> tuple[str, ...]:
    """What the permits of a table would let through if nothing stood before them: names of what must not be. A permit
    says itself what it is for; it does not lean on the refusals that come first."""
    permits = [rule for rule in rules if rule.ruling is Ruling.PERMIT]
    values = thinned(permits, ("tier", "act", "world", "criticality", "standing", "effect", "envelope", "guarded"))
    masks = [np.broadcast_to(matching(rule.when, values), tuple(map(len, values.values()))) for rule in permits]
    once = Domain(values, np.sum(masks, axis=0, dtype=np.uint8))
    reached = Domain(values, np.where(once.strict > 0, 0, REFUSED).astype(np.uint8))
    wrong = [name for name in ALONE if not INVARIANTS[name](reached)]
    if (once.strict > 1).any():
        wrong.append("two permits for one thing")
    if (reached.where(tier=4) == 0).any() or (reached.where(world=World.BIOLOGICAL) == 0).any():
        wrong.append("a permit for what people decide")
    return tuple(wrong)


# Each of these has one value that refuses by a rule of its own, before anything is held or permitted: what else the
# table says is the same wherever the others stand, and is not looked at twice.
PLAIN: Final = ("stopped", "duties_met", "attested", "funded", "needs_met")
# Of the invariants those that the permits keep by themselves.
ALONE: Final = (
    "no motion without an envelope",
    "no motion without a guard",
    "an answer moves nothing",
    "nobody unknown does what is weighty",
    "nobody unknown acts outside",
    "what is critical waits for two",
    "tier 3 changes nothing alone",
    "tier 3 and what is sensitive wait for one",
)
