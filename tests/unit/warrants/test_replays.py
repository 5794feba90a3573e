# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.warrants import replays as module
from answerable.warrants.replays import OVERLAP_MS, Replays
from tests.unit.admission.a_warrant import T0, WARRANT


def warrant(seq: int = 1, **changed: Any) -> Any:
    shown = msgspec.structs.replace(WARRANT, **{"seq": seq, "jti": f"j{seq}{changed}", **changed})
    return SimpleNamespace(warrant=shown)


def ask(replays: Replays, w: Any, mono: int = 0) -> bool:
    try:
        replays.check(w, now_ms=T0, mono_ms=mono)
    except Refused as refusal:
        return refusal.code != "warrant.replayed"
    return True


def test_newer_ones_follow_and_the_same_one_goes_on() -> None:
    replays = Replays()
    assert all(ask(replays, warrant(seq)) for seq in (1, 1, 2, 2, 5))


def test_one_that_was_followed_counts_no_longer_after_the_overlap() -> None:
    replays = Replays()
    assert ask(replays, warrant(1))
    assert ask(replays, warrant(2), mono=10)
    assert ask(replays, warrant(1), mono=10 + OVERLAP_MS)
    assert not ask(replays, warrant(1), mono=11 + OVERLAP_MS)
    assert ask(replays, warrant(3), mono=20)
    assert not ask(replays, warrant(1), mono=20)


def test_two_of_one_number_are_a_clone() -> None:
    replays = Replays()
    assert ask(replays, warrant(2))
    assert not ask(replays, warrant(2, exp_ms=T0 + 1))


def test_a_later_boot_ends_the_one_before() -> None:
    replays = Replays()
    assert ask(replays, warrant(9))
    assert ask(replays, warrant(1, nonce="later", iat_ms=T0 + 1))
    assert not ask(replays, warrant(10))
    assert not ask(replays, warrant(1, nonce="same instant", iat_ms=T0 + 1))


def test_keys_are_apart() -> None:
    replays = Replays()
    assert ask(replays, warrant(5))
    assert ask(replays, warrant(1, key="other"))


def test_memory_is_bounded_and_what_lives_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KEYS", 2)
    replays = Replays()
    ask(replays, warrant(5))
    ask(replays, warrant(1, key="ended", exp_ms=T0))
    ask(replays, warrant(1, key="third"))
    assert len(replays._newest) == 2
    assert not ask(replays, warrant(3))


def test_the_newest_of_one_boot_stands_for_those_before_it() -> None:
    replays, first, second = Replays(), warrant(1), warrant(2)
    assert replays.newest(first) is first
    assert ask(replays, first)
    assert ask(replays, second)
    assert replays.newest(first) is second
    assert replays.newest(second) is second
    assert replays.newest(other := warrant(1, key="other")) is other
    assert replays.newest(boot := warrant(1, nonce="another boot")) is boot
