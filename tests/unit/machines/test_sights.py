# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.machines.sights import MOST, Sights
from tests.small_site import token
from tests.unit.admission.a_stop import T0
from tests.unit.machines.test_authority import authority, code

SIGHT = (T0, "boot", 3, 2_000)


def test_what_was_seen_is_known_after_a_restart_and_over_after_the_hosts(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    Sights(path, "a").put("copy", SIGHT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Sights(path, "a").get("copy") == SIGHT
    assert Sights(path, "b").get("copy") == (*SIGHT[:3], 0)
    assert Sights(path, "a").get("other") is None


def test_what_cannot_be_written_is_not_seen(tmp_path: Path) -> None:
    sights = Sights(tmp_path / "nowhere" / "seen", "a")
    with pytest.raises(Unavailable, match=r"device\.unrecorded"):
        sights.put("copy", SIGHT)
    assert sights.get("copy") is None


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"boot":"a","seen":{"c":[1]}}'])
def test_a_file_that_cannot_be_read_starts_no_device(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "seen").write_bytes(data)
    with pytest.raises(Unavailable, match=r"device\.unrecorded"):
        Sights(tmp_path / "seen", "a")


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    sights = Sights(tmp_path / "seen", "a")
    for number in range(MOST + 9):
        sights.put(f"copy-{number}", SIGHT)
    assert len(Sights(tmp_path / "seen", "a")._seen) == MOST
    assert sights.get("copy-0") is None


def test_a_device_that_is_started_again_takes_no_old_warrant_for_new(tmp_path: Path) -> None:
    """Its wall clock was set back meanwhile: by that alone the warrant would live again, once more for each start."""
    path = tmp_path / "seen"

    held = authority(sights=Sights(path, "a"))
    held.take(held.read(token(T0), "", now_ms=T0, mono_ms=0), now_ms=T0, mono_ms=0)
    again = authority(sights=Sights(path, "a"))
    lease = again.read(token(T0), "", now_ms=T0, mono_ms=1_500)
    assert lease.ends_mono_ms == 3_500, "as if it were new"
    assert again.take(lease, now_ms=T0, mono_ms=1_500).ends_mono_ms == 2_000
    assert code(again.take, lease, now_ms=T0, mono_ms=2_000) == "warrant.expired"
    # After the host itself was started again its clock began anew.
    other = authority(sights=Sights(path, "b"))
    assert code(other.take, other.read(token(T0), "", now_ms=T0, mono_ms=5), now_ms=T0, mono_ms=5) == "warrant.expired"
