# SPDX-License-Identifier: Apache-2.0
"""Every format that a carrier knows, as its golden files stand: labelled, read back, and read as labelled."""

from __future__ import annotations

import time
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.crypto.issuing import issue
from answerable.errors import Refused, VerificationError
from answerable.formats.detect import detect
from answerable.labels.chain import Chain
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.reading import Trust, read_label
from answerable.labels.stages import FIELDLESS
from answerable.marks.propagation import Role
from answerable.marks.signature import State, public_info
from answerable.model.labels import Reading
from tests.small_media import PARTY, PROVIDER

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted(
    path for path in GOLDEN.glob("*/*") if path.is_file() and path.suffix != ".json" and path.parent.name != "stores"
)
KEY = Key.generate()
BY = Labeller(PROVIDER, KEY, Chain.of(issue("Example Ltd", now_ms=time.time_ns() // 1_000_000, days=30)))
TRUST = Trust({public_info(KEY): PARTY})


def test_there_is_a_golden_file_of_each_format() -> None:
    assert {detect(BytesIO(path.read_bytes())).name for path in FILES} >= {
        "jpeg", "png", "webp", "gif", "tiff", "wav", "mp3", "flac", "ogg", "opus", "m4a", "mp4", "mov", "avi", "mkv",
        "webm", "docx", "xlsx", "pptx", "pdf", "markdown", "html", "plain",
    }  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_labelled_and_read_back(path: Path) -> None:
    before = sha256(path.read_bytes()).digest()
    stood = read_label(path)
    try:
        done = label(path, by=BY)
    except (Refused, VerificationError) as error:
        # What stands there cannot be kept as it is, or has no place: nothing is written, and that is said.
        assert error.code in ("label.foreign", "label.unsupported", "label.several", "format.malformed")  # noqa: PT017
        assert stood.verdict is not Reading.NOT_LABELLED or detect(BytesIO(path.read_bytes())).name in FIELDLESS
        return
    finally:
        assert sha256(path.read_bytes()).digest() == before
    assert done.data is not None
    found = read_label(done.data, trust=TRUST)
    assert (found.format, found.verdict) == (done.format, Reading.LABELLED)
    assert found.aigc == done.aigc
    if done.role is Role.PRODUCER:
        assert stood.verdict is Reading.NOT_LABELLED
        assert str(found.signed) == f"signed:{PARTY}"
    else:
        assert stood.aigc is not None
        assert found.aigc is not None
        assert (found.aigc.content_producer, found.aigc.produce_id) == (
            stood.aigc.content_producer,
            stood.aigc.produce_id,
        )
        assert found.propagation.state is State.SIGNED
    assert {"c2pa": "written"}.items() <= {layer.name: layer.state for layer in done.layers}.items() or (
        found.layer("c2pa").state in ("unsupported", "absent")
    )
