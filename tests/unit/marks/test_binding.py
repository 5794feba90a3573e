# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from answerable.crypto import ed25519, p256, sm2
from answerable.marks import aigc
from answerable.marks.binding import TYPE, Bound, Match, bind, bind_propagation, bound_by, compare
from answerable.marks.signature import (
    LabelKey,
    State,
    check,
    check_propagation,
    sign,
    sign_propagation,
)
from answerable.model.labels import AIGC
from answerable.model.prints import Kind, Print

LABEL = AIGC("1", "001191350100M000100Y431ABCD", "abcdefghijklmnopqrstuvwxyz234567")
KEY = ed25519.Key.generate()
PRINT = Print(Kind.IMAGE, 1, (1, 2, 3))
WORDS = tuple(range(1, 25))
BOUND = Bound(bytes(range(32)), (PRINT,), WORDS)


def found(label: AIGC) -> tuple[tuple[Bound, ...], bool]:
    return bound_by(label, check(label), check_propagation(label))


@pytest.mark.parametrize("key", [KEY, p256.Key.generate(), sm2.Key.generate()], ids=["Ed25519", "ES256", "SM2"])
@pytest.mark.parametrize("bound", [BOUND, Bound(bytes(32)), Bound(prints=(PRINT, PRINT)), Bound(sketch=WORDS)])
def test_what_a_label_was_signed_for(key: LabelKey, bound: Bound) -> None:
    label = bind(sign(LABEL, key), key, bound)
    assert found(label) == ((bound,), False)
    assert aigc.read(aigc.write(label)).aigc == label
    # The guide's own entries stand as before, and first.
    whole = json.loads(label.reserved_code1)["SecurityData"]["PubSD"]
    assert [entry["Type"] for entry in whole] == ["DS", "PubKey", TYPE]
    assert check(label).state is State.SELF_CONSISTENT
    assert found(sign(LABEL, key)) == ((), False)


def test_what_was_passed_on_is_signed_for_too() -> None:
    theirs = bind(sign(LABEL, KEY), KEY, BOUND)
    ours = ed25519.Key.generate()
    passed = msgspec.structs.replace(theirs, content_propagator="us", propagate_id="rid")
    passed = bind_propagation(sign_propagation(passed, ours), ours, Bound(bytes(32)))
    assert found(passed) == ((BOUND, Bound(bytes(32))), False)
    assert passed.reserved_code1 == theirs.reserved_code1


def changed(label: AIGC, change: Any) -> AIGC:
    value = json.loads(label.reserved_code1)
    change(value["SecurityData"]["PubSD"])
    return msgspec.structs.replace(label, reserved_code1=json.dumps(value, separators=(",", ":")))


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries[2].update(Content="00" * 32),
        lambda entries: entries[2].update(Prints=PRINT.tag().hex() + "," + PRINT.tag().hex()),
        lambda entries: entries[2].pop("Sketch"),
        lambda entries: entries[2].update(Sketch="0000000G"),
        lambda entries: entries[2].update(Content=7),
        lambda entries: entries[2].update(Content="0" * 10),
        lambda entries: entries[2].update(Signature="00"),
        lambda entries: entries[2].pop("Signature"),
        lambda entries: entries[2].update(bind(sign(LABEL, OTHER), OTHER, BOUND) and another()),
    ],
)
def test_an_entry_that_was_changed_is_found(change: Any) -> None:
    assert found(changed(bind(sign(LABEL, KEY), KEY, BOUND), change)) == ((), True)


OTHER = ed25519.Key.generate()


def another() -> dict[str, str]:
    """The entry of somebody else's key."""
    entry: dict[str, str] = json.loads(bind(sign(LABEL, OTHER), OTHER, BOUND).reserved_code1)["SecurityData"]["PubSD"][
        2
    ]
    return entry


def test_an_entry_of_another_label_does_not_hold() -> None:
    other = msgspec.structs.replace(LABEL, produce_id="another")
    moved = json.loads(bind(sign(other, KEY), KEY, BOUND).reserved_code1)["SecurityData"]["PubSD"][2]
    label = changed(sign(LABEL, KEY), lambda entries: entries.append(moved))
    assert found(label) == ((), True)


def test_beside_a_signature_that_does_not_hold_it_says_nothing() -> None:
    label = msgspec.structs.replace(bind(sign(LABEL, KEY), KEY, BOUND), produce_id="another")
    assert check(label).state is State.BAD
    assert found(label) == ((), False)
    assert found(msgspec.structs.replace(LABEL, reserved_code1="opaque")) == ((), False)


NEAR = Print(Kind.IMAGE, 1, (1 ^ 0b111, 2, 3))
BETWEEN = Print(Kind.IMAGE, 1, (1 ^ 0xFF, 2, 3))
FAR = Print(Kind.IMAGE, 1, (1 ^ 0xFFFFFF, 2, 3))


@pytest.mark.parametrize(
    ("seen", "match"),
    [
        (BOUND, Match.SAME),
        (Bound(bytes(range(32))), Match.SAME),
        (Bound(bytes(32), (NEAR,)), Match.ALIKE),
        (Bound(bytes(32), (FAR, NEAR)), Match.ALIKE),  # within a border
        (Bound(bytes(32), (BETWEEN,)), Match.CHANGED),
        (Bound(bytes(32), (FAR,)), Match.DIFFERS),
        (Bound(bytes(32), (FAR, BETWEEN)), Match.CHANGED),
        (Bound(bytes(32), (Print(Kind.AUDIO, 1, (1, 2, 3)),)), Match.DIFFERS),
        (Bound(bytes(32), (Print(Kind.VIDEO, 1, (1, 2, 3)),)), Match.CHANGED),  # a picture that became a film
        (Bound(bytes(32), (Print(Kind.VIDEO, 1, (1, 2, 3)), FAR)), Match.CHANGED),
        (Bound(bytes(32), (Print(Kind.IMAGE, 2, (1, 2, 3)),)), Match.CHANGED),  # of another version nothing is known
        (Bound(bytes(32)), Match.CHANGED),
        (Bound(bytes(32), (), WORDS[:6]), Match.ALIKE),
        (Bound(bytes(32), (), (1, 2, 900)), Match.CHANGED),
        (Bound(bytes(32), (), (900, 901)), Match.DIFFERS),
    ],
)
def test_how_far_a_file_is_what_the_label_was_signed_for(seen: Bound, match: Match) -> None:
    assert compare(BOUND, seen) is match


@pytest.mark.parametrize(
    ("made", "of", "match"),
    [
        (Kind.IMAGE, Kind.VIDEO, Match.CHANGED),  # a GIF or a still
        (Kind.AUDIO, Kind.VIDEO, Match.CHANGED),  # its sound
        (Kind.VIDEO, Kind.AUDIO, Match.CHANGED),
        (Kind.IMAGE, Kind.AUDIO, Match.DIFFERS),
    ],
)
def test_nothing_is_said_of_what_was_converted_to_another_medium(made: Kind, of: Kind, match: Match) -> None:
    assert compare(Bound(prints=(Print(of, 1, (1, 2, 3)),)), Bound(prints=(Print(made, 1, (1, 2, 3)),))) is match


def test_nothing_is_said_to_differ_by_digests_alone() -> None:
    assert compare(Bound(bytes(32)), BOUND) is Match.CHANGED
    assert compare(Bound(b"", (), (1, 2)), BOUND) is Match.CHANGED
