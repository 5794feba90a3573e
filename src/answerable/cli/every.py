# SPDX-License-Identifier: Apache-2.0
"""Doing something once, or again and again until somebody ends it: what the watching verbs share."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable
from typing import Final

from answerable.cli.talk import language
from answerable.errors import AnswerableError, Unavailable

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_MOST: Final = 366 * 86_400.0


def seconds(text: str) -> float:
    """A duration as people write it: ``500ms``, ``10s``, ``5m``, ``1h``, ``30d``; a plain number is seconds."""
    unit = next((unit for unit in _UNITS if text.endswith(unit) and text[: -len(unit)].replace(".", "").isdigit()), "")
    try:
        value = float(text.removesuffix(unit)) * _UNITS.get(unit, 1.0)
    except ValueError:
        value = -1.0
    if not 0 < value <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 500ms, 10s, 5m, 1h or 30d")
    return value


def add_every(parser: argparse.ArgumentParser, words: str) -> None:
    """The option `--every`, 0 where it is not given."""
    parser.add_argument("--every", type=seconds, default=0.0, metavar="10s", help=words)


def repeat(work: Callable[[], None], every: float, tell: Callable[[str], None]) -> None:
    """`work` once, or where `every` is not 0 each so many seconds until SIGINT or SIGTERM. What a later round could not
    do for now (Unavailable) is told and tried again; any other error, and all of the first round, is raised."""
    work()
    if not every:
        return
    ended = threading.Event()
    before = [(number, signal.signal(number, lambda *_: ended.set())) for number in (signal.SIGINT, signal.SIGTERM)]
    told = ""
    try:
        while not ended.wait(every):
            try:
                work()
                told = ""
            except Unavailable as error:
                if (line := _line(error)) != told:
                    tell(line)
                told = line
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _line(error: AnswerableError) -> str:
    return f"{error.code}: {error.reason(language())}"
