# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import sys
from io import BytesIO

import numpy as np
import pytest

from answerable.errors import Refused, Unavailable, VerificationError
from answerable.labels.explicit import coded_sound
from answerable.labels.explicit.coded_sound import CODECS, exact, insert, opened, resampled, survey
from tests.small_sounds import sound


@pytest.mark.parametrize("kind", ["s16", "s32"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("first", [0, 5_000, 16_000])
def test_flac_keeps_every_sample_outside_the_mark(kind: str, channels: int, first: int) -> None:
    source = sound("flac", channels=channels, kind=kind, seconds=2, rate=8_000)
    told = survey(source)
    assert (told.codec, told.rate, told.channels, told.frames) == ("flac", 8_000, channels, 16_000)
    out, mark = BytesIO(), np.linspace(-0.5, 0.5, 700, dtype=np.float32)
    insert(source, out, told, first, mark)

    def all_of(file: BytesIO) -> np.ndarray:
        with opened(file) as container:
            return np.concatenate(list(exact(container, container.streams.audio[0])))

    before, after = all_of(source), all_of(out)
    assert np.array_equal(np.delete(after, np.s_[first : first + 700], axis=0), before)
    assert after[first : first + 700, 0] / 2**31 == pytest.approx(mark, abs=1e-4)


def test_loudness_says_where_it_is_quiet() -> None:
    told = survey(sound("flac", seconds=2, rate=8_000, quiet=(0.9, 1.1)))
    assert len(told.loudness) == 40
    assert np.argmin(told.loudness) * 0.05 == pytest.approx(1.0, abs=0.11)


def test_resampling_keeps_time_and_pitch() -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(22_050) / 22_050).astype(np.float32)
    for rate in (8_000, 48_000):
        made = resampled(tone, 22_050, rate)
        assert len(made) == pytest.approx(rate, abs=50)
        spectrum = np.abs(np.fft.rfft(made))
        assert np.argmax(spectrum) * rate / len(made) == pytest.approx(400, abs=3)
    assert resampled(tone, 8_000, 8_000) is tone


@pytest.mark.parametrize("junk", [b"", b"fLaC", b"junk" * 99])
def test_what_is_no_sound(junk: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"), coded_sound.foreign("flac"):
        survey(BytesIO(junk))


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile http://127.0.0.1:{port}/x.ts\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    ],
)
def test_a_file_that_points_elsewhere_is_not_followed(playlist: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        source = BytesIO(playlist.format(port=server.getsockname()[1]).encode())
        with pytest.raises((VerificationError, Refused)), coded_sound.foreign("audio"):
            survey(source)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_codec_that_is_not_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(CODECS, "flac")
    with pytest.raises(Refused, match="flac"):
        survey(sound("flac", seconds=1))


def test_a_bound_on_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_sound, "MAX_BLOCKS", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        survey(sound("flac", seconds=4))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(Unavailable, match=r"label\.extra"):
        coded_sound.library()
