# SPDX-License-Identifier: Apache-2.0
"""What steps 1 and 2 found out, and for how long it holds.

Admission and decision are functions of what is registered, of what is stopped and of two clocks. Who asks the same
again, while the directory has not changed and no clock has passed the horizon, gets the same answer: it is not worked
out again. That it still holds is looked at each time; whatever cannot be seen ahead is asked anew.
"""

from __future__ import annotations

from typing import Final

from answerable.log.leaf import OpenForm
from answerable.model.actions import Action, Decision
from answerable.model.terms import DataClass
from answerable.model.warrants import Bearer, Credential, Horizon
from answerable.ports import Gate, Models, Served

Candidate = tuple[Served, Bearer]

# Callers and what they ask for. The oldest goes first; it is only looked into again.
MAX_KNOWN: Final = 4_096


class Clearance:
    """What was decided about one caller and one model. policy: digest of the policy that decided; tier: that it was
    decided at; horizon: until when both are admitted, None: not to be told; kept: whether it is for more than one
    action; form: of their open leaves, None until the first was written."""

    __slots__ = ("caller", "decision", "form", "horizon", "kept", "model", "policy", "served", "tier")

    def __init__(
        self, caller: Bearer, candidate: Candidate, decision: Decision, policy: str, tier: int, horizon: Horizon | None
    ) -> None:
        self.caller = caller
        self.served, self.model = candidate
        self.decision = decision
        self.policy = policy
        self.tier = tier
        self.horizon = horizon
        self.kept = False
        self.form: OpenForm | None = None


class Admitted:
    """A caller and the models that may answer it: live warrants, nothing stopped. horizon: as far as that is known to
    last, None: not to be told. cleared: what was decided since, by how confidential the data is."""

    __slots__ = ("caller", "candidates", "cleared", "horizon", "named")

    def __init__(
        self,
        caller: Bearer,
        candidates: tuple[Candidate, ...],
        named: tuple[Served, ...] = (),
        horizon: Horizon | None = None,
    ) -> None:
        self.caller = caller
        self.candidates = candidates
        self.named = named
        self.horizon = horizon
        self.cleared: dict[DataClass, Clearance] = {}


_Key = tuple[Credential, str, str, str, str]


class Clearances:
    """The memory of one gateway."""

    def __init__(self) -> None:
        self._known: dict[_Key, Admitted] = {}

    def __len__(self) -> int:
        return len(self._known)

    def recall(self, action: Action, gate: Gate, models: Models) -> Admitted | None:
        """Who was admitted with this credential for the same, if that still holds."""
        known = self._known.get(_key(action))
        if (
            known is None
            or action.fault is not None
            or known.horizon is None
            or not gate.holds(known.horizon)
            or models.named(action.model, action.act) != known.named
        ):
            return None
        return known

    def keep(self, action: Action, admitted: Admitted) -> None:
        """Remember `admitted`, if it can be told how long it holds."""
        if admitted.horizon is None:
            return
        known = self._known
        key = _key(action)
        if len(known) >= MAX_KNOWN and key not in known:
            del known[next(iter(known))]
        known[key] = admitted


def _key(action: Action) -> _Key:
    return action.credential, action.model, action.act, action.world, action.criticality
