# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.envelopes import Motion, Zone

HALL = Zone(x0=0, x1=100, y0=0, y1=50)


def test_a_zone_holds_its_borders() -> None:
    assert HALL.holds(0, 0)
    assert HALL.holds(100, 50)
    assert not HALL.holds(101, 0)
    assert not HALL.holds(0, -1)


def test_what_is_kept_out_of_counts_before_the_area() -> None:
    motion = Motion(area=(HALL,), frame="hall", keep_out=(Zone(x0=40, x1=60, y0=0, y1=50),), max_speed=1)
    assert motion.allows(39, 10)
    assert not motion.allows(40, 10)
    assert not motion.allows(50, 10)
    assert not motion.allows(-1, 10)


def test_read_strictly() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"x0":0,"x1":1,"y0":0,"y1":1,"z":1}', type=Zone)
