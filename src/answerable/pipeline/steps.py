# SPDX-License-Identifier: Apache-2.0
"""What steps 1, 2 and 5 of the path do in detail. `carry` calls each once, in order."""

from __future__ import annotations

from answerable.errors import Refused
from answerable.model.actions import Action, Decision, Facts
from answerable.model.terms import Criticality, Ruling, Standing
from answerable.model.warrants import Bearer
from answerable.pipeline.deps import Deps
from answerable.pipeline.flights import Flight
from answerable.policy.combine import decide as ruling
from answerable.ports import Served, Watch

Candidate = tuple[Served, Bearer]

_STANDINGS = tuple(Standing)


async def admitted_models(action: Action, deps: Deps) -> tuple[Candidate, ...]:
    """The models that `action.model` may mean and that hold a live warrant.

    Raises Refused ``model.unknown`` or ``stop.system``, Unavailable ``upstream.unreachable`` if the name means none,
    and the refusal of the last one if none is admitted.
    """
    candidates: list[Candidate] = []
    refusal: Refused | None = None
    for served in deps.models.named(action.model, action.act):
        try:
            bearer = await deps.desk.own(served.copy)
            deps.gate.admit(bearer)
        except Refused as error:
            refusal = error
        else:
            candidates.append((served, bearer))
    if not candidates:
        raise refusal or deps.models.absent(action.model, action.act)
    return tuple(candidates)


def facts(action: Action, caller: Bearer, candidate: Candidate, deps: Deps) -> Facts:
    """All that the decision may look at. What the caller's warrant and registration say comes before what it asks
    for."""
    served, model = candidate
    return Facts(
        act=action.act,
        tier=max(caller.system.tier, model.system.tier),
        world=action.world,
        criticality=_graver(action.criticality, caller.system.criticality),
        audience=caller.warrant.audience,
        standing=_weaker(caller.party.standing, model.party.standing),
        stopped=bool(deps.gate.stopped_by(caller) or deps.gate.stopped_by(model)),
        duties_met=deps.duties_met(caller.system) and deps.duties_met(model.system),
        data_class=action.data_class,
        locality=served.upstream.locality,
    )


def _graver(one: Criticality, other: Criticality) -> Criticality:
    return one if one is other else max(one, other, key=lambda c: c.rank)


def _weaker(one: Standing, other: Standing) -> Standing:
    return one if one is other else min(one, other, key=_STANDINGS.index)


def decide(action: Action, caller: Bearer, candidates: tuple[Candidate, ...], deps: Deps) -> tuple[Candidate, Decision]:
    """The first candidate that kernel and operators permit, with the decision; else the last with its refusal."""
    for candidate in candidates:
        decision = ruling(facts(action, caller, candidate, deps), deps.policies)
        if decision.ruling is Ruling.PERMIT:
            return candidate, decision
    return candidate, decision


class Ruled(Refused):
    """A decision that is not a permit, on its way to its open leaf."""

    def __init__(self, decision: Decision) -> None:
        held = decision.ruling is Ruling.HOLD
        super().__init__("action.held" if held else "policy.refused", rule=decision.rule, why=decision.why)
        self.decision = decision


def refuse_unless_permitted(decision: Decision) -> None:
    """Raises Ruled (``policy.refused`` or ``action.held``) unless the ruling is a permit."""
    if decision.ruling is not Ruling.PERMIT:
        raise Ruled(decision)


def take_off(action: Action, caller: Bearer, model: Bearer, flight: Flight, deps: Deps) -> None:
    """From here on `flight` is theirs: both were admitted, and a stop order that reaches one of them cuts it."""
    flight.bearers = (caller, model)
    flight.horizon = deps.desk.horizon(action.credential, caller, model)


async def still_admitted(action: Action, flight: Flight, deps: Deps) -> tuple[Bearer, Bearer]:
    """Admission of both again, inside long work and after each wait: a credential may have been revoked, a copy ended.
    Warrants that this gateway holds are renewed on the way. Nobody need be asked while the answer is known to last.
    Raises Refused ``handle.*``, ``warrant.*``, ``stop.*``."""
    caller, model = flight.bearers
    if flight.horizon is not None and deps.gate.holds(flight.horizon):
        return caller, model
    caller = await deps.desk.still(action.credential, caller)
    if model.held:
        model = await deps.desk.own(model.copy)
    deps.gate.admit(caller)
    deps.gate.admit(model)
    take_off(action, caller, model, flight, deps)
    return caller, model


def open_watches(action: Action, deps: Deps) -> tuple[Watch, ...]:
    """Raises Refused ``redline.no_detector`` where none is configured: no answer is a refusal."""
    if not deps.detectors:
        raise Refused("redline.no_detector")
    return tuple(detector.watch(action) for detector in deps.detectors)


def watch(text: str, watches: tuple[Watch, ...]) -> None:
    """Raises Refused with the finding's code."""
    for each in watches:
        if (finding := each.see(text)) is not None:
            raise Refused(finding.code, red_line=finding.red_line, **finding.params)
