# SPDX-License-Identifier: Apache-2.0
"""Manifests that we sign, read by a reader that is not ours and was written from the specifications, and by
exiftool."""

from __future__ import annotations

import json
import random
import subprocess
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from answerable.crypto.issuing import ES256, Issued, issue
from answerable.labels import c2pa
from answerable.labels.chain import Chain
from answerable.labels.manifest import GENERATED, Said, SoftBinding
from tests.independent.c2pa_reader import Bad, check

NOW = int(time.time() * 1000)
MARK = SoftBinding("org.answerable.image.1", b"\1\2\3\4\5\6")
SAID = Said("record-1", "system-1", "party-1", NOW, b"a receipt", MARK)
FORMATS = ("image/png", "image/jpeg")


def picture(media: str, size: int = 96) -> BytesIO:
    pixels = random.Random(1).randbytes(size * size * 3)
    out = BytesIO()
    Image.frombytes("RGB", (size, size), pixels).save(out, media.removeprefix("image/").upper())
    return out


@pytest.fixture(scope="module", params=["ed25519", ES256])
def issued(request: pytest.FixtureRequest) -> Issued:
    return issue("示例 Ltd", now_ms=NOW, days=30, algorithm=request.param)


def signed(media: str, issued: Issued, source: BytesIO | None = None, said: Said = SAID) -> bytes:
    out = BytesIO()
    c2pa.sign(source or picture(media), out, media, chain=Chain.of(issued), said=said)
    return out.getvalue()


@pytest.mark.parametrize("media", FORMATS)
def test_signature_hashes_and_binding_hold(media: str, issued: Issued) -> None:
    found = check(signed(media, issued), root=issued.root, at=datetime.now(UTC))
    assert found.assertions["org.answerable.record"] == {
        "record": "record-1", "system": "system-1", "party": "party-1", "made_at": NOW, "receipt": "YSByZWNlaXB0",
    }  # fmt: skip
    actions = found.assertions["c2pa.actions.v2"]["actions"]
    assert [each["action"] for each in actions] == ["c2pa.created", "c2pa.watermarked.bound"]
    assert actions[0]["digitalSourceType"] == GENERATED
    assert bytes(found.assertions["c2pa.soft-binding"]["blocks"][0]["value"]) == b"\1\2\3\4\5\6"
    assert found.claim["claim_generator_info"]["name"] == "answerable"
    assert len(found.claim["created_assertions"]) == 4, "no thumbnail, nothing that the signer does not say itself"


@pytest.mark.parametrize("media", FORMATS)
def test_every_flipped_byte_is_found(media: str, issued: Issued) -> None:
    data = signed(media, issued)
    drawn = random.Random(media)
    for at in sorted(drawn.sample(range(len(data)), 120)):
        changed = bytearray(data)
        changed[at] ^= 1 << drawn.randrange(8)
        # Of the manifest itself a few bytes are padding and salt that nothing signs: what they hold must not matter.
        try:
            found = check(bytes(changed), root=issued.root)
        except Exception:  # noqa: BLE001  a broken structure is one way of being found
            continue
        assert found.assertions == check(data).assertions, at
        start = data.index(b"jumb")
        assert start < at < start + 14_000, f"byte {at} lies outside the manifest"


def test_another_root_and_another_time_do_not_hold(issued: Issued) -> None:
    data = signed("image/png", issued)
    with pytest.raises(Bad, match="signature"):
        check(data, root=issue("示例 Ltd", now_ms=NOW, days=30).root)
    with pytest.raises(Bad, match="in force"):
        check(data, root=issued.root, at=datetime.now(UTC) + timedelta(days=31))


@pytest.mark.parametrize("media", FORMATS)
def test_a_parent_is_kept_and_both_hold(media: str, issued: Issued) -> None:
    first = signed(media, issued)
    for _ in range(6):  # more than one segment of a JPEG holds
        first = signed(media, issued, BytesIO(first), Said("record-2", "s", "p", NOW, edited=True))
    found = check(first, root=issued.root)
    assert found.manifests == 7
    assert found.assertions["c2pa.ingredient.v3"]["relationship"] == "parentOf"


@pytest.mark.system("exiftool")
@pytest.mark.parametrize("media", FORMATS)
def test_exiftool_reads_it(media: str, issued: Issued, tmp_path: Path) -> None:
    file = tmp_path / ("x." + media.removeprefix("image/"))
    file.write_bytes(signed(media, issued))
    told = subprocess.run(
        ["exiftool", "-json", "-struct", "-jumbf:all", str(file)], capture_output=True, check=True, timeout=60
    )
    read = json.loads(told.stdout)[0]
    assert (read["Record"], read["System"], read["Party"]) == ("record-1", "system-1", "party-1")
    assert read["Actions"][0]["digitalSourceType"] == GENERATED
    assert read["Blocks"]["value"] == [1, 2, 3, 4, 5, 6]
