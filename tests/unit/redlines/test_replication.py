# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.model import events
from answerable.model.sights import Sight
from answerable.redlines.replication import UNDERWAY_MS, Clone, Egress, SelfImprovement, Unregistered
from answerable.registry import copies
from answerable.registry.requests import EndCopy
from tests.small_redlines import Place, a_rid
from tests.small_registry import digest


def served(place: Place, **more: Any) -> events.WeightsServed:
    return events.WeightsServed(**({"digest": digest("victim"), "endpoint": "http://elsewhere.example/"} | more))


def test_weights_of_a_registered_digest_without_a_registered_copy(place: Place) -> None:
    seen = Unregistered(place.book).see(place.tell(served(place)))
    assert seen is not None
    assert (seen.line, seen.level, seen.system, seen.copy) == ("RL1a", "red", place.victim.rid, "")
    assert not seen.stranger


def test_a_running_copy_of_a_system_that_holds_them_may_serve_them(place: Place) -> None:
    detector = Unregistered(place.book)
    assert detector.see(place.tell(served(place, copy=place.copy.id))) is None
    assert detector.see(place.tell(served(place, copy=place.other.id))) is not None, "of another system"
    place.registry.commit(copies.end(place.book, EndCopy(copy=place.copy.rid), place.now))
    assert detector.see(place.tell(served(place, copy=place.copy.id))) is not None, "it ended"


def test_weights_that_nobody_registered_are_not_ours(place: Place) -> None:
    assert Unregistered(place.book).see(place.tell(served(place, digest=digest("unknown")))) is None


def test_who_speaks_of_another_systems_weights_is_a_stranger(place: Place) -> None:
    seen = Unregistered(place.book).see(place.tell(served(place), system=place.agent.rid, copy=place.other.rid))
    assert seen is not None
    assert seen.stranger
    assert seen.system == place.victim.rid


def asks(place: Place, boot: str, after: int, refused: str = "") -> Sight:
    return Sight("", place.now + after, place.victim.rid, place.copy.rid, boot=boot, refused=refused)


def test_two_live_holders_of_one_key(place: Place) -> None:
    clone = Clone()
    assert clone.see(asks(place, "one", 0)) is None
    assert clone.see(asks(place, "two", 1_000, "warrant.clone")) is None, "it may be a restart"
    assert clone.see(asks(place, "one", 1_000 + UNDERWAY_MS - 1)) is None, "this may have been on its way"
    seen = clone.see(asks(place, "one", 1_000 + UNDERWAY_MS))
    assert seen is not None
    assert (seen.line, seen.level, seen.copy) == ("RL1b", "red", place.copy.rid)
    assert (seen.detail["boot"], seen.detail["other_boot"]) == ("one", "two")


def test_a_copy_that_was_restarted_is_no_clone(place: Place) -> None:
    clone = Clone()
    for sight in (asks(place, "one", 0), asks(place, "two", 1_000, "warrant.clone"), asks(place, "two", 61_000)):
        assert clone.see(sight) is None
    assert clone.see(asks(place, "two", 90_000)) is None


def test_other_refusals_and_other_copies_say_nothing(place: Place) -> None:
    clone = Clone()
    clone.see(asks(place, "two", 0, "warrant.clone"))
    assert clone.see(asks(place, "one", 9_000, "warrant.duty")) is None
    other = Sight("", place.now + 9_000, place.agent.rid, place.other.rid, boot="one")
    assert clone.see(other) is None


@pytest.mark.parametrize("job", ["training", "finetune", "merge", "distil", "quantize"])
def test_a_job_without_a_persons_approval(place: Place, job: Any) -> None:
    seen = SelfImprovement().see(place.tell(events.JobSubmitted(job=job, base=place.victim.rid)))
    assert seen is not None
    assert (seen.line, seen.detail["job"]) == ("RL1c", job)


def test_an_approval_on_record_counts_while_it_lasts(place: Place) -> None:
    detector = SelfImprovement()
    hold, approval = place.approved(until=place.now + 1_000)
    assert detector.see(hold) is None
    assert detector.see(approval) is None
    job = events.JobSubmitted(job="merge", approval=approval.rid)
    assert detector.see(place.tell(job)) is None
    assert detector.see(place.tell(job, at=place.now + 1_000)) is not None, "it ended"
    assert detector.see(place.tell(events.JobSubmitted(job="merge", approval=a_rid()))) is not None, "there is none"


def test_bytes_of_the_weights_to_a_place_that_nobody_approved(place: Place) -> None:
    detector = Egress(("backup.example",))
    assert detector.see(place.tell(events.WeightsEgress(bytes=9, sink="backup.example"))) is None
    assert detector.see(place.tell(events.WeightsEgress(bytes=0, sink="x.example"))) is None
    seen = detector.see(place.tell(events.WeightsEgress(bytes=1, sink="x.example")))
    assert seen is not None
    assert (seen.line, seen.level, seen.detail["bytes"]) == ("RL1d", "red", 1)
    assert detector.see(place.opened()) is None
