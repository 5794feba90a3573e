# SPDX-License-Identifier: Apache-2.0
"""The bound of a stop (`answerable.admission.bound`) as theorems over real-valued time, for Z3.

Each theorem holds for *any* warrant: it is about one that was signed, and one instant at which it admitted something.
A theorem is a list of named needs and a claim. It is proved by finding no time at which all needs hold and the claim
does not. What a need is worth is shown by leaving it out: then such a time must exist, or the need proves nothing.
`wrong` are the variants that people build instead: each replaces needs by something weaker.

True time is written t, a, s, u ...; what a clock shows is a variable of its own, tied to true time by a need alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import z3
from z3 import And, Or, Real, RealVal

Time = z3.ArithRef
Fact = z3.BoolRef

# --- what everything is measured by ---------------------------------------------------------------------------------
T = Real("T_stop")  # when the order was committed
D = Real("D")  # how far the issuer's view of stops may be behind
TTL = Real("TTL")
EI = Real("e_issuer")
EH = Real("e_holder")
RHO = Real("rho")  # drift of a monotonic clock
DELTA = Real("delta")  # how often long work is admitted again
S = Real("S")  # time to a safe state
DP = Real("D_pulse")  # as D, of the second authority
V = Real("valid_for")  # life of a pulse
EP = Real("e_pulse")  # wall-clock error of the second authority

PARAMETERS: tuple[Time, ...] = (D, TTL, EI, EH, RHO, DELTA, S, DP, V, EP)
DOMAIN: tuple[Fact, ...] = (*(each >= 0 for each in PARAMETERS), RHO < 1, TTL > 0, V > 0)


def near(shown: Time, true: Time, error: Time) -> Fact:
    """A wall clock that shows `shown` at `true` is off by `error` at most, either way."""
    return And(shown - true <= error, true - shown <= error)


@dataclass(frozen=True, slots=True)
class Theorem:
    """last: the instant that is bounded; bound: by when it lies. wrong: name -> needs that it leaves out, and what
    stands in their place."""

    name: str
    last: Time
    bound: Time
    needs: Mapping[str, Fact]
    wrong: Mapping[str, tuple[tuple[str, ...], Fact]] = field(default_factory=dict)
    domain: tuple[Fact, ...] = ()

    @property
    def claim(self) -> Fact:
        return self.last < self.bound

    def without(self, *names: str) -> list[Fact]:
        """Domain and needs, but for these."""
        assert set(names) <= set(self.needs), names
        return [*DOMAIN, *self.domain, *(fact for name, fact in self.needs.items() if name not in names)]


def refuted(facts: list[Fact], claim: Fact) -> z3.ModelRef | None:
    """A time at which all facts hold and the claim does not; None if there is none."""
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.add(*facts, z3.Not(claim))
    found = solver.check()
    assert found != z3.unknown, solver.reason_unknown()
    return solver.model() if found == z3.sat else None


def worst(theorem: Theorem, values: Mapping[Time, Fraction | int], facts: list[Fact] | None = None) -> Fraction | None:
    """The supremum of `last` after T_stop for these parameters; None where nothing bounds it."""
    search = z3.Optimize()
    search.set("timeout", 20_000)
    search.add(*(theorem.without() if facts is None else facts))
    search.add(*(parameter == RealVal(str(value)) for parameter, value in values.items()))
    goal = search.maximize(theorem.last - T)
    assert search.check() == z3.sat
    infinite, value, _ = search.upper_values(goal)  # what is strictly below x has the value x, less an epsilon
    return None if str(infinite) != "0" else Fraction(str(value))


# --- 1. warrants on wall clocks -------------------------------------------------------------------------------------
_s, _a, _t = Real("signed"), Real("asked"), Real("admitted")
_iat, _exp, _shown = Real("iat"), Real("exp"), Real("holder_wall")
_view = _s < T + D  # what is signed later than that is signed by who sees the stop, and so is not signed

WALL = Theorem(
    "wall clocks that are right within e",
    _t,
    T + D + TTL + EI + EH,
    {
        "the issuer's view is at most D old": _view,
        "the issuer's clock is right within e": near(_iat, _s, EI),
        "a warrant lives TTL": _exp == _iat + TTL,
        "the holder's clock is right within e": near(_shown, _t, EH),
        "the holder compares its clock with exp": _shown < _exp,
    },
    {"stale issuer": (("the issuer's view is at most D old",), _s < T + D + 10 * TTL)},
)

# --- 2. warrants on the holder's monotonic clock --------------------------------------------------------------------
_gone = Real("elapsed")  # on the holder's monotonic clock since it asked, or since another instant it counts from
_z = Real("slept")

MONOTONIC = Theorem(
    "the holder's monotonic clock, counted from asking",
    _t,
    T + D + TTL / (1 - RHO),
    {
        "the issuer's view is at most D old": _view,
        "it was asked for before it was signed": _a <= _s,
        "the clock drifts by rho at most": _gone >= (1 - RHO) * (_t - _a),
        "the holder counts TTL": _gone < TTL,
    },
    {
        "stale issuer": (("the issuer's view is at most D old",), _s < T + D + 10 * TTL),
        "counted from when the answer came": (
            ("the clock drifts by rho at most",),
            And(Real("received") >= _s, _gone >= (1 - RHO) * (_t - Real("received"))),
        ),
        "a clock that stands still in sleep": (
            ("the clock drifts by rho at most",),
            And(_z >= 0, _gone >= (1 - RHO) * (_t - _a - _z)),
        ),
    },
    (_t >= _a, _gone >= 0),
)

# --- 3. restart -----------------------------------------------------------------------------------------------------
_boot = Real("booted")
_from = z3.If(_a >= _boot, _a, _boot)  # a restored image has no other instant to count from than its own start

RESTART = Theorem(
    "a holder that restarts, or is restored from an old image",
    _t,
    T + D + TTL / (1 - RHO),
    {
        "the issuer's view is at most D old": _view,
        "it was asked for before it was signed": _a <= _s,
        "a warrant counts in the boot alone that asked for it": _a >= _boot,
        "the clock drifts by rho at most": _gone >= (1 - RHO) * (_t - _from),
        "the holder counts TTL": _gone < TTL,
    },
    {"restart replays an old warrant": (("a warrant counts in the boot alone that asked for it",), _a < _boot)},
    (_t >= _boot, _t >= _a, _gone >= 0),
)

# --- 4. the pulse ---------------------------------------------------------------------------------------------------
_p, _at, _root = Real("pulse_signed"), Real("pulse_at"), z3.Bool("pulse_tells_of_the_stop")

PULSE = Theorem(
    "the pulse",
    _t,
    T + DP + V + EP + EH,
    {
        "the second authority's view is at most D old": z3.Implies(_p >= T + DP, _root),
        "a pulse that tells of a stop unknown here admits nothing": z3.Not(_root),
        "its clock is right within e": near(_at, _p, EP),
        "the holder's clock is right within e": near(_shown, _t, EH),
        "the holder compares its clock with the pulse": _shown < _at + V,
    },
    {
        "pulse without a stop root": (("a pulse that tells of a stop unknown here admits nothing",), _root),
        "a pulse counted from when it came": (
            ("the holder compares its clock with the pulse",),
            And(Real("received") >= _p, _t - Real("received") < V),
        ),
    },
)

# --- 5. two authorities to live, any one to die ---------------------------------------------------------------------
_w_honest, _p_honest = z3.Bool("issuer_is_honest"), z3.Bool("pulse_is_honest")
_w_rule, _p_rule = _shown < _exp, And(_shown < _at + V, z3.Not(_root))
_w_bound, _p_bound = T + D + TTL + EI + EH, T + DP + V + EP + EH

TWO = Theorem(
    "two authorities, of which one may lie",
    _t,
    z3.If(_w_bound > _p_bound, _w_bound, _p_bound),
    {
        "one of them is honest": Or(_w_honest, _p_honest),
        "an honest issuer": z3.Implies(_w_honest, And(_view, near(_iat, _s, EI), _exp == _iat + TTL)),
        "an honest pulse": z3.Implies(_p_honest, And(z3.Implies(_p >= T + DP, _root), near(_at, _p, EP))),
        "the holder's clock is right within e": near(_shown, _t, EH),
        "both are needed": And(_w_rule, _p_rule),
    },
    {"either of two authorities is enough": (("both are needed",), Or(_w_rule, _p_rule))},
)

# --- 6, 7. delegation -----------------------------------------------------------------------------------------------
HOPS = 3


def _delegation() -> Theorem:
    signed = [Real(f"signed_{n}") for n in range(HOPS + 1)]
    exps = [Real(f"exp_{n}") for n in range(HOPS + 1)]
    walls = [Real(f"wall_{n}") for n in range(1, HOPS + 1)]  # of hop n's holder when it signs
    needs: dict[str, Fact] = {
        "the issuer's view is at most D old": signed[0] < T + D,
        "the issuer's clock is right within e": near(_iat, signed[0], EI),
        "a warrant lives TTL": And(exps[0] == _iat + TTL, *(exps[n] <= walls[n - 1] + TTL for n in range(1, HOPS + 1))),
        "child.exp <= parent.exp": And(*(exps[n] <= exps[n - 1] for n in range(1, HOPS + 1))),
        "the holder's clock is right within e": near(_shown, _t, EH),
        "the holder compares its clock with exp": _shown < exps[HOPS],
    }
    # What everybody does who delegates without nesting: sign only while one's own warrant is good.
    careful = And(
        *(And(walls[n - 1] < exps[n - 1], near(walls[n - 1], signed[n], EH)) for n in range(1, HOPS + 1)),
    )
    return Theorem(
        f"{HOPS} delegations, one of the other",
        _t,
        T + D + TTL + EI + EH,
        needs,
        {"delegation without nesting": (("child.exp <= parent.exp",), careful)},
    )


DELEGATION = _delegation()

_L = TTL  # the envelope's life stands where a warrant's does
_signs, _asks = Real("onsite_signs"), Real("child_asked")
_m_onsite, _m_child, _life = Real("elapsed_onsite"), Real("elapsed_child"), Real("child_life")

ONSITE = Theorem(
    "an on-site issuer, on monotonic clocks alone",
    _t,
    T + D + _L / (1 - RHO),
    {
        "the issuer's view is at most D old": _view,
        "the envelope was asked for before it was signed": _a <= _s,
        "the on-site clock drifts by rho at most": _m_onsite >= (1 - RHO) * (_signs - _a),
        "what it signs ends with its envelope": _life <= _L - _m_onsite,
        "the child's was asked for before it was signed": _asks <= _signs,
        "the child's clock drifts by rho at most": _m_child >= (1 - RHO) * (_t - _asks),
        "the child counts its life": _m_child < _life,
    },
    {
        "delegation without nesting": (
            ("what it signs ends with its envelope",),
            And(_life <= RealVal(2), _m_onsite < _L),
        )
    },
    (_signs >= _a, _t >= _asks, _m_onsite >= 0, _m_child >= 0),
)

# --- 8, 9. effects --------------------------------------------------------------------------------------------------
_c, _n, _u = Real("last_check_that_admits"), Real("next_check"), Real("effect")
_B = Real("B")  # the admission bound that the theorems above give

EFFECTS = Theorem(
    "effects of long work",
    _u,
    T + _B + DELTA + S,
    {
        "nothing is admitted after the bound": _c < T + _B,
        "long work is admitted again every delta": _n <= _c + DELTA,
        "a safe state is reached within S of a refusal": _u <= _n + S,
    },
    {"no re-check": (("long work is admitted again every delta",), _n <= _c + 100 * DELTA)},
    (_n >= _c, _B >= 0, DELTA > 0),
)

_sink_shown = Real("sink_wall")
SINK = Theorem(
    "a sink that checks, of work that was frozen after its check",
    _u,
    T + D + TTL + EI + EH,
    {
        "the issuer's view is at most D old": _view,
        "the issuer's clock is right within e": near(_iat, _s, EI),
        "a warrant lives TTL": _exp == _iat + TTL,
        "the sink's clock is right within e": near(_sink_shown, _u, EH),
        "the sink compares its clock with exp": _sink_shown < _exp,
    },
    {
        "frozen between check and effect": (
            ("the sink compares its clock with exp", "the sink's clock is right within e"),
            And(near(_shown, _c, EH), _shown < _exp, _u >= _c),
        )
    },
)

THEOREMS = (WALL, MONOTONIC, RESTART, PULSE, TWO, DELEGATION, ONSITE, EFFECTS, SINK)
