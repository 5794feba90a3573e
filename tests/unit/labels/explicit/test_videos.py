# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit import coded_sound, frames, videos
from answerable.labels.explicit.plan import Plan
from answerable.labels.explicit.videos import Report, render
from tests.small_videos import video

MEDIA = {
    "mp4": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm",
    "avi": "video/x-msvideo", "hevc": "video/mp4", "av1": "video/mp4",
}  # fmt: skip


def rendered(source: BytesIO, form: str, **plan: Any) -> tuple[Report, BytesIO]:
    out = BytesIO()
    return render(source, out, MEDIA[form], Plan(**{"seconds": 2.0, **plan})), out


def beside(file: BytesIO) -> list[bytes]:
    with coded_sound.opened(file) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def times(file: BytesIO) -> list[float]:
    with coded_sound.opened(file) as container:
        return [round(frame.time, 3) for frame in container.decode(container.streams.video[0])]


@pytest.mark.parametrize("form", MEDIA)
def test_the_opening_carries_the_words_and_all_else_is_as_it_was(form: str) -> None:
    source = video(form)
    report, out = rendered(source, form)
    assert (report.frames, report.whole) == (24, False)
    assert 2.0 - 0.001 <= report.shown_s <= 2.11
    assert report.glyph_px >= report.least_px == 10
    assert beside(out) == beside(source), "sound is copied bit for bit"
    assert times(out) == times(source)


@pytest.mark.system("ffprobe")
@pytest.mark.parametrize("form", ["mp4", "mov", "mkv", "webm", "avi"])
def test_another_program_reads_it(form: str, tmp_path: Path) -> None:
    source = video(form)
    told = []
    for name, file in (("before", source), ("after", rendered(source, form)[1])):
        path = tmp_path / f"{name}.{form}"
        path.write_bytes(file.getvalue())
        asked = ["ffprobe", "-v", "error", "-count_frames", "-of", "json", "-show_format", "-show_streams", str(path)]
        done = subprocess.run(asked, capture_output=True, check=True, timeout=60)
        assert done.stderr == b""
        read = json.loads(done.stdout)
        pictures = next(each for each in read["streams"] if each["codec_type"] == "video")
        title = {name.lower(): value for name, value in read["format"]["tags"].items()}["title"]
        told.append(
            [pictures[key] for key in ("codec_name", "pix_fmt", "width", "height", "nb_read_frames", "r_frame_rate")]
            + [round(float(read["format"]["duration"]), 1), title]
        )
    assert told[0] == told[1]


@pytest.mark.parametrize(("kind", "form"), [("yuv444p", "mp4"), ("yuv422p10le", "mp4"), ("yuv420p10le", "hevc")])
def test_other_kinds_of_pixel(kind: str, form: str) -> None:
    report, out = rendered(video(form, kind=kind), form)
    assert report.glyph_px >= 10
    with coded_sound.opened(out) as container:
        assert container.streams.video[0].codec_context.pix_fmt == kind


@pytest.mark.parametrize("turned", [90, 180])
def test_a_video_that_players_turn_stays_turned(turned: int) -> None:
    report, out = rendered(video("mp4", turned=turned), "mp4")
    with coded_sound.opened(out) as container:
        assert next(container.decode(container.streams.video[0])).rotation % 360 == turned
    shown = (108, 192) if turned == 90 else (192, 108)
    assert report.box.x + report.box.width <= shown[0]
    assert report.box.y + report.box.height <= shown[1]


def test_a_video_shorter_than_two_seconds_carries_them_all_the_time() -> None:
    report, _ = rendered(video("mp4", seconds=1.2), "mp4")
    assert (report.whole, report.frames) == (True, 12)
    assert report.shown_s == pytest.approx(1.2, abs=0.01)


def test_they_stand_as_long_as_is_asked() -> None:
    report, _ = rendered(video("mp4", seconds=5, sound=False), "mp4", seconds=3.5)
    assert report.shown_s == pytest.approx(3.5, abs=0.11)


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="not drawn on"):
        render(BytesIO(b""), BytesIO(), "audio/wav", Plan())
    with pytest.raises(Refused, match="too few"):
        rendered(video("mp4", size=(32, 32)), "mp4")
    for junk in (b"", b"junk" * 20, video("mp4", sound=False).getvalue()[:300]):
        with pytest.raises(VerificationError, match=r"format\.malformed"):
            rendered(BytesIO(junk), "mp4")
    unknown = video("mkv", sound=False).getvalue().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XXX")
    with pytest.raises(Refused, match="not known"):
        rendered(BytesIO(unknown), "mkv")
    monkeypatch.delitem(videos.ENCODERS, "h264")
    with pytest.raises(Refused, match="h264"):
        rendered(video("mp4"), "mp4")


def test_what_came_out_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source = video("mp4")
    monkeypatch.setattr(frames.Canvas, "paint", lambda self, frame: None)
    with pytest.raises(VerificationError, match=r"label\.explicit"):
        rendered(source, "mp4")
    monkeypatch.undo()
    monkeypatch.setattr(videos, "SECONDS", 2.2)
    with pytest.raises(VerificationError, match="stand for"):
        rendered(source, "mp4")
    monkeypatch.undo()
    written = videos._Written

    def other(*values: Any) -> Any:
        drawn, count, last, digest, coded = values
        return written(drawn, count + 1, last, digest, coded)

    monkeypatch.setattr(videos, "_Written", other)
    with pytest.raises(VerificationError, match="frames came out"):
        rendered(source, "mp4")


SEEDS = {form: video(form, seconds=0.3, sound=False).getvalue() for form in ("mp4", "avi", "mkv")}


@settings(max_examples=25, deadline=10_000)
@given(st.data())
def test_mutated_files_raise_our_errors_alone(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(list(SEEDS)))
    file = bytearray(SEEDS[form])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(file) - 1))
        file[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    try:
        rendered(BytesIO(file), form)
    except AnswerableError:
        return
