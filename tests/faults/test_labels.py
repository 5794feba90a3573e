# SPDX-License-Identifier: Apache-2.0
"""Labelling that is cut: kill -9 at random points, and a disk that is full at any byte. The original is whole, and what
stands under a name is either as it was or labelled whole.

`FAULT_ROUNDS` sets how often it is killed.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from answerable.labels import Labeller, label
from tests.av_bytes import wav

ROUNDS = min(int(os.environ.get("FAULT_ROUNDS", "12")), 200)
ROOT = Path(__file__).parents[2]
BY = Labeller("001191350100M000100Y431ABCD")
RECORD = "r" * 32
KILLED = """
import shutil, sys
from itertools import count
from pathlib import Path
from answerable.labels import Labeller, label
folder, by = Path(sys.argv[1]), Labeller("001191350100M000100Y431ABCD")
print("ready", flush=True)
for number in count():
    label(folder / "source.wav", folder / f"out-{number}.wav", by=by, record="r" * 32)
    label(folder / "here.wav", folder / "here.wav", by=by, record="r" * 32, in_place=True)
    shutil.copyfile(folder / "source.wav", folder / "next")
    (folder / "next").replace(folder / "here.wav")
"""
FULL = """
import resource, sys
from pathlib import Path
from answerable.errors import AnswerableError
from answerable.labels import Labeller, label
folder, limit, in_place = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "True"
by = Labeller("001191350100M000100Y431ABCD")
target = folder / ("source.wav" if in_place else "out.wav")
label(folder / "warm.wav", folder / "warm-out.wav", by=by, record="r" * 32)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    label(folder / "source.wav", target, by=by, record="r" * 32, in_place=in_place)
except AnswerableError as error:
    print(error.code)
else:
    print("labelled")
"""


def _made(size: int) -> tuple[bytes, bytes]:
    """A file, and the same labelled: as labelling has nothing random in it but the id, it is always the same."""
    source = wav(samples=random.Random(1).randbytes(size))
    labelled = label(source, by=BY, record=RECORD).data
    assert labelled is not None
    return source, labelled


def test_killed_at_any_point_the_original_is_whole_and_no_half_of_a_file_has_its_name(tmp_path: Path) -> None:
    source, labelled = _made(3 << 20)
    drawn = random.Random(7)
    named = 0
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "source.wav").write_bytes(source)
        (folder / "here.wav").write_bytes(source)
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
        ) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"ready\n"
            time.sleep(drawn.uniform(0, 0.4))
            victim.send_signal(signal.SIGKILL)
            assert victim.wait(30) == -signal.SIGKILL
        assert (folder / "source.wav").read_bytes() == source
        assert (folder / "here.wav").read_bytes() in (source, labelled)
        for path in folder.glob("out-*"):
            assert path.read_bytes() == labelled, path
            named += 1
        # A draft that was about to get its name may be left, under a hidden one, whole too.
        assert all(path.read_bytes() == labelled for path in folder.glob(".*.new"))
        assert len(list(folder.glob(".*"))) <= 1
    assert named, "it was always killed before anything was labelled"


@pytest.mark.parametrize("in_place", [False, True])
def test_where_the_disk_is_full_nothing_is_named(tmp_path: Path, in_place: bool) -> None:
    """The limit on the size of a file refuses a write at a byte, as a full disk does."""
    source, labelled = _made(300_000)
    (tmp_path / "source.wav").write_bytes(source)
    (tmp_path / "warm.wav").write_bytes(wav())
    for limit in (0, 1, 20_000, 262_144, len(labelled) - 1):
        out = subprocess.run(
            [sys.executable, "-c", FULL, str(tmp_path), str(limit), str(in_place)],
            capture_output=True, check=False, timeout=60, cwd=ROOT,
        )  # fmt: skip
        assert out.stdout == b"label.target\n", out.stderr.decode()
        assert (tmp_path / "source.wav").read_bytes() == source
        assert sorted(path.name for path in tmp_path.iterdir()) == ["source.wav", "warm-out.wav", "warm.wav"]
        (tmp_path / "warm-out.wav").unlink()
    out = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(len(labelled)), str(in_place)],
        capture_output=True, check=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert out.stdout == b"labelled\n"
    assert (tmp_path / ("source.wav" if in_place else "out.wav")).read_bytes() == labelled
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != len(labelled), "the limit is the child's alone"
