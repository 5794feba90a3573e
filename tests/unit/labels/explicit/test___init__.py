# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import pytest

from answerable.errors import Refused
from answerable.labels.explicit import pictures, render, sounds, texts, videos
from answerable.labels.explicit.plan import Plan
from tests.small_media import picture
from tests.small_sounds import sound
from tests.small_videos import video


def test_one_door_for_every_medium() -> None:
    made = [
        (picture("PNG", (200, 200)), "image/png", pictures.Report),
        (sound("wav").getvalue(), "audio/wav", sounds.Report),
        (video("mp4").getvalue(), "video/mp4", videos.Report),
        (b"text", "text/plain", texts.Report),
    ]
    for data, media, kind in made:
        assert type(render(BytesIO(data), BytesIO(), media, Plan())) is kind
    with pytest.raises(Refused, match=r"label\.explicit"):
        render(BytesIO(b""), BytesIO(), "application/json", Plan())


def test_importing_it_loads_no_library() -> None:
    heavy = "{'PIL', 'numpy', 'av', 'pypdf'}"
    code = f"import sys, answerable.labels.explicit.plan; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
