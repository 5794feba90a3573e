# SPDX-License-Identifier: Apache-2.0
"""Each fault that a monitor is to find, planted in an honest log; and honest logs in which nothing is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs

from answerable.crypto.b64 import b64u
from answerable.log import statement
from answerable.log.leaf import encode
from answerable.log.roster import key_id
from answerable.model.leaves import (
    AuthorityRef,
    EdgeRef,
    KeyLeaf,
    OfficerRef,
    OrderLeaf,
    PartyRef,
    RefusalsLeaf,
    RootsRef,
    RosterLeaf,
    ShardLeaf,
)
from answerable.verify.audit.auditor import Auditor, Carried, Limits
from answerable.verify.audit.facts import Held
from tests import small_log
from tests.small_log import ORIGIN, T0, a_rid, fixed, hidden, key, nonce
from tests.watched import NOW, Watched, honest


def test_an_honest_log_has_no_findings() -> None:
    log = honest()
    log.act()
    log.act(st="error")
    refused = log.open(dec="refuse", err="policy.refused")
    assert refused
    log.renewals(T0 + 20_000, T0 + 60_000)
    log.act(T0 + 70_000)  # after its first grant, covered by the renewals
    assert log.findings(NOW + 60_000) == []


def test_it_does_not_matter_how_the_leaves_come() -> None:
    log = honest()
    log.act(wld="physical")
    log.leaves.append(log.leaves[3])
    once = log.findings()
    assert [finding.code for finding in once] == ["monitor.unwarranted", "monitor.duplicate", "monitor.duplicate"]
    for step in (1, 2, 7):
        assert log.findings(step=step) == once


def _replayed(log: Watched) -> None:
    log.leaves.append(log.leaves[2])


def _same_nonce(log: Watched) -> None:
    log.add("noise", RefusalsLeaf(n=nonce("open twice"), num={}, t=T0 + 400, t0=T0))
    log.add("noise", RefusalsLeaf(n=nonce("open twice"), num={"a": 1}, t=T0 + 400, t0=T0))


def _same_system_id(log: Watched) -> None:
    again = small_log.system("app", 3, "application", log.rids["deployer"])
    log.add("again", structs.replace(again, n=log.fresh(), t=T0 + 400))


def _same_number(log: Watched) -> None:
    log.add("third", structs.replace(small_log.system("third", 2, "model", log.rids["deployer"]), t=T0 + 400))


def _copy_twice(log: Watched) -> None:
    log.add("copy again", structs.replace(small_log.copy("app", log.rids["app"]), n=log.fresh(), t=T0 + 400))


def _warrant_twice(log: Watched) -> None:
    again = small_log.warrant("app", log.rids["app"], log.rids["app copy"], log.rids["deployer"])
    log.add("warrant again", structs.replace(again, n=log.fresh(), t=T0 + 400))


def _ends_twice(log: Watched) -> None:
    log.close(log.act())


def _back(log: Watched) -> None:
    log.add("noise", RefusalsLeaf(n=log.fresh(), num={}, t=T0 - 60_000, t0=T0 - 60_000))


def _ahead(log: Watched) -> None:
    log.add("noise", RefusalsLeaf(n=log.fresh(), num={}, t=NOW + 3_600_000, t0=T0))


def _no_system(log: Watched) -> None:
    log.add("copy", structs.replace(small_log.copy("none", a_rid("no system")), t=T0 + 400))


def _no_party(log: Watched) -> None:
    log.open(party=a_rid("nobody"), dec="refuse")


def _a_system_as_party(log: Watched) -> None:
    log.open(party=log.rids["model"], dec="refuse")


def _no_parent(log: Watched) -> None:
    system = small_log.system("child", 7, "model", log.rids["provider"], EdgeRef(p=a_rid("none"), rel="finetune"))
    log.add("child", structs.replace(system, t=T0 + 400))


def _no_open(log: Watched) -> None:
    log.close(a_rid("never opened"))


def _ends_a_refusal(log: Watched) -> None:
    log.close(log.open(dec="refuse"))


def _no_copy_to_end(log: Watched) -> None:
    log.add("end", structs.replace(small_log.copy("model", log.rids["model"]), n=log.fresh(), st="end", t=T0 + 400))


def _world(log: Watched) -> None:
    log.act(wld="physical")


def _tier(log: Watched) -> None:
    log.act(tier=0)


def _other_party(log: Watched) -> None:
    log.act(party=log.rids["provider"])


def _other_system(log: Watched) -> None:
    log.act(war=log.rids["model warrant"])


def _expired(log: Watched) -> None:
    log.act(T0 + 70_000)


def _too_long(log: Watched) -> None:
    long = small_log.warrant("long", log.rids["app"], log.rids["app copy"], log.rids["deployer"])
    log.add("long", structs.replace(long, exp=T0 + 30 + 3_600_000, t=T0 + 400))


def _envelope(log: Watched, *, exp: int = T0 + 600_400, seq: int = 0) -> None:
    """Ten minutes on site, and a bound that was agreed to."""
    leaf = small_log.warrant("site", log.rids["app"], log.rids["app copy"], log.rids["deployer"])
    told = {"answerable.envelope": {"bound": 602_250}}
    log.add("site", structs.replace(leaf, exp=exp, seq=seq, t=T0 + 400, x=told))


def _envelope_past_its_bound(log: Watched) -> None:
    _envelope(log, exp=T0 + 400 + 602_251)


def _envelope_that_is_a_boots(log: Watched) -> None:
    _envelope(log, seq=1)


def _beyond(log: Watched) -> None:
    wide = small_log.warrant("wide", log.rids["app"], log.rids["app copy"], log.rids["deployer"])
    log.add("wide", structs.replace(wide, wld=["information", "physical"], exp=T0 + 1000, t=T0 + 400))


def _other_copy(log: Watched) -> None:
    other = small_log.warrant("other", log.rids["app"], log.rids["model copy"], log.rids["deployer"])
    log.add("other", structs.replace(other, t=T0 + 400))


def _copy_ended(log: Watched) -> None:
    log.copy_ends()
    log.act()


def _stopped_system(log: Watched) -> None:
    log.order("system", log.rids["app"])
    log.act()


def _stopped_model(log: Watched) -> None:
    log.order("lineage", log.rids["model"])
    log.act()


def _stopped_copy(log: Watched) -> None:
    log.order("copy", log.rids["app copy"])
    log.act()


def _stopped_party(log: Watched) -> None:
    log.order("party", log.rids["deployer"])
    log.act()


def _stopped_world(log: Watched) -> None:
    log.order("world", "information")
    log.act()


def _all_stopped(log: Watched) -> None:
    log.order("all", "", kind="suspend")
    log.act()


def _went_on(log: Watched) -> None:
    opened = log.open(t=T0 + 300)
    log.order("system", log.rids["app"])
    log.renewals(T0 + 20_000, T0 + 60_000)
    log.close(opened, T0 + 450 + 400_000)


def _granted_under_a_stop(log: Watched) -> None:
    log.order("system", log.rids["app"])
    more = small_log.warrant("more", log.rids["app"], log.rids["app copy"], log.rids["deployer"])
    log.add("more", structs.replace(more, t=T0 + 500))


def _nobody_signed(log: Watched) -> None:
    log.order("system", log.rids["app"])
    unsigned = structs.replace(log_leaf(log, "order"), sigs=[], n=log.fresh())
    log.leaves.pop()
    log.add("order", unsigned)


def _forged(log: Watched) -> None:
    log.order("system", log.rids["app"])
    true = log_leaf(log, "order")
    log.leaves.pop()
    log.add("order", structs.replace(true, root=log.rids["model"]))


def _unknown_signer(log: Watched) -> None:
    log.order("system", log.rids["app"])
    true = log_leaf(log, "order")
    log.leaves.pop()
    sig = statement.sign(true, ORIGIN, key("stranger"), a_rid("stranger"))
    log.add("order", structs.replace(true, sigs=[sig]))


def _withdrawn_signer(log: Watched) -> None:
    who = "officer one"
    own, public = log.rids[f"person {who}"], b64u(key(who).public)
    ended = KeyLeaf(end=True, n=log.fresh(), own=own, prev=log.rids[who], pub=public, t=T0 + 400, use="admin")
    log.add("withdrawn", ended)
    log.order("copy", log.rids["model copy"], kind="suspend", until=T0 + 451)


def log_leaf(log: Watched, name: str) -> object:
    from answerable.log.leaf import decode, rid

    return next(decode(data) for data in log.leaves if rid(data) == log.rids[name])


def _malformed(log: Watched) -> None:
    log.leaves.append(log.leaves[0].replace(b'"use":"log"', b'"use":"log","use":"log"'))


def _no_json(log: Watched) -> None:
    log.leaves.append(b"\x00\xff")


def _unclosed(log: Watched) -> None:
    log.open(t=T0 + 300)


PLANTED: list[tuple[Callable[[Watched], None], str]] = [
    (_replayed, "monitor.duplicate"),
    (_same_nonce, "monitor.duplicate"),
    (_same_system_id, "monitor.duplicate"),
    (_same_number, "monitor.duplicate"),
    (_copy_twice, "monitor.duplicate"),
    (_warrant_twice, "monitor.duplicate"),
    (_ends_twice, "monitor.duplicate"),
    (_back, "monitor.clock"),
    (_ahead, "monitor.clock"),
    (_no_system, "monitor.unregistered"),
    (_no_party, "monitor.unregistered"),
    (_a_system_as_party, "monitor.unregistered"),
    (_no_parent, "monitor.unregistered"),
    (_no_open, "monitor.unregistered"),
    (_ends_a_refusal, "monitor.unregistered"),
    (_no_copy_to_end, "monitor.unregistered"),
    (_world, "monitor.unwarranted"),
    (_tier, "monitor.unwarranted"),
    (_other_party, "monitor.unwarranted"),
    (_other_system, "monitor.unwarranted"),
    (_expired, "monitor.unwarranted"),
    (_too_long, "monitor.unwarranted"),
    (_envelope_past_its_bound, "monitor.unwarranted"),
    (_envelope_that_is_a_boots, "monitor.unwarranted"),
    (_beyond, "monitor.unwarranted"),
    (_other_copy, "monitor.unwarranted"),
    (_copy_ended, "monitor.unwarranted"),
    (_stopped_system, "monitor.stopped"),
    (_stopped_model, "monitor.stopped"),
    (_stopped_copy, "monitor.stopped"),
    (_stopped_party, "monitor.stopped"),
    (_stopped_world, "monitor.stopped"),
    (_all_stopped, "monitor.stopped"),
    (_went_on, "monitor.stopped"),
    (_granted_under_a_stop, "monitor.stopped"),
    (_nobody_signed, "monitor.signature"),
    (_forged, "monitor.signature"),
    (_unknown_signer, "monitor.signature"),
    (_withdrawn_signer, "monitor.signature"),
    (_malformed, "monitor.leaf"),
    (_no_json, "monitor.leaf"),
    (_unclosed, "monitor.unclosed"),
]


@pytest.mark.parametrize(("plant", "code"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_planted_fault_is_found(plant: Callable[[Watched], None], code: str) -> None:
    log = honest()
    before = len(log.leaves)
    plant(log)
    found = log.findings(NOW + 900_000, Limits(clock_ms=10_000) if code != "monitor.clock" else Limits())
    if plant is _ahead:
        found = log.findings(NOW)
    assert {finding.code for finding in found} == {code}
    assert all(finding.index is not None and finding.index >= before for finding in found)


def _aborted_by_the_stop(log: Watched) -> None:
    log.order("system", log.rids["app"])
    log.act(st="stopped")


def _refused_after_its_copy_ended(log: Watched) -> None:
    log.copy_ends()
    log.act(st="refused")


def _released(log: Watched) -> None:
    log.release(log.order("system", log.rids["app"], kind="suspend"))
    log.act()


def _lapsed(log: Watched) -> None:
    log.order("system", log.rids["app"], kind="suspend", until=T0 + 480)
    log.act(T0 + 500)


def _another_is_stopped(log: Watched) -> None:
    log.order("copy", log.rids["model copy"], kind="suspend", until=T0 + 451)
    log.act()


def _in_flight(log: Watched) -> None:
    opened = log.open(t=T0 + 300)
    log.order("system", log.rids["app"])
    log.close(opened, T0 + 1500)  # within the bound of its class


def _sold(log: Watched) -> None:
    from answerable.model.leaves import TransferLeaf

    old, new = log.rids["deployer"], log.rids["provider"]
    sale = TransferLeaf(n=log.fresh(), new=new, old=old, role="provider", sigs=[], sys=log.rids["app"], t=T0 + 300)
    log.add("sale", log.signed(sale))
    log.act()


def _slightly_back(log: Watched) -> None:
    log.add("noise", RefusalsLeaf(n=log.fresh(), num={}, t=T0 - 5_000, t0=T0))


FINE = [
    _aborted_by_the_stop, _refused_after_its_copy_ended, _released, _lapsed, _another_is_stopped, _in_flight, _sold,
    _slightly_back, _envelope,
]  # fmt: skip


@pytest.mark.parametrize("plant", FINE, ids=[plant.__name__ for plant in FINE])
def test_what_only_looks_like_a_fault_is_none(plant: Callable[[Watched], None]) -> None:
    log = honest()
    plant(log)
    assert log.findings() == []


def test_what_is_overdue_is_told_once() -> None:
    log = honest()
    opened = log.open(t=T0 + 300)
    auditor = Auditor(Held(), ORIGIN, Limits(deadline_ms=10_000))
    assert auditor.feed(0, log.leaves, NOW) == []
    late = auditor.settle(T0 + 10_301)
    assert [(finding.code, finding.rid, finding.params) for finding in late] == [
        ("monitor.unclosed", opened, {"seconds": 10})
    ]
    assert auditor.settle(T0 + 99_000) == []
    log.close(opened, T0 + 20_000)
    assert auditor.feed(len(log.leaves) - 1, log.leaves[-1:], NOW) == []


def test_what_waits_for_renewals_outlives_the_process() -> None:
    log = honest()
    log.act(T0 + 70_000)
    memory = Held()
    auditor = Auditor(memory, ORIGIN)
    assert auditor.feed(0, log.leaves, NOW + 20_000) == []
    carried = auditor.carried
    assert [each.rid for each in carried.pending] == [log.rids["act"]] * 2  # caller and model
    covered = Auditor(memory, ORIGIN, carried=carried)
    log.renewals(T0 + 65_000, T0 + 80_000)
    assert covered.feed(len(log.leaves) - 1, log.leaves[-1:], NOW + 40_000) == []
    assert covered.settle(NOW + 9_000_000) == []
    alone = Auditor(memory, ORIGIN, carried=carried)
    assert [finding.code for finding in alone.settle(NOW + 9_000_000)] == ["monitor.unwarranted"] * 2
    assert Carried() == Auditor(Held(), ORIGIN).carried


def test_checkpoints_by_a_withdrawn_key_of_the_log() -> None:
    log = honest()
    auditor = Auditor(Held(), ORIGIN)
    new = KeyLeaf(
        n=log.fresh(), own=ORIGIN, prev=log.rids["log key"], pub=b64u(key("new log").public), sigs=[], t=T0 + 300,
        use="log",
    )  # fmt: skip
    old = statement.sign(new, ORIGIN, key("log"), log.rids["log key"])
    itself = statement.sign(new, ORIGIN, key("new log"), ORIGIN)
    log.add("new log key", structs.replace(new, sigs=[old, itself]))
    assert auditor.feed(0, log.leaves, NOW) == []
    size = len(log.leaves)
    assert auditor.withdrawn([key("log").public], size) == 0  # it signs on until it is withdrawn
    end = KeyLeaf(
        end=True,
        n=log.fresh(),
        own=ORIGIN,
        prev=log.rids["log key"],
        pub=b64u(key("log").public),
        t=T0 + 310,
        use="log",
    )
    log.add("old key ends", end)
    assert auditor.feed(size, log.leaves[size:], NOW) == []
    assert auditor.withdrawn([key("log").public], size) == 0
    assert auditor.withdrawn([key("log").public], size + 1) == size
    assert auditor.withdrawn([key("log").public, key("new log").public], size + 1) == 0
    assert auditor.withdrawn([key("a witness").public], size + 1) == 0
    assert auditor.withdrawn([key("log").public, key("a witness").public], size + 1) == size
    assert auditor.withdrawn([], size + 1) == 0


def test_a_system_born_dead_never_acts() -> None:
    log = honest()
    log.order("system", log.rids["app"])
    dead = small_log.system("ghost", 9, "model", log.rids["provider"])
    log.add("ghost", structs.replace(dead, dead=log.rids["order"], t=T0 + 460))
    log.add("ghost copy", structs.replace(small_log.copy("ghost", log.rids["ghost"]), t=T0 + 470))
    grant = small_log.warrant("ghost", log.rids["ghost"], log.rids["ghost copy"], log.rids["provider"])
    log.add("ghost warrant", structs.replace(grant, t=T0 + 480))
    assert {finding.code for finding in log.findings()} == {"monitor.stopped"}


def test_the_same_weights_under_another_name_are_reached() -> None:
    log = honest()
    twin = small_log.system("twin", 9, "model", log.rids["provider"])
    log.add("twin", structs.replace(twin, dig=["sha256:" + fixed("weights base").hex()], t=T0 + 400))
    child = small_log.system("child", 10, "model", log.rids["provider"], EdgeRef(p=log.rids["twin"], rel="finetune"))
    log.add("child", structs.replace(child, t=T0 + 400, parties=[PartyRef(rid=log.rids["provider"], role="deployer")]))
    log.add("child copy", structs.replace(small_log.copy("child", log.rids["child"]), t=T0 + 410))
    log.order("lineage", log.rids["model"], t=T0 + 415)
    grant = small_log.warrant("child", log.rids["child"], log.rids["child copy"], log.rids["provider"])
    log.add("child warrant", structs.replace(grant, t=T0 + 420))
    found = log.findings()
    assert [(finding.code, finding.rid) for finding in found] == [("monitor.stopped", log.rids["child warrant"])]


def test_every_kind_is_read_without_an_error() -> None:
    """Leaves of all kinds that point to nothing: findings, and no exception."""
    leaves = [encode(leaf) for leaf in small_log.every_kind()]
    found = Auditor(Held(), ORIGIN).feed(0, leaves, NOW)
    assert {finding.code for finding in found} <= {
        "monitor.unregistered", "monitor.signature", "monitor.duplicate", "monitor.unwarranted", "monitor.clock",
    }  # fmt: skip
    for finding in found:
        shown = finding.as_dict()
        assert shown["reason"]
        assert shown["reason_zh"]
        assert "{" not in shown["reason"] + shown["remedy"] + shown["reason_zh"] + shown["remedy_zh"]


def test_a_root_log_records_one_size_of_a_shard_once() -> None:
    """Twice is two histories, or one that it forgot having seen."""
    log = honest()
    for name, origin, size in (("a", "one.invalid", 5), ("b", "one.invalid", 6), ("c", "two.invalid", 5)):
        log.add(name, ShardLeaf(n=log.fresh(), origin=origin, root="00" * 32, size=size, t=T0 + 700))
    assert log.findings() == []
    log.add("d", ShardLeaf(n=log.fresh(), origin="one.invalid", root="11" * 32, size=5, t=T0 + 700))
    (found,) = log.findings()
    assert (found.code, found.params["what"]) == ("monitor.duplicate", "size of the log")


def test_a_roster_follows_the_one_before_it_or_is_found_out() -> None:
    def a_roster(seq: int, *signers: str, people: str = "ab") -> RosterLeaf:
        leaf = RosterLeaf(
            auth=[AuthorityRef(keys=[b64u(key("theirs").public)], name="A", need=1)],
            n=nonce(f"roster {seq} {people}"),
            off=[
                OfficerRef(key=a_rid(f"k{each}"), own=a_rid(f"p{each}"), pub=b64u(key(each).public)) for each in people
            ],
            root=RootsRef(keys=[b64u(key(f"root {n}").public) for n in (1, 2)], need=2),
            seq=seq,
            sigs=[],
            t=T0 + 450,
        )
        sigs = [statement.sign(leaf, ORIGIN, key(name), key_id(key(name).public)) for name in signers]
        return structs.replace(leaf, sigs=sigs)

    log = honest()
    log.add("roster", a_roster(1, "root 1", "root 2"))
    log.add("next", a_roster(2, "root 1", "root 2", people="bc"))
    order = structs.replace(their_order(), sigs=[])
    by = statement.sign(order, ORIGIN, key("theirs"), key_id(key("theirs").public))
    log.add("their order", structs.replace(order, sigs=[by]))
    assert [f for f in log.findings() if f.code == "monitor.signature"] == []
    for wrong in (a_roster(3, "root 1"), a_roster(5, "root 1", "root 2"), a_roster(1, "root 1", "root 2")):
        log = honest()
        log.add("roster", a_roster(1, "root 1", "root 2"))
        log.add("next", a_roster(2, "root 1", "root 2", people="bc"))
        log.add("wrong", structs.replace(wrong, n=nonce("wrong")) if wrong.seq == 1 else wrong)
        assert [f.index for f in log.findings() if f.code == "monitor.signature"] == [len(log.leaves) - 1]


def their_order() -> OrderLeaf:
    return OrderLeaf(
        c=hidden(reason=b"why"), dig=[], kind="suspend", n=nonce("theirs"), root="information", scope="world", sigs=[],
        t=T0 + 460,
    )  # fmt: skip


def _system(log: Watched, name: str, num: int, tier: int, maker: str = "") -> str:
    """A registered system with a running copy and a warrant; rid of the copy."""
    leaf = small_log.system(name, num, "agent", log.rids["deployer"])
    more = {"x": {"answerable.maker": {"rid": maker}}} if maker else {}
    rid = log.add(name, structs.replace(leaf, n=log.fresh(), t=T0 + 150, tier=tier, **more))  # type: ignore[arg-type]
    copy = log.add(f"{name} copy", structs.replace(small_log.copy(name, rid), n=log.fresh(), t=T0 + 151))
    given = small_log.warrant(name, rid, copy, log.rids["deployer"])
    log.add(f"{name} warrant", structs.replace(given, n=log.fresh(), t=T0 + 152, tier=tier))
    return copy


def test_what_a_system_made_acts_at_the_tier_of_its_makers() -> None:
    log = honest()
    founder = _system(log, "founder", 3, 2)
    child = _system(log, "child", 4, 1, founder)
    _system(log, "grandchild", 5, 0, child)
    for name, tier, found in (
        ("grandchild", 2, 0), ("grandchild", 1, 1), ("child", 2, 0), ("child", 1, 1), ("founder", 2, 0),
        ("founder", 3, 1),
    ):  # fmt: skip
        before = len(log.findings())
        log.act(sys=log.rids[name], war=log.rids[f"{name} warrant"], tier=tier)
        findings = log.findings()
        assert len(findings) - before == found, (name, tier)
        if found:
            detail = findings[-1].params["detail"]
            assert detail == f"it was judged at tier {tier}, its systems are of tier 2"


def test_what_was_remembered_before_makers_were_counted_accuses_nobody() -> None:
    """A monitor that goes on with the memory of an earlier version does not know who made whom."""
    log = honest()
    founder = _system(log, "founder", 3, 2)
    _system(log, "child", 4, 1, founder)
    memory = Held()
    auditor = Auditor(memory, ORIGIN)
    auditor.feed(0, log.leaves, NOW)
    for name in ("founder", "child"):
        fact = memory.get("system", log.rids[name])
        assert fact.whole
        memory.put("system", log.rids[name], structs.replace(fact, makers=0, whole=False))
    _system(log, "grandchild", 5, 0, log.rids["child copy"])
    found: list[tuple[str, int]] = []
    read = len(log.leaves) - 3
    for name, tier in (("child", 2), ("child", 1), ("child", 0), ("grandchild", 2), ("grandchild", 0)):
        log.act(sys=log.rids[name], war=log.rids[f"{name} warrant"], tier=tier)
        findings = auditor.feed(read, log.leaves[read:], NOW)
        read = len(log.leaves)
        found += [(name, tier) for each in findings if "judged at tier" in str(each.params.get("detail"))]
    assert found == [("child", 0), ("grandchild", 0)], "below what is known all the same"
