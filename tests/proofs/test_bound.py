# SPDX-License-Identifier: Apache-2.0
"""The bound, proved; each of its needs shown to be one; the wrong variants refuted; and the code's figures against
Z3's own worst case."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.admission.admit import admit
from answerable.admission.bound import PPM, Clocks, bound, bound_of
from answerable.admission.stopset import StopSet
from answerable.admission.ttl import CLASSES, LifeClass
from answerable.errors import Refused
from tests.proofs import theorems
from tests.proofs.theorems import THEOREMS, Theorem, refuted, worst
from tests.unit.admission.a_warrant import WARRANT

EACH_NEED = [(theorem, need) for theorem in THEOREMS for need in theorem.needs]
EACH_WRONG = [(theorem, wrong) for theorem in THEOREMS for wrong in theorem.wrong]
named = {"ids": lambda value: value.name if isinstance(value, Theorem) else str(value)}


@pytest.mark.parametrize("theorem", THEOREMS, **named)
def test_it_is_proved(theorem: Theorem) -> None:
    assert refuted(theorem.without(), theorem.claim) is None


@pytest.mark.parametrize("theorem", THEOREMS, **named)
def test_it_is_about_something(theorem: Theorem) -> None:
    """Its needs can be met, and by an action later than the stop: what is never so would prove anything."""
    assert refuted(theorem.without(), theorem.last <= theorems.T) is not None


@pytest.mark.parametrize(("theorem", "need"), EACH_NEED, **named)
def test_without_a_need_it_fails(theorem: Theorem, need: str) -> None:
    assert refuted(theorem.without(need), theorem.claim) is not None


@pytest.mark.parametrize(("theorem", "wrong"), EACH_WRONG, **named)
def test_a_wrong_variant_has_a_counterexample(theorem: Theorem, wrong: str) -> None:
    left_out, instead = theorem.wrong[wrong]
    found = refuted([*theorem.without(*left_out), instead], theorem.claim)
    assert found is not None
    late = found.eval(theorem.last - theorem.bound, model_completion=True)
    assert z3.is_true(z3.simplify(late >= 0))


def test_the_five_variants_of_the_design_are_among_them() -> None:
    assert {wrong for _, wrong in EACH_WRONG} >= {
        "stale issuer",
        "restart replays an old warrant",
        "delegation without nesting",
        "either of two authorities is enough",
        "no re-check",
    }


# --- how wrong the wrong ones are: figures for a 2 s warrant, without clock errors ----------------------------------
EXACT = {theorems.D: 0, theorems.TTL: 2_000, theorems.EI: 0, theorems.EH: 0, theorems.RHO: 0}


def _late(theorem: Theorem, wrong: str, values: dict[z3.ArithRef, int]) -> Fraction | None:
    left_out, instead = theorem.wrong[wrong]
    return worst(theorem, values, [*theorem.without(*left_out), instead])


def test_each_delegation_without_nesting_adds_a_life() -> None:
    assert worst(theorems.DELEGATION, EXACT) == 2_000
    assert _late(theorems.DELEGATION, "delegation without nesting", EXACT) == 2_000 * (1 + theorems.HOPS)


@pytest.mark.parametrize(
    ("theorem", "wrong"),
    [
        (theorems.RESTART, "restart replays an old warrant"),
        (theorems.TWO, "either of two authorities is enough"),
        (theorems.MONOTONIC, "counted from when the answer came"),
        (theorems.MONOTONIC, "a clock that stands still in sleep"),
        (theorems.PULSE, "pulse without a stop root"),
        (theorems.PULSE, "a pulse counted from when it came"),
        (theorems.SINK, "frozen between check and effect"),
    ],
    **named,
)
def test_some_have_no_bound_at_all(theorem: Theorem, wrong: str) -> None:
    values = EXACT | {theorems.DP: 0, theorems.V: 2_000, theorems.EP: 0}
    assert worst(theorem, values) == 2_000
    assert _late(theorem, wrong, values) is None


# --- the model's constants are the code's ---------------------------------------------------------------------------
def _values(ttl: int, clocks: Clocks) -> dict[z3.ArithRef, Fraction | int]:
    return {
        theorems.TTL: ttl,
        theorems.D: clocks.view_ms,
        theorems.EI: clocks.issuer_error_ms,
        theorems.EH: clocks.holder_error_ms,
        theorems.RHO: Fraction(clocks.drift_ppm, PPM),
        theorems.DELTA: clocks.recheck_ms,
        theorems.S: clocks.settle_ms,
    }


def _same(ttl: int, clocks: Clocks) -> None:
    """What `admission.bound` says is Z3's supremum, rounded up to a whole millisecond and no further."""
    said, values = bound("x", ttl, clocks), _values(ttl, clocks)
    synced, monotonic = worst(theorems.WALL, values), worst(theorems.MONOTONIC, values)
    assert synced == said.synced
    assert monotonic is not None
    assert 0 <= said.monotonic - monotonic < 1
    effects = worst(theorems.EFFECTS, values | {theorems._B: said.admission})
    assert effects == said.effects


