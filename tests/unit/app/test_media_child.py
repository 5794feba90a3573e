# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from answerable.app import media_child
from answerable.app.media_child import Job, Order, Worker, framed, plan, read
from answerable.crypto.issuing import issue
from answerable.errors import Unavailable
from answerable.labels import Labeller, c2pa, label, read_label
from answerable.labels.chain import Chain, save
from answerable.labels.explicit.plan import Sound
from tests.media_upstream import bomb, drawn

RID = "ab" * 16


def wave() -> bytes:
    return (Path(__file__).parents[2] / "golden/wav/plain.wav").read_bytes()


PROVIDER = "001191350100M000100Y431ABCD"
OTHER = "001191110000MA0000001X10000"


@pytest.fixture(scope="module")
def worker() -> Worker:
    return Worker(Order(provider=PROVIDER, parent=1))


def job(data: bytes, *, seen: bool = True, human: bool = False) -> Job:
    return Job(data=data, record=RID, system="s", party="p", language="en", seen=seen, human=human)


def test_people_see_it_and_machines_read_it(worker: Worker) -> None:
    seen, read_only = worker.do(job(drawn("a"))).made, worker.do(job(drawn("a"), seen=False)).made
    assert seen is not None
    assert read_only is not None
    assert (seen.layers, read_only.layers) == (("aigc", "explicit"), ("aigc",))
    assert seen.content != read_only.content
    assert read_label(read_only.data).record == RID


def test_what_another_producer_labelled_is_kept_as_people_got_it(worker: Worker) -> None:
    theirs = label(drawn("a"), by=Labeller(OTHER)).data or b""
    made = worker.do(job(theirs)).made
    assert made is not None
    found = read_label(made.data).aigc
    assert found is not None
    assert (found.content_producer, found.propagate_id) == (OTHER, RID)
    assert made.layers == ("aigc",)


@pytest.mark.parametrize(
    "data", [bomb(), drawn("a")[:500], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x00\x00\x00\x00WAVE"]
)
def test_hostile_files_are_refused(worker: Worker, data: bytes) -> None:
    done = worker.do(job(data))
    assert done.made is None
    assert done.code
    assert done.detail


def test_a_picture_with_too_many_pixels_is_not_decoded(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_child, "MAX_PIXELS", 255 * 256)
    done = worker.do(job(drawn("a"), seen=False))
    assert "pixels" in done.detail


def test_what_carries_no_words_is_not_for_people(worker: Worker) -> None:
    tiny = drawn("a", 16)
    assert worker.do(job(tiny)).code in ("label.unsupported", "label.explicit")
    assert worker.do(job(tiny, seen=False)).made is not None


def test_a_digital_human_speaks_its_label_and_without_a_voice_gives_the_rhythm(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan(job(b"", human=True), spoken=True).sound is Sound.SPOKEN
    assert plan(job(b""), spoken=False).sound is Sound.RHYTHM
    real, asked = media_child.label, []

    def voiceless(data: bytes, *, by: Labeller, record: str, made_from: bytes) -> object:
        assert by.explicit is not None
        asked.append(by.explicit.sound)
        if by.explicit.sound is Sound.SPOKEN:
            raise Unavailable("label.synthesiser")
        return real(data, by=by, record=record)

    monkeypatch.setattr(media_child, "label", voiceless)
    assert worker.do(job(wave(), human=True)).made is not None
    assert asked == [Sound.SPOKEN, Sound.RHYTHM]
    monkeypatch.setattr(media_child, "plan", lambda job, *, spoken: plan(job, spoken=True))
    assert worker.do(job(wave())).code == "label.synthesiser"


def test_its_keys_are_those_of_labels(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    made = Worker(Order(provider=PROVIDER, parent=1, store=str(tmp_path), watermark=True)).do(job(drawn("a"))).made
    assert made is not None
    assert made.watermark is not None
    assert "watermark" in made.layers
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["label.key", "watermark.secret"]


def test_messages_are_framed() -> None:
    stream = io.BytesIO(framed(b"one") + framed(b"two"))
    assert [read(stream), read(stream), read(stream)] == [b"one", b"two", None]
    assert read(io.BytesIO(framed(b"cut")[:-1])) is None
    assert read(io.BytesIO((1 << 40).to_bytes(8) + b"x")) is None


def test_an_edited_picture_keeps_the_history_of_what_it_was_made_from(tmp_path: Path) -> None:
    save(issue("Example Ltd", now_ms=time.time_ns() // 1_000_000, days=30), tmp_path / "chain")
    theirs = label(drawn("a", form="JPEG"), by=Labeller(OTHER, c2pa=Chain.load(tmp_path / "chain"))).data or b""
    worker = Worker(Order(provider=PROVIDER, parent=1, c2pa=str(tmp_path / "chain")))
    made = worker.do(
        Job(data=drawn("b"), record=RID, system="s", party="p", language="en", seen=True, original=theirs)
    ).made
    assert made is not None
    assert "c2pa" in made.layers
    found = c2pa.read(io.BytesIO(made.data), "image/png")
    assert found.parents == 1
    assert found.record == RID
    alone = worker.do(job(drawn("b"))).made
    assert alone is not None
    assert c2pa.read(io.BytesIO(alone.data), "image/png").parents == 0
