# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest

import answerable.labels as labels


def test_what_the_package_offers() -> None:
    assert all(callable(getattr(labels, name)) for name in labels.__all__)
    with pytest.raises(AttributeError):
        _ = labels.remove_label  # type: ignore[attr-defined]


def test_nothing_removes_a_label() -> None:
    assert not [name for name in labels.__all__ if any(word in name for word in ("strip", "remove", "delete", "clean"))]


def test_importing_it_loads_no_large_library() -> None:
    large = ("PIL", "numpy", "scipy", "av", "c2pa", "pypdf", "iscc_lib", "gmalg", "starlette", "cryptography")
    code = f"import sys, answerable.labels; print([name for name in {large} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
