# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from answerable.cli.motion import at, limits, read_bytes, zone
from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.model.envelopes import Zone


def test_a_zone_is_four_numbers() -> None:
    assert zone("-1,2,-3,4") == Zone(x0=-1, x1=2, y0=-3, y1=4)
    for bad in ("", "1,2,3", "1,2,3,x", "2,1,0,0", "0,0,2,1"):
        with pytest.raises(Refused):
            zone(bad)


def test_no_area_is_no_motion_and_an_area_needs_a_speed() -> None:
    given = argparse.Namespace(area=[], keep_out=[], max_speed=None, frame="f")
    assert limits(given) is None
    given.area = ["0,1,0,1"]
    with pytest.raises(Refused, match="max-speed"):
        limits(given)
    given.max_speed = 7
    found = limits(given)
    assert found is not None
    assert (found.max_speed, found.frame, found.area) == (7, "f", (Zone(x0=0, x1=1, y0=0, y1=1),))


def test_where_a_machine_is() -> None:
    key = b64u(bytes(32))
    assert at(f"zenoh:tcp/127.0.0.1:1#{key}") == ("zenoh:tcp/127.0.0.1:1", bytes(32))
    for bad in ("", "zenoh:x", f"#{key}", "zenoh:x#AA", "zenoh:x#%"):
        with pytest.raises(Refused):
            at(bad)


def test_a_message_in_a_file_is_its_line_without_the_end(tmp_path: Path) -> None:
    """As `pulse run --to FILE` leaves it: canonical JSON has no line's end."""
    file = tmp_path / "newest.pulse"
    file.write_bytes(b'{"v":1}\n')
    assert read_bytes(file) == b'{"v":1}'
