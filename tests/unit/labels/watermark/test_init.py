# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest

from answerable.labels import watermark


def test_what_the_package_offers_and_that_nothing_removes_a_mark() -> None:
    assert all(callable(getattr(watermark, name)) for name in watermark.__all__)
    assert not [name for name in watermark.__all__ if any(word in name for word in ("strip", "remove", "erase"))]
    with pytest.raises(AttributeError):
        _ = watermark.remove  # type: ignore[attr-defined]


def test_importing_it_loads_no_large_library() -> None:
    code = (
        "import sys, answerable.labels.watermark as w; w.embed; print('numpy' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
