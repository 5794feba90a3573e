# SPDX-License-Identifier: Apache-2.0
"""What steps 1, 2 and 5 of the path do in detail. `carry` calls each once, in order."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import msgspec

from answerable.admission.admit import reach
from answerable.errors import Refused
from answerable.model.actions import About, Action, Decision, Facts
from answerable.model.holds import Asked, Need
from answerable.model.terms import Act, Criticality, Effect, Ruling, Standing
from answerable.model.warrants import Bearer, Credential, Horizon
from answerable.pipeline.clearances import Admitted, Candidate, Clearance
from answerable.pipeline.deps import Deps
from answerable.pipeline.errands import Errand
from answerable.pipeline.flights import Flight
from answerable.pipeline.record import Record
from answerable.policy.combine import decide as ruling
from answerable.policy.combine import digest
from answerable.policy.worlds import met
from answerable.ports import Served, Watch

_STANDINGS = tuple(Standing)


async def admit(action: Action, record: Record, deps: Deps) -> Admitted:
    """Who asks, and the models that `action.model` may mean, all of them under live warrants; the caller is the
    record's as soon as it is known.

    Raises Refused ``warrant.*``, ``handle.*``, ``stop.*``, the fault of the request itself, ``model.unknown``;
    Unavailable ``upstream.unreachable``.
    """
    caller = record.caller = await deps.desk.present(action.credential)
    deps.gate.admit(caller)
    if action.fault is not None:
        raise action.fault
    if action.act is not Act.TOOL_CALL:  # of which its tool says what it reaches: `errands.within`
        reach(caller.warrant, world=action.world, criticality=action.criticality)
    elif deps.tools is None:
        raise Refused("tool.nowhere")
    named = deps.models.named(action.model, action.act)
    candidates = await _admitted(named, action, deps)
    horizon: Horizon | None = None
    # Seen ahead for one model, and for callers whose presenting again changes nothing.
    if caller.held and len(candidates) == len(named) == 1:
        horizon = deps.desk.horizon(action.credential, caller, candidates[0][1])
    admitted = Admitted(caller, candidates, named, horizon)
    deps.clearances.keep(action, admitted)
    return admitted


async def _admitted(named: tuple[Served, ...], action: Action, deps: Deps) -> tuple[Candidate, ...]:
    """The models that hold a live warrant. Raises the refusal of the last one if none does."""
    candidates: list[Candidate] = []
    refusal: Refused | None = None
    for served in named:
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


def facts(action: Action, caller: Bearer, candidate: Candidate, deps: Deps, errand: Errand | None = None) -> Facts:
    """All that the decision may look at. What the caller's warrant and registration say comes before what it asks
    for; of a tool call, what its tool's row and domain say."""
    served, model = candidate
    tier = max(deps.tier_of(caller.system), model.system.tier)
    found = Facts(
        act=action.act,
        tier=tier,
        world=action.world,
        criticality=_graver(action.criticality, caller.system.criticality),
        audience=caller.warrant.audience,
        standing=_weaker(caller.party.standing, model.party.standing),
        stopped=bool(deps.gate.stopped_by(caller) or deps.gate.stopped_by(model)),
        duties_met=deps.duties_met(caller.system) and deps.duties_met(model.system),
        data_class=action.data_class,
        locality=served.upstream.locality,
        effect=Effect.NONE,
        envelope=False,
        guarded=False,
        attested=True,
        funded=True,
        needs_met=True,
    )
    if errand is None:
        return found
    tool, asks, guarded = errand.tool, errand.asks, proven(action.credential, caller)
    return msgspec.structs.replace(
        found,
        world=asks.world,
        criticality=errand.criticality,
        effect=tool.effect,
        envelope=errand.inside,
        guarded=guarded,
        attested=not asks.attestation or deps.attested(caller.system, asks.attestation),
        funded=deps.budgets.covers(action, caller, tool) and asks.metered(tool.meters),
        needs_met=met(asks, tier=tier, criticality=errand.criticality, envelope=errand.inside, guarded=guarded),
    )


def proven(credential: Credential, caller: Bearer) -> bool:
    """Whether the caller showed a warrant of its own and that it has its key: over TLS with a certificate for it, or on
    this host. A handle, and a bare bearer, prove nothing."""
    peer = credential.peer
    return not caller.held and (peer.unix or bool(peer.key and peer.key == caller.warrant.key))


def _graver(one: Criticality, other: Criticality) -> Criticality:
    return one if one is other else max(one, other, key=lambda c: c.rank)


def _weaker(one: Standing, other: Standing) -> Standing:
    return one if one is other else min(one, other, key=_STANDINGS.index)


def decide(
    action: Action, admitted: Admitted, deps: Deps, errand: Errand | None = None, *, anew: bool = False
) -> Clearance:
    """What kernel, domain and operators say: of the first candidate that they permit, else of the last. anew: what was
    decided about the same caller and model before says nothing."""
    cleared = None if anew or errand is not None else admitted.cleared.get(action.data_class)
    if cleared is not None:
        return cleared
    caller, candidates = admitted.caller, admitted.candidates
    tool, asks, arguments = None, None, ""
    if errand is not None:
        tool, asks, arguments = errand.tool, errand.asks, sha256(errand.exact).hexdigest()
    for candidate in candidates:
        known = facts(action, caller, candidate, deps, errand)
        decision = ruling(known, About(action, caller, candidate[1], tool, arguments), deps.policies, asks)
        if decision.ruling is Ruling.PERMIT:
            break
    horizon = admitted.horizon or deps.desk.horizon(action.credential, caller, candidate[1])
    cleared = Clearance(caller, candidate, decision, digest(deps.policies), known.tier, horizon)
    # The kernel says the same of the same facts; of tools and by operators' policies each is asked anew.
    if admitted.horizon is not None and not deps.policies and errand is None and not anew:
        admitted.cleared[action.data_class] = cleared
        cleared.kept = True
    return cleared


class Waits(NamedTuple):
    """What waits for which people. named: rid of the hold, or of the open leaf that it was asked in, as the caller
    says, "" for none."""

    asked: Asked
    need: Need
    named: str


class Ruled(Refused):
    """A decision that is not a permit, on its way to its open leaf. waits: whom is to be asked, where people are."""

    def __init__(self, decision: Decision, waits: Waits | None = None) -> None:
        held = decision.ruling is Ruling.HOLD
        super().__init__("action.held" if held else "policy.refused", rule=decision.rule, why=decision.why)
        self.decision = decision
        self.waits = waits


def refuse_unless_permitted(decision: Decision) -> None:
    """Raises Ruled (``policy.refused`` or ``action.held``) unless the ruling is a permit."""
    if decision.ruling is not Ruling.PERMIT:
        raise Ruled(decision)


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
    flight.take_off(caller, model, deps.desk.horizon(action.credential, caller, model))
    return caller, model


def open_watches(action: Action, deps: Deps) -> tuple[Watch, ...]:
    """Raises Refused ``redline.no_detector`` where none is configured: no answer is a refusal."""
    if not deps.detectors:
        raise Refused("redline.no_detector")
    return tuple([detector.watch(action) for detector in deps.detectors])


def watch(text: str, watches: tuple[Watch, ...]) -> None:
    """Raises Refused with the finding's code."""
    for each in watches:
        if (finding := each.see(text)) is not None:
            raise Refused(finding.code, red_line=finding.red_line, **finding.params)
