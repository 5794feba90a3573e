# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes a carrier of sound or video is given, it raises our errors alone; and what it writes it reads."""

from __future__ import annotations

import contextlib
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats.detect import detect
from fuzz.av_targets import AV_TARGETS
from fuzz.mutated import golden, mutated
from fuzz.targets import run

BEGINNINGS = (
    b"RIFF\xff\xff\xff\xffWAVE", b"RIFF\xff\0\0\0AVI ", b"ID3\3\0\0\0\0\1\0", b"fLaC", b"OggS\0\2",
    b"\0\0\0\x10ftypisom",
    b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff", b"\xff\xfb\x90\0", b"\0\0\0\0moov", b"",
)  # fmt: skip


@pytest.mark.parametrize("name", AV_TARGETS)
@settings(max_examples=50)
@given(data=st.binary(max_size=300), begin=st.sampled_from(BEGINNINGS))
def test_arbitrary_bytes(name: str, data: bytes, begin: bytes) -> None:
    run(AV_TARGETS[name], begin + data)


@pytest.mark.parametrize("name", AV_TARGETS)
@settings(max_examples=100)
@given(chance=st.integers(0, 1 << 32))
def test_golden_files_that_were_changed(name: str, chance: int) -> None:
    run(AV_TARGETS[name], mutated(golden(name.removeprefix("format_")), random.Random(chance)))


@given(st.binary(max_size=100), st.sampled_from(BEGINNINGS))
def test_detection_knows_a_format_or_says_so(data: bytes, begin: bytes) -> None:
    with contextlib.suppress(VerificationError):
        assert "/" in detect(io.BytesIO(begin + data)).media
