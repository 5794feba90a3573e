# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ctypes
import time

import pytest

from answerable.net import timex
from answerable.net.timex import read_clock


def test_what_the_kernel_says() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    reading = read_clock()
    assert reading is not None
    assert before <= reading.mono_ms <= time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    assert 0 <= reading.error_ms <= 16_001  # the kernel lets maxerror grow to 16 s and no further


def test_the_structure_is_that_of_the_header() -> None:
    # <sys/timex.h> on 64-bit Linux: 208 bytes.
    assert ctypes.sizeof(timex._Timex) == 208
    assert timex._Timex.status.offset == 40
    assert timex._Timex.maxerror.offset == 24


def test_a_clock_that_cannot_be_read_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> object:
        raise OSError

    monkeypatch.setattr(timex.ctypes, "CDLL", nowhere)
    assert read_clock() is None
