# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import threading
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from answerable.labels.explicit import priority, videos
from answerable.labels.explicit.plan import Plan


def mine() -> int:
    return os.sched_getscheduler(threading.get_native_id())


def test_what_was_changed_is_put_back() -> None:
    """SCHED_BATCH, which needs no rights, for what needs them."""
    before, other = mine(), threading.Event()
    seen: list[int] = []

    def begun() -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        seen.append(threading.get_native_id())
        other.wait(20)

    assert before != os.SCHED_BATCH
    thread = threading.Thread(target=begun)
    with priority.kept():
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        thread.start()
        while not seen:
            os.sched_yield()
        assert mine() == os.SCHED_BATCH
    assert (mine(), os.sched_getscheduler(seen[0])) == (before, before)
    other.set()
    thread.join()


def test_nothing_where_there_is_no_list_of_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(priority, "_TASKS", tmp_path / "missing")
    with priority.kept():
        pass


def test_coding_av1_leaves_no_thread_above_all_others() -> None:
    made = BytesIO()
    with priority.kept(), av.open(made, "w", format="mp4") as container:
        stream = container.add_stream("libsvtav1", rate=10, options={"preset": "12"})
        stream.width, stream.height, stream.pix_fmt = 192, 160, "yuv420p"
        for number in range(4):
            frame = av.VideoFrame.from_ndarray(np.full((160, 192, 3), 90 + number, np.uint8), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    before = mine()
    assert videos.render(made, BytesIO(), "video/mp4", Plan("zh")).coded.startswith("libsvtav1")
    assert mine() == before
