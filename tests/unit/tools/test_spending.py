# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.actions import Action, Spent
from answerable.model.budgets import RESERVED, USED, Budget, Rate, Reserved
from answerable.model.terms import Measure, Outcome
from answerable.model.tools import MeterKind, Tool, ToolMeter
from answerable.model.units import Put, Rider, Space
from answerable.model.warrants import Bearer
from answerable.ports import Reservation
from answerable.tools.spending import NOTHING_LIMITED, Spending
from tests.fleet import ManualClock
from tests.unit.tools.a_family import Family, call, generation, tool

PAY = ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR")
SPENT = Spent(10, 20, 5, 70, Measure.MEASURED)


class World:
    def __init__(self, *budgets: Budget, rates: tuple[Rate, ...] = ()) -> None:
        self.family = Family()
        self.clock = ManualClock()
        self.spending = Spending(self.family.book, self.clock, budgets=budgets, rates=rates)
        self.founder = self.family.bearer(self.family.root)

    def taken(self, action: Action, caller: Bearer | None = None, of: Tool | None = None) -> Reservation:
        found = self.spending.reserve(action, caller or self.founder, of)
        assert found is not None
        return found

    def follow(self, rider: Rider) -> Reserved:
        self.spending.budgets.follow(rider.effects)
        put = rider.effects[0]
        assert isinstance(put, Put)
        assert put.space is Space.BUDGETS
        return msgspec.json.decode(put.value, type=Reserved)


def test_where_nothing_limits_nothing_is_looked_up() -> None:
    world = World()
    world.spending._account = None  # type: ignore[method-assign,assignment]
    assert world.spending.reserve(generation(), world.founder, None) is None
    assert world.spending.reserve(call("bank", "pay"), world.founder, tool("pay", PAY)) is None
    assert world.spending.covers(call("bank", "look"), world.founder, tool("look"))


def test_a_generation_is_reserved_told_and_settled() -> None:
    world = World(Budget(kind=MeterKind.TOKENS, most=1_000, system="founder"))
    taken = world.taken(generation(max_tokens=100))
    row = world.follow(taken.open("o" * 32))
    assert (row.rid, row.system, row.copy) == ("o" * 32, world.family.founder.rid, world.family.root.rid)
    assert taken.told == {
        RESERVED: {"at": world.clock.now, "cpy": world.family.root.rid, "most": [["calls", 1], ["tokens", 456]]}
    }
    settled = taken.close(Outcome.DONE, SPENT, sent=True)
    assert settled.told == {USED: [["calls", 1], ["tokens", 30], ["energy", 70]]}
    assert world.follow(settled.rider).settled
    (standing,) = world.spending.standing()
    assert (standing.used, standing.reserved, standing.left) == (30, 0, 970)


def test_of_an_unknown_outcome_all_is_used_and_of_what_was_not_sent_nothing() -> None:
    world = World(Budget(kind=MeterKind.MONEY, currency="EUR", most=20_000_000))
    pay = tool("pay", PAY)
    for outcome, sent, spent in ((Outcome.UNKNOWN, True, SPENT), (Outcome.ERROR, False, SPENT)):
        taken = world.taken(call("bank", "pay", amount=5), of=pay)
        world.follow(taken.open(f"{outcome}"))
        settled = taken.close(outcome, spent, sent=sent)
        if outcome is Outcome.UNKNOWN:
            assert settled.rider == Rider()
            assert settled.told == {}
        else:
            world.follow(settled.rider)
    taken = world.taken(call("bank", "pay", amount=5), of=pay)
    world.follow(taken.open("done"))
    world.follow(taken.close(Outcome.DONE, SPENT, sent=True).rider)
    (standing,) = world.spending.standing()
    assert (standing.used, standing.reserved) == (5_000_000, 5_000_000)


