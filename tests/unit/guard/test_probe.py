# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

from answerable.guard.primitives import BY_NAME
from answerable.guard.probe import capabilities, look, tried


def test_what_was_tried_in_a_child_leaves_us_as_we_were() -> None:
    before = os.getuid()

    def refused() -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    assert tried(refused) == "Operation not permitted"
    assert tried(lambda: None) == ""
    assert os.getuid() == before


def test_each_primitive_is_tried() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "answerable.guard.probe"], capture_output=True, timeout=30, check=True
    )
    said = json.loads(done.stdout)
    assert set(said) >= set(BY_NAME) - {"cgroup", "unix-sockets"}
    assert set(said) == set(look())
    assert all(isinstance(why, str) for why in said.values())


def test_capabilities_are_read_as_the_kernel_writes_them() -> None:
    assert capabilities("Name:\tx\nCapEff:\t0000000000200080\n") == 1 << 21 | 1 << 7
    assert capabilities("") == 0
