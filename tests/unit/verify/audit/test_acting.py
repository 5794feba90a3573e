# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from msgspec import structs

from answerable.model.leaves import RenewalsLeaf
from answerable.verify.audit.acting import RENEWALS_WITHIN_MS, Acts
from answerable.verify.audit.facts import CopyFact, Held, SystemFact, WarrantFact
from answerable.verify.audit.findings import Finding
from answerable.verify.audit.stopping import Stops
from tests.small_log import T0, closed, fixed, nonce, opened, world

RIDS = world().rids
OPEN = structs.replace(opened(RIDS), t=T0)
DEADLINE = 1000


def acts() -> tuple[Acts, list[Finding], Held]:
    memory = Held()
    for number, name in enumerate(("model", "app"), 1):
        memory.put("system", RIDS[name], SystemFact(
            index=number, num=number, numbers=(number,), roles=(("deployer", RIDS["deployer"]),),
            worlds=("information",), tier=1, crit="ordinary", digests=(), whole=True,
        ))  # fmt: skip
        memory.put("copy", RIDS[f"{name} copy"], CopyFact(index=number, system=RIDS[name], pub=""))
        memory.put("warrant", RIDS[f"{name} warrant"], WarrantFact(
            index=number, system=RIDS[name], party=RIDS["deployer"], copy=RIDS[f"{name} copy"],
            worlds=("information",), tier=1, exp=T0 + 60_000, life=60_000,
        ))  # fmt: skip
    found: list[Finding] = []
    return Acts(memory, Stops(memory), found, DEADLINE), found, memory


def renewals(t0: int, t: int) -> RenewalsLeaf:
    return RenewalsLeaf(n=nonce("r"), num=1, root=fixed("root").hex(), t=t, t0=t0)


def test_an_action_and_its_end() -> None:
    watch, found, memory = acts()
    watch.open(10, "o", OPEN)
    assert memory.get("open", "o").t == T0
    assert watch.close(11, closed("o"))
    assert not watch.close(12, closed("o"))
    assert not found


def test_refusals_and_holds_wait_for_no_end() -> None:
    watch, found, memory = acts()
    for decision in ("refuse", "hold", "of tomorrow"):
        watch.open(10, decision, structs.replace(OPEN, dec=decision, wld="physical"))
        assert memory.get("open", decision) is None
    watch.settle(T0 + 10 * DEADLINE)
    assert not found


def test_renewals_that_could_have_covered_it() -> None:
    for t0, t, covered in (
        (T0 + 50_000, T0 + 65_000, True),  # recorded after the action
        (T0 + 20_000, T0 + 30_000, True),  # before: a renewal of then still lived
        (T0 - 9_000, T0 + 10_000, False),  # too long before
        (T0 + 70_001, T0 + 90_000, False),  # only after
    ):
        for first in (True, False):
            watch, found, _ = acts()
            if first and t <= T0 + 70_000:
                watch.renewed(renewals(t0, t))
            watch.open(10, "o", structs.replace(OPEN, t=T0 + 70_000))
            watch.renewed(renewals(t0, t))
            assert watch.close(11, closed("o"))
            assert bool(watch.pending) is not covered
            watch.settle(T0 + 70_000 + RENEWALS_WITHIN_MS)
            assert not found
            watch.settle(T0 + 70_001 + RENEWALS_WITHIN_MS)
            assert [finding.code for finding in found] == ([] if covered else ["monitor.unwarranted"] * 2)
            assert not watch.pending


def test_what_waits_is_carried_over() -> None:
    watch, _, _ = acts()
    watch.renewed(renewals(T0 - 9_000, T0 + 10_000))
    watch.open(10, "o", structs.replace(OPEN, t=T0 + 70_000))
    again, found, _ = acts()
    again.resume(watch.pending, watch.batch)
    assert again.batch == (T0 - 9_000, T0 + 10_000)
    again.settle(T0 + 70_001 + RENEWALS_WITHIN_MS)
    assert len(found) == 2
    assert RIDS["app warrant"] in str(found[0].params)


def test_bounds_of_the_warrant() -> None:
    for changes, words in (
        ({"wld": "physical"}, "physical world"),
        ({"tier": 2}, "tier 2"),
        ({"party": RIDS["provider"]}, "another party"),
        ({"war": RIDS["model warrant"]}, "another system"),
    ):
        watch, found, _ = acts()
        watch.open(10, "o", structs.replace(OPEN, **changes))
        assert [finding.code for finding in found] == ["monitor.unwarranted"]
        assert words in str(found[0].params["detail"])


def test_without_an_end_it_is_told_once_past_the_deadline() -> None:
    watch, found, _ = acts()
    watch.open(10, "o", OPEN)
    watch.settle(T0 + DEADLINE - 1)
    assert not found
    watch.settle(T0 + DEADLINE)
    watch.settle(T0 + 2 * DEADLINE)
    assert [(finding.code, finding.params) for finding in found] == [("monitor.unclosed", {"seconds": 1})]


def test_a_leaf_that_is_ahead_of_time_hides_none_behind_it() -> None:
    watch, found, _ = acts()
    watch.open(10, "ahead", structs.replace(OPEN, t=T0 + 1000 * DEADLINE))
    watch.open(11, "o", OPEN)
    watch.settle(T0 + DEADLINE)
    assert [(finding.code, finding.rid) for finding in found] == [("monitor.unclosed", "o")]
