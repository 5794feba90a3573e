# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of its wall clock: adjtimex(2) with nothing to set, which any user may call.

`STA_UNSYNC` is set until an NTP client has set the clock, and again by itself when none disciplines it any more:
`maxerror` then grows by 500 ppm until it reaches 16 s.
"""

from __future__ import annotations

import ctypes
import time
from typing import ClassVar, Final

from answerable.admission.clocks import Reading

STA_UNSYNC: Final = 0x0040
TIME_ERROR: Final = 5


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance", "sec", "usec", "tick")),
        *((name, ctypes.c_long) for name in ("ppsfreq", "jitter")),
        ("shift", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("spare", ctypes.c_int * 11),
    ]


def read_clock() -> Reading | None:
    """The state of the clock now; None where it cannot be read, which counts as not synchronised."""
    mono_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    found = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(found))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    # maxerror is in microseconds, STA_NANO or not.
    return Reading(
        synchronised=state != TIME_ERROR and not found.status & STA_UNSYNC,
        error_ms=-(-int(found.maxerror) // 1000),
        mono_ms=mono_ms,
    )
