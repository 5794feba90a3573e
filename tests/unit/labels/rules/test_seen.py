# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO

import pytest

from answerable.errors import VerificationError
from answerable.labels.rules import seen
from tests.unit.labels.rules.files import golden, noise

FILES = {
    "png": ("image/png", "image", noise()),
    "mp4": ("video/mp4", "video", golden("mp4/plain.mp4")),
    "wav": ("audio/wav", "audio", golden("wav/plain.wav")),
    "html": ("text/html", "text", golden("html/bare.html")),
}


@pytest.mark.parametrize("format", FILES)
def test_each_medium_is_looked_at_by_its_own(format: str) -> None:
    media, medium, data = FILES[format]
    found = seen.look(BytesIO(data), format, media, medium)
    assert found.state == (seen.ABSENT if medium == "text" else seen.UNSEEN)
    assert found.detail
    assert found.detail_zh
    assert not found.certain


@pytest.mark.parametrize("medium", ["image", "video", "audio"])
def test_what_cannot_be_read_is_refused(medium: str) -> None:
    with pytest.raises(VerificationError, match="damaged"):
        seen.look(BytesIO(b"nothing"), "png", "image/png", medium)
