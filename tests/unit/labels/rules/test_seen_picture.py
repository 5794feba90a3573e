# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest

from answerable.errors import VerificationError
from answerable.labels import explicit
from answerable.labels.explicit.plan import Corner, Plan
from answerable.labels.rules.seen import FOUND, SHORT, UNSEEN
from answerable.labels.rules.seen_picture import look, plans
from tests.unit.labels.rules.files import noise

MEDIA = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF", "image/tiff": "TIFF"}


def drawn(plan: Plan, media: str = "image/png", data: bytes = b"") -> BytesIO:
    out = BytesIO()
    explicit.render(BytesIO(data or noise(MEDIA[media])), out, media, plan)
    return out


@pytest.mark.parametrize("media", [each for each in MEDIA if each != "image/gif"])
def test_words_are_found_in_each_format(media: str) -> None:
    found = look(drawn(Plan("both"), media), media)
    assert (found.state, found.certain) == (FOUND, True), found
    assert found.detail.startswith("AI生成 AI-generated: ")


@pytest.mark.parametrize("corner", [Corner.TOP_LEFT, Corner.BOTTOM, Corner.RIGHT])
@pytest.mark.parametrize("icon", [False, True])
def test_words_are_found_in_each_corner(corner: Corner, icon: bool) -> None:
    assert look(drawn(replace(Plan("en"), corner=corner, icon=icon)), "image/png").state == FOUND


def test_what_the_command_can_draw() -> None:
    assert {(each.language, each.icon) for each in plans()} == {
        (language, icon) for language in ("en", "zh", "both") for icon in (False, True)
    }


def test_words_of_others_are_not_seen() -> None:
    assert look(BytesIO(noise()), "image/png").state == UNSEEN
    other = drawn(replace(Plan("zh"), words="人工智能合成"))
    assert look(other, "image/png").state == UNSEEN


def test_words_that_have_faded_are_short() -> None:
    from PIL import Image

    faded = BytesIO()
    Image.open(drawn(Plan("zh"))).point(lambda value: 110 + value // 9).save(faded, "PNG")
    found = look(faded, "image/png")
    assert found.state == SHORT, found


def test_a_picture_too_small_for_words() -> None:
    assert look(BytesIO(noise("PNG", 16, 16)), "image/png").state == UNSEEN


def test_foreign_pixels() -> None:
    with pytest.raises(VerificationError) as caught:
        look(BytesIO(noise()[:200]), "image/png")
    assert caught.value.code == "format.malformed"
    with pytest.raises(VerificationError) as caught:
        look(BytesIO(noise()), "image/avif")
    assert caught.value.code == "format.unsupported"


def test_more_pixels_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.labels.explicit.pictures.MAX_PIXELS", 1_000)
    with pytest.raises(VerificationError) as caught:
        look(BytesIO(noise()), "image/png")
    assert caught.value.code == "format.oversized"
