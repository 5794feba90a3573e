# SPDX-License-Identifier: Apache-2.0
"""The child's process, without a model: what it does when it is told nonsense, and when it is left alone."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from answerable.upstreams.child import Order, Ready


def run(data: bytes) -> Ready:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "answerable.upstreams.child"],
        input=data,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    return msgspec.json.decode(done.stdout, type=Ready)


def order(directory: Path, parent: int) -> bytes:
    made = Order(
        kind="generation", weights="/nothing", directory=str(directory), model="m", parent=parent, threads=1,
        context=128, slots=1,
    )  # fmt: skip
    return msgspec.json.encode(made) + b"\n"


def test_an_order_that_is_none() -> None:
    assert "ValidationError" in run(b"{}\n").error
    assert run(b"\n").error


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    ready = run(order(tmp_path, os.getpid()))
    assert ready.error
    assert ready.key == ""


def test_a_child_whose_parent_is_gone_does_not_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "answerable.upstreams.child"],
        input=order(tmp_path, 1 if os.getpid() != 1 else 2),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert list(tmp_path.iterdir()) == []