@pytest.mark.parametrize("row", CLASSES, ids=lambda row: row.name)
def test_each_class_has_the_bound_that_the_proof_gives(row: LifeClass) -> None:
    _same(row.max_ms, Clocks())
    assert bound_of(row, longest=True) == bound(row.name, row.max_ms)
    assert bound_of(row) == bound(row.name, row.default_ms)


times = st.integers(0, 100_000)


@settings(max_examples=25)
@given(
    ttl=st.integers(1, 400_000),
    clocks=st.builds(
        Clocks,
        view_ms=times,
        issuer_error_ms=times,
        holder_error_ms=times,
        drift_ppm=st.integers(0, PPM // 2),
        recheck_ms=st.integers(1, 10_000),
        settle_ms=times,
    ),
)
def test_the_formula_is_the_proofs_for_any_parameters(ttl: int, clocks: Clocks) -> None:
    _same(ttl, clocks)


# --- the admission function is the one of the model -----------------------------------------------------------------
def _admits(*, exp: int, deadline: int, wall: int, mono: int) -> bool:
    warrant = msgspec.structs.replace(WARRANT, iat_ms=exp - 60_000, exp_ms=exp, epoch=0)
    try:
        admit(warrant, now_ms=wall, mono_ms=mono, deadline_mono_ms=deadline, stops=StopSet(), audience=warrant.aud)
    except Refused as error:
        return error.code != "warrant.expired"
    return True


@pytest.mark.parametrize(("issuer_error", "holder_error"), [(0, 0), (20, 35), (20, -35), (-20, 35)])
def test_the_wall_rule_of_the_code_admits_up_to_the_models_worst_case(issuer_error: int, holder_error: int) -> None:
    """Z3's worst instant is played through `admit`: admitted a millisecond before it, refused at it."""
    ttl, view, stop = 60_000, 250, 1_763_782_764_123
    clocks = {**_values(ttl, Clocks(view_ms=view)), theorems.EI: 20, theorems.EH: 35}
    last = worst(theorems.WALL, clocks)
    assert last == view + ttl + 20 + 35
    signed = stop + view - 1  # a moment later the issuer would have seen the stop
    exp = signed + issuer_error + ttl
    ends = signed + issuer_error + ttl - holder_error  # true time at which the holder's clock shows exp
    assert ends < stop + last
    for true, admitted in ((ends - 1, True), (ends, False), (int(stop + last), False)):
        assert _admits(exp=exp, deadline=10**15, wall=true + holder_error, mono=0) is admitted


@pytest.mark.parametrize("drift", [0, 200, 500_000])
def test_the_monotonic_rule_of_the_code_admits_up_to_the_models_worst_case(drift: int) -> None:
    ttl, view = 60_000, 250
    said = bound("x", ttl, Clocks(view_ms=view, drift_ppm=drift))
    asked = view - 1  # after T_stop, true time; asked and signed at once

    def shown(true: int) -> int:
        return (true - asked) * (PPM - drift) // PPM

    last = max(true for true in range(said.monotonic - 3, said.monotonic + 3) if shown(true) < ttl)
    assert last < said.monotonic <= last + 3
    assert _admits(exp=2**52, deadline=ttl, wall=2**52 - 60_000, mono=shown(last))
    assert not _admits(exp=2**52, deadline=ttl, wall=2**52 - 60_000, mono=shown(said.monotonic))


def test_cutting_clocks_to_whole_milliseconds_adds_nothing() -> None:
    """The code compares whole milliseconds, cut off; the proofs are over real time."""
    wall, exp = z3.Real("wall"), z3.Int("exp")
    assert refuted([z3.ToReal(z3.ToInt(wall)) < z3.ToReal(exp)], wall < z3.ToReal(exp)) is None
    asked, now, ttl = z3.Real("asked"), z3.Real("now"), z3.Int("ttl")
    counted = [z3.ToInt(now) < z3.ToInt(asked) + ttl]
    assert refuted(counted, now < asked + z3.ToReal(ttl)) is None
    rounded_up = [z3.ToInt(now) < z3.ToInt(asked) + 1 + ttl]
    assert refuted(rounded_up, now < asked + z3.ToReal(ttl)) is not None