def test_a_budget_covers_a_tools_meter_of_its_currency() -> None:
    euro = Budget(kind=MeterKind.MONEY, currency="EUR", most=1, tool="bank/*")
    world = World(euro)
    action = call("bank", "pay", amount=1)
    assert world.spending.covers(action, world.founder, tool("pay", PAY))
    dollars = ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="USD")
    assert not world.spending.covers(action, world.founder, tool("pay", dollars))
    assert not world.spending.covers(call("shop", "pay", amount=1), world.founder, tool("pay", PAY, server="shop"))


METERS = {
    MeterKind.TOKENS: "",
    MeterKind.MONEY: "EUR",
    MeterKind.CALLS: "",
    MeterKind.ENERGY: "",
}


class Keys(World):
    """One caller, and three that differ from it: another party's, another system's, another copy of its own."""

    def __init__(self) -> None:
        super().__init__()
        family = self.family
        self.twin = family.start(family.founder)
        abroad = family.registry.party("Abroad Ltd")
        self.foreign = family.start(family.agent(abroad, "foreign"))
        self.abroad = dataclasses.replace(family.bearer(self.foreign), party=abroad)

    def named(self, key: str) -> str:
        return {
            "party": self.family.firm.id, "system": self.family.founder.id, "copy": self.family.root.id,
            "tool": "bank/pay",
        }[key]  # fmt: skip

    def unaffected(self, key: str) -> tuple[Bearer, str]:
        """A caller, and the server that it calls, for whom a limit by `key` is not."""
        return {
            "party": (self.abroad, "bank"),
            "system": (self.family.bearer(self.family.apart), "bank"),
            "copy": (self.family.bearer(self.twin), "bank"),
            "tool": (self.founder, "shop"),
        }[key]


