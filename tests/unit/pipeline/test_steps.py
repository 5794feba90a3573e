# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.model.actions import Decision
from answerable.model.terms import Criticality, Ruling, Standing
from answerable.pipeline.carry import carry
from answerable.pipeline.steps import Ruled, facts, refuse_unless_permitted
from tests.unit.pipeline.scripted import Stage, bearer, system


def test_facts_take_the_graver_of_what_is_asked_and_what_is_registered() -> None:
    stage = Stage(carry)
    caller = bearer(system("app", 7, tier=1, criticality=Criticality.SENSITIVE))
    served = stage.models.served[0]
    seen = facts(stage.ask(criticality=Criticality.CREATIVE), caller, (served, bearer(stage.model)), stage.deps)
    assert (seen.tier, seen.criticality, seen.standing) == (1, Criticality.SENSITIVE, Standing.VOUCHED)
    assert not seen.stopped
    stage.gate.stopped[stage.model.num] = "o"
    assert facts(stage.ask(), caller, (served, bearer(stage.model)), stage.deps).stopped


@pytest.mark.parametrize(
    ("ruling", "code"), [(Ruling.HOLD, "action.held"), (Ruling.REFUSE, "policy.refused"), (None, "policy.refused")]
)
def test_what_is_no_permit_is_refused(ruling: Ruling, code: str) -> None:
    with pytest.raises(Ruled) as caught:
        refuse_unless_permitted(Decision(ruling, "R1", "why"))
    assert caught.value.code == code
