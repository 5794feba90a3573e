# SPDX-License-Identifier: Apache-2.0
"""The drill's short form (`make test-partition` runs the long one): real processes on hosts of their own, five things
that go wrong at once, and the sink's clock against the bound."""

from __future__ import annotations

import pytest

from tests.partition.drill import BOUND, QUIET_MS, Drill, Seen, table

pytestmark = [pytest.mark.alone, pytest.mark.system("netns", "ip", "mount", "setpriv"), pytest.mark.timeout(180)]


def test_nothing_acts_after_the_bound_and_another_lineage_goes_on(
    drill: Drill, capsys: pytest.CaptureFixture[str]
) -> None:
    drill.bystander()
    found = drill.at_once()
    with capsys.disabled():
        print(f"\n{table(found)}")
    for seen in found:
        assert seen.violations == 0, seen
        assert seen.acts >= 4, "it acted before the order"
        assert not seen.silenced, "refusing everybody is no stop"
    by_case = {seen.case: seen for seen in found}
    assert by_case["partitioned"].action > 0, "a holder without its network acts on: the bound is what ends it"
    assert by_case["frozen and thawed"].action < 0, "nothing acted while it was frozen, and nothing once it was thawed"
    assert by_case["guard killed"].effect < 500, "what outlives its guard would act here"


def test_a_trial_that_breaks_the_bound_is_seen() -> None:
    """The measure itself: one ms too late, or one process too many, is a violation."""

    def trial(action: int = -1, effect: int = -1, survivors: int = 0) -> Seen:
        return Seen("x", action, effect, survivors, still=0, acts=9, other=9, silence=9)

    assert trial(BOUND.admission - 1, BOUND.effects - 1).violations == 0
    assert trial(BOUND.admission).violations == 1
    assert trial(effect=BOUND.effects).violations == 1
    assert trial(survivors=1).violations == 1


def test_a_stop_that_refuses_everybody_is_seen() -> None:
    def trial(other: int, silence: int) -> Seen:
        return Seen("x", -1, -1, 0, still=0, acts=9, other=other, silence=silence)

    assert not trial(9, QUIET_MS - 1).silenced
    assert trial(9, QUIET_MS).silenced
    assert trial(0, 9).silenced