@pytest.mark.parametrize("kind", METERS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("key", ["party", "system", "copy", "tool"])
def test_a_budget_of_each_kind_is_held_to_by_each_key(key: str, kind: MeterKind) -> None:
    world = Keys()
    unit = 1_000_000 if kind is MeterKind.MONEY else 1
    amount = 1 if kind is MeterKind.CALLS else 10
    budget = Budget(kind=kind, currency=METERS[kind], most=2 * amount * unit, **{key: world.named(key)})
    world.spending = Spending(world.family.book, world.clock, budgets=(budget,))
    meter = ToolMeter(kind=kind, amount="" if kind is MeterKind.CALLS else "/amount", currency=METERS[kind])

    def pays(caller: Bearer, server: str) -> Reservation | None:
        return world.spending.reserve(call(server, "pay", amount=10), caller, tool("pay", meter, server=server))

    for record in ("a" * 32, "b" * 32):
        taken = pays(world.founder, "bank")
        assert taken is not None
        world.follow(taken.open(record))
    with pytest.raises(Refused, match=r"budget\.spent") as refusal:
        pays(world.founder, "bank")
    assert kind.value in str(refusal.value.params)
    assert pays(*world.unaffected(key)) is None, "the budget is not for this one"
    (standing,) = world.spending.standing()
    assert (standing.reserved, standing.left) == (2 * amount * unit, 0)


@pytest.mark.parametrize("key", ["party", "system", "copy", "tool"])
def test_a_rate_is_held_to_by_each_key(key: str) -> None:
    world = Keys()
    rate = Rate(calls=2, seconds=60, **{key: world.named(key)})
    world.spending = Spending(world.family.book, world.clock, rates=(rate,))

    def looks(caller: Bearer, server: str) -> Reservation | None:
        return world.spending.reserve(call(server, "pay"), caller, tool("pay", server=server))

    assert looks(world.founder, "bank") is looks(world.founder, "bank") is None
    with pytest.raises(Refused, match=r"rate\.exceeded"):
        looks(world.founder, "bank")
    for _ in range(3):
        assert looks(*world.unaffected(key)) is None, "the rate is not for this one"


def test_what_refuses_counts_nothing() -> None:
    world = World(Budget(kind=MeterKind.TOKENS, most=500), rates=(Rate(calls=2, seconds=60),))
    with pytest.raises(Refused, match=r"budget\.spent"):
        world.spending.reserve(generation(max_tokens=1_000), world.founder, None)
    world.taken(generation(max_tokens=1)).let_go()
    world.taken(generation(max_tokens=1)).let_go()
    with pytest.raises(Refused, match=r"rate\.exceeded"):
        world.spending.reserve(generation(max_tokens=1), world.founder, None)
    (standing,) = world.spending.standing()
    assert (standing.used, standing.reserved) == (0, 0)


def test_a_tools_own_rate_and_an_amount_that_is_not_told() -> None:
    world = World()
    slow = tool("pay", rate=1)
    assert world.spending.reserve(call("bank", "pay"), world.founder, slow) is None
    with pytest.raises(Refused, match=r"rate\.exceeded"):
        world.spending.reserve(call("bank", "pay"), world.founder, slow)
    counted = World(Budget(kind=MeterKind.MONEY, currency="EUR", most=1_000))
    with pytest.raises(Refused, match=r"budget\.untold"):
        counted.spending.reserve(call("bank", "pay"), counted.founder, tool("pay", PAY))


def test_a_warrants_own_budget_is_enforced_without_any_other() -> None:
    world = World()
    caller = world.family.bearer(world.family.root, budget_tokens=600)
    world.follow(world.taken(generation(max_tokens=100), caller).open("a" * 32))
    with pytest.raises(Refused, match=r"budget\.spent"):
        world.spending.reserve(generation(max_tokens=100), caller, None)
    with pytest.raises(Refused, match=r"budget\.uncounted"):
        NOTHING_LIMITED.reserve(generation(), caller, None)


def test_nothing_limited_covers_no_meter() -> None:
    world = World()
    assert NOTHING_LIMITED.reserve(generation(), world.founder, None) is None
    assert NOTHING_LIMITED.covers(call("bank", "look"), world.founder, tool("look"))
    assert not NOTHING_LIMITED.covers(call("bank", "pay", amount=1), world.founder, tool("pay", PAY))


@pytest.mark.parametrize(
    ("budget", "ceiling"),
    [
        (Budget(kind=MeterKind.TOKENS, most=10**6), 8_192),
        (Budget(kind=MeterKind.TOKENS, most=10**6, system="founder"), 8_192),
        (Budget(kind=MeterKind.MONEY, most=10**6, currency="EUR"), 8_192),
        (Budget(kind=MeterKind.ENERGY, most=10**6), 8_192),
        (Budget(kind=MeterKind.CALLS, most=10**6), 0),
        (Budget(kind=MeterKind.IMAGES, most=10**6), 0),
    ],
)
def test_an_answer_is_told_its_ceiling_where_tokens_are_counted(budget: Budget, ceiling: int) -> None:
    world = World(budget)
    assert world.taken(generation()).ceiling == ceiling
    assert world.taken(generation(max_tokens=100)).ceiling == (100 if ceiling else 0)
    assert world.taken(generation(max_tokens=-1, n_predict=50)).ceiling == ceiling
    assert world.taken(call("bank", "look"), of=tool("look")).ceiling == 0


def test_a_ceiling_is_for_those_whose_tokens_are_counted() -> None:
    tokens = Budget(kind=MeterKind.TOKENS, most=10**6, system="somebody else")
    world = World(tokens, Budget(kind=MeterKind.CALLS, most=10))
    assert world.taken(generation()).ceiling == 0
    granted = World().taken(generation(), world.family.bearer(world.family.root, budget_tokens=10_000))
    assert granted.ceiling == 8_192, "a warrant's own budget counts tokens"


def test_a_change_of_the_registry_is_seen() -> None:
    world = World(Budget(kind=MeterKind.CALLS, most=9, party="*"))
    world.follow(world.taken(generation()).open("a" * 32))
    late = world.family.made("late", world.family.root)
    copy = world.family.start(late)
    world.follow(world.taken(generation(), world.family.bearer(copy)).open("b" * 32))
    (standing,) = world.spending.standing()
    assert standing.reserved == 2
