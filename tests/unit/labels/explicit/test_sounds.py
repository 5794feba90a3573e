# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit import coded_sound, rhythm, sounds
from answerable.labels.explicit.plan import FASTEST, SLOWEST, Plan, Sound, Where
from answerable.labels.explicit.sounds import Report, render
from tests.small_sounds import sound

MEDIA = {
    "wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "m4a": "audio/mp4", "opus": "audio/ogg",
    "vorbis": "audio/ogg",
}  # fmt: skip


def rendered(source: BytesIO, form: str, **plan: object) -> tuple[Report, BytesIO]:
    out = BytesIO()
    return render(source, out, MEDIA[form], Plan(**plan)), out  # type: ignore[arg-type]


def heard(file: BytesIO) -> tuple[np.ndarray, int]:
    with coded_sound.opened(file) as container:
        stream = container.streams.audio[0]
        return np.concatenate(list(coded_sound.pieces(container, stream))), stream.rate


@pytest.mark.parametrize("where", list(Where))
@pytest.mark.parametrize("form", MEDIA)
def test_the_rhythm_is_heard_where_it_was_put(form: str, where: Where) -> None:
    source = sound(form, channels=2, rate=48_000 if form == "opus" else 16_000)
    report, out = rendered(source, form, where=where)
    samples, rate = heard(out)
    found = rhythm.find(samples, rate)
    assert found is not None
    assert found.start_s == pytest.approx(report.start_s + rhythm.REST_S, abs=0.1)
    assert report.seconds == pytest.approx(1.6)
    before, _ = heard(source)
    assert len(samples) / rate == pytest.approx(len(before) / rate + 1.6, abs=0.2)
    assert (report.start_s == 0, report.start_s > 2.9) == (where is Where.START, where is Where.END)
    assert report.exact == (form in ("wav", "flac"))
    assert bool(report.coded) != report.exact


@pytest.mark.parametrize("form", ["wav", "flac"])
@pytest.mark.parametrize("where", list(Where))
def test_every_sample_outside_is_as_it_was(form: str, where: Where) -> None:
    source = sound(form, channels=2)
    report, out = rendered(source, form, where=where)
    (before, rate), (after, _) = heard(source), heard(out)
    first, count = round(report.start_s * rate), round(report.seconds * rate)
    assert np.array_equal(np.concatenate([after[:first], after[first + count :]]), before)


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_the_middle_is_a_quiet_place(form: str) -> None:
    report, _ = rendered(sound(form, seconds=6, quiet=(3.4, 3.6)), form, where="middle")
    assert 3.3 <= report.start_s <= 3.6


@pytest.mark.system("espeak-ng")
@pytest.mark.parametrize("form", ["wav", "flac", "mp3", "m4a"])
def test_a_phrase_is_spoken_at_normal_speed(form: str) -> None:
    report, out = rendered(sound(form), form, sound=Sound.SPOKEN, where="end")
    pace = float(report.said.split()[1])
    assert SLOWEST <= pace <= FASTEST
    samples, rate = heard(out)
    assert len(samples) / rate == pytest.approx(3 + report.seconds, abs=0.3)
    assert rhythm.find(samples, rate) is None


@pytest.mark.system("ffprobe")
@pytest.mark.parametrize("form", MEDIA)
def test_another_program_reads_it_with_its_title(form: str, tmp_path: Path) -> None:
    file = tmp_path / f"x.{form}"
    file.write_bytes(rendered(sound(form, channels=2, rate=48_000), form)[1].getvalue())
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(file)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    read = json.loads(told.stdout)
    assert told.stderr == b""
    assert float(read["format"]["duration"]) == pytest.approx(4.6, abs=0.2)
    tags = {**read["format"].get("tags", {}), **read["streams"][0].get("tags", {})}
    assert "a title" in tags.values()


def test_what_is_refused() -> None:
    with pytest.raises(Refused, match="no mark"):
        render(BytesIO(b""), BytesIO(), "video/mp4", Plan())
    for form in MEDIA:
        with pytest.raises(VerificationError, match=r"format\."):
            rendered(BytesIO(b"junk" * 30), form)


@pytest.mark.system("ffmpeg")
def test_vorbis_of_one_channel_is_refused_rather_than_made_two(tmp_path: Path) -> None:
    file = tmp_path / "x.ogg"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-ac", "1", "-c:a", "libvorbis", str(file)]
    subprocess.run(command, check=True, timeout=60)
    with pytest.raises(Refused, match="two channels"):
        rendered(BytesIO(file.read_bytes()), "vorbis")


def test_a_mark_that_came_out_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "_mark", lambda plan, rate: sounds._Mark(np.zeros(rate, np.float32), "rhythm", True))
    for form in ("wav", "flac"):
        with pytest.raises(VerificationError, match="not found again"):
            rendered(sound(form), form)
    drawn = np.random.default_rng(1).normal(0, 0.2, 8_000).astype(np.float32)
    assert sounds._likeness(np.concatenate([np.zeros(500, np.float32), drawn]), drawn) == pytest.approx(1)
    other = np.random.default_rng(2).normal(0, 0.2, 9_000).astype(np.float32)
    assert sounds._likeness(other, drawn) < 0.2
    assert sounds._likeness(np.zeros(9_000, np.float32), drawn) == 0


@settings(max_examples=40, deadline=10_000)
@given(st.data())
def test_mutated_files_raise_our_errors_alone(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["wav", "flac", "mp3", "m4a"]))
    file = bytearray(SEEDS[form])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(file) - 1))
        file[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    try:
        rendered(BytesIO(file), form)
    except AnswerableError:
        return


SEEDS = {form: sound(form, seconds=0.3).getvalue() for form in ("wav", "flac", "mp3", "m4a")}
