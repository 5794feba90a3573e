# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from answerable.labels.fingerprint import fingerprint
from answerable.model.prints import Kind
from tests.unit.labels.fingerprint.seen import film, scene, tune


def png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(scene(1)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("media", "data", "kinds"),
    [
        ("image/png", png(), {Kind.IMAGE}),
        ("audio/wav", tune(1), {Kind.AUDIO}),
        ("video/mp4", film(1, "mp4", "mpeg4"), {Kind.VIDEO}),
        ("text/html", b"<html>", set()),
        ("application/pdf", b"%PDF-", set()),
    ],
)
def test_each_medium_has_its_own(media: str, data: bytes, kinds: set[Kind]) -> None:
    assert {each.kind for each in fingerprint(io.BytesIO(data), media)} == kinds


def test_nothing_large_is_loaded_before_it_is_used() -> None:
    code = "import sys, answerable.labels.tracing; print(sorted({'numpy', 'PIL', 'av', 'iscc_lib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
