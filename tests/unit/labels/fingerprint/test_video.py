# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import numpy as np
import pytest

from answerable.labels.fingerprint.video import of_frames, of_video
from answerable.model.prints import Kind, Print, alike, distance, unlike
from tests.unit.labels.fingerprint.seen import film, tune


def found(data: bytes) -> Print:
    its = of_video(io.BytesIO(data))
    assert its is not None
    return its


@pytest.mark.parametrize(("form", "codec"), [("webm", "libvpx"), ("mpegts", "mpeg2video"), ("avi", "mpeg4")])
def test_a_recoded_film_is_near(form: str, codec: str) -> None:
    for seed in range(3):
        assert alike(distance(found(film(seed, "mp4", "mpeg4")), found(film(seed, form, codec))))


def test_other_films_are_far() -> None:
    prints = [found(film(seed, "mp4", "mpeg4")) for seed in range(8)]
    assert {each.kind for each in prints} == {Kind.VIDEO}
    assert all(unlike(distance(one, other)) for at, one in enumerate(prints) for other in prints[:at])


def test_what_shows_nothing_has_none() -> None:
    assert of_frames([]) is None
    assert of_frames([np.full((32, 32), 7, np.uint8)] * 4) is None
    assert of_video(io.BytesIO(tune(1))) is None


def test_one_frame_is_a_film_too() -> None:
    rng = np.random.default_rng(1)
    assert of_frames([rng.integers(0, 255, (32, 32), np.uint8)]) is not None
