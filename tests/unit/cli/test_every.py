# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import os
import signal

import pytest

from answerable.cli.every import add_every, repeat, seconds
from answerable.errors import Refused, Unavailable


@pytest.mark.parametrize(
    ("text", "value"),
    [("500ms", 0.5), ("10s", 10.0), ("5m", 300.0), ("1h", 3600.0), ("2", 2.0), ("0.5s", 0.5), ("1d", 86400)],
)
def test_durations_as_people_write_them(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "s", "0", "-1s", "1w", "1e9d", "nan", "inf", "400d", "1.2.3s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


def test_the_option() -> None:
    parser = argparse.ArgumentParser()
    add_every(parser, "again")
    assert parser.parse_args([]).every == 0
    assert parser.parse_args(["--every", "10s"]).every == 10


def test_once() -> None:
    done: list[int] = []
    repeat(lambda: done.append(1), 0.0, print)
    assert done == [1]


def test_again_until_a_signal_and_what_could_not_be_done_is_told_once() -> None:
    rounds = 0
    told: list[str] = []

    def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        if rounds in (2, 3, 5):
            raise Unavailable("log.full")

    before = signal.getsignal(signal.SIGTERM)
    repeat(work, 0.001, told.append)
    assert rounds >= 6
    assert len(told) == 2  # rounds 2 and 3 said the same
    assert told[0].startswith("log.full: ")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_no_ends_it_and_so_does_a_first_round_that_cannot() -> None:
    def refuse() -> None:
        raise Refused("log.conflict")

    def cannot() -> None:
        raise Unavailable("log.full")

    with pytest.raises(Refused):
        repeat(refuse, 0.001, print)
    with pytest.raises(Unavailable):
        repeat(cannot, 0.001, print)
