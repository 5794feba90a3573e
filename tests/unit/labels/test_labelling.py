# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, VerificationError
from answerable.formats.detect import detect
from answerable.formats.png import Png
from answerable.labels import stages
from answerable.labels.identity import Labeller
from answerable.labels.labelling import Labelled, label
from answerable.labels.reading import read_label
from answerable.marks.aigc import write
from answerable.marks.propagation import Role
from answerable.model.labels import AIGC
from tests.small_media import OTHER, PROVIDER, picture

RECORD = "abcdefghijklmnopqrstuvwxyz234567"
BY = Labeller(PROVIDER, Key.generate())


def with_label(data: bytes, *texts: str) -> bytes:
    """A picture that carries these objects: the writer leaves one, so each is put in by a chunk of its own."""
    out = io.BytesIO()
    detect(io.BytesIO(data)).write(io.BytesIO(data), out, texts[0])
    made = out.getvalue()
    for text in texts[1:]:
        body = b"AIGC\x00" + text.encode()
        chunk = len(body).to_bytes(4) + b"tEXt" + body + zlib.crc32(b"tEXt" + body).to_bytes(4)
        made = made[:33] + chunk + made[33:]
    return made


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_bytes_in_bytes_out(form: str) -> None:
    source = picture(form)
    done = label(source, by=BY, record=RECORD)
    assert done.data is not None
    assert (done.format, done.role, done.record) == (form.lower(), Role.PRODUCER, RECORD)
    assert done.aigc.produce_id == RECORD
    assert (done.digest, done.before) == (sha256(done.data).digest(), sha256(source).digest())
    assert done.size == len(done.data)
    assert [(layer.name, layer.state) for layer in done.layers] == [("aigc", "written")]
    carried = detect(io.BytesIO(done.data)).read(io.BytesIO(done.data))
    assert [each.text.decode() for each in carried] == [write(done.aigc)]


def test_pixels_stay() -> None:
    from PIL import Image

    source = picture("JPEG")
    done = label(source, by=BY)
    assert done.data is not None
    assert Image.open(io.BytesIO(done.data)).tobytes() == Image.open(io.BytesIO(source)).tobytes()


def test_a_record_is_drawn_where_no_log_gives_one() -> None:
    one, other = label(picture(), by=BY), label(picture(), by=BY)
    assert one.record != other.record
    assert len(one.record) == 32
    assert set(one.record) <= set(RECORD)


def test_from_path_to_path(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    source.write_bytes(picture())
    done = label(source, target, by=BY, record=RECORD)
    assert (done.path, done.data) == (target, None)
    assert source.read_bytes() == picture()
    assert sha256(target.read_bytes()).digest() == done.digest
    label(source, source, by=BY, record=RECORD, in_place=True)
    assert source.read_bytes() == target.read_bytes()
    out = io.BytesIO()
    label(picture(), out, by=BY, record=RECORD)
    assert out.getvalue() == target.read_bytes()


def test_the_source_is_replaced_only_where_that_is_said(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(picture())
    with pytest.raises(Refused) as caught:
        label(source, source, by=BY)
    assert caught.value.code == "label.target"
    assert source.read_bytes() == picture()


def test_a_file_that_is_written_to_meanwhile_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    source.write_bytes(picture())

    def somebody_writes(_: object) -> None:
        source.write_bytes(picture("JPEG"))

    with pytest.raises(Refused) as caught:
        label(source, source, by=BY, in_place=True, commit=somebody_writes)
    assert caught.value.code == "label.source"
    assert source.read_bytes() == picture("JPEG")
    source.write_bytes(picture())
    monkeypatch.setattr(stages, "complete", somebody_writes)
    with pytest.raises(Refused) as caught:
        label(source, target, by=BY, commit=lambda _: pytest.fail("it was committed to"))
    assert caught.value.code == "label.source"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_another_producers_label_makes_us_its_propagator() -> None:
    theirs = label(picture(), by=Labeller(OTHER, Key.generate()))
    assert theirs.data is not None
    done = label(theirs.data, by=BY, record=RECORD)
    assert (done.role, done.record, done.aigc.propagate_id) == (Role.PROPAGATOR, RECORD, RECORD)
    assert msgspec.structs.astuple(done.aigc)[:4] == msgspec.structs.astuple(theirs.aigc)[:4]


def test_our_own_label_is_written_once() -> None:
    done = label(picture(), by=BY, record=RECORD)
    assert done.data is not None
    assert label(done.data, by=BY, record=RECORD).data == done.data
    again = label(done.data, by=BY)
    assert (again.role, again.record, again.data) == (Role.KEPT, RECORD, done.data)
    with pytest.raises(Refused) as caught:
        label(done.data, by=BY, record=RECORD[::-1])
    assert caught.value.code == "label.another_record"


def test_labels_that_differ_or_cannot_be_read_are_refused() -> None:
    one, other = write(AIGC("1", OTHER, "one")), write(AIGC("1", OTHER, "other"))
    for texts, code in (((one, other), "label.several"), ((one, '{"ServiceProvider":"x"}'), "label.foreign")):
        data = with_label(picture(), *texts)
        assert len(detect(io.BytesIO(data)).read(io.BytesIO(data))) == 2
        with pytest.raises(Refused) as caught:
            label(data, by=BY)
        assert caught.value.code == code


def test_two_that_say_the_same_become_one() -> None:
    one = write(AIGC("1", PROVIDER, RECORD))
    done = label(with_label(picture(), one, one), by=Labeller(PROVIDER), record=RECORD)
    assert done.data is not None
    assert len(detect(io.BytesIO(done.data)).read(io.BytesIO(done.data))) == 1


def broken(change: Callable[[bytes], bytes]) -> Callable[..., None]:
    written = Png.write

    def write(self: Png, source: BinaryIO, target: BinaryIO, text: str) -> None:
        out = io.BytesIO()
        written(self, source, out, text)
        target.write(change(out.getvalue()))

    return write


@pytest.mark.parametrize(
    "change",
    [
        lambda data: picture(),  # nothing was written, without an error
        lambda data: with_label(picture(), "{}"),
        lambda data: with_label(picture(), write(AIGC("1", PROVIDER, "another"))),
        lambda data: with_label(data, write(AIGC("1", PROVIDER, RECORD)), write(AIGC("1", PROVIDER, RECORD))),
        lambda data: picture("JPEG"),
    ],
)
def test_what_does_not_read_back_leaves_no_file(
    change: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(picture())
    made = change(picture())
    monkeypatch.setattr(Png, "write", broken(lambda _: made))
    for target, in_place in ((tmp_path / "b.png", False), (source, True)):
        with pytest.raises(VerificationError):
            label(source, target, by=BY, record=RECORD, in_place=in_place)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert source.read_bytes() == picture()


def test_what_is_committed_before_the_name_decides(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    source.write_bytes(picture())
    seen: list[Labelled] = []

    def commit(done: Labelled) -> None:
        seen.append(done)
        assert not target.exists()

    label(source, target, by=BY, commit=commit)
    assert seen[0].digest == sha256(target.read_bytes()).digest()

    def refuse(done: Labelled) -> None:
        raise Refused("label.contradicted", detail="the log")

    with pytest.raises(Refused):
        label(source, tmp_path / "c.png", by=BY, commit=refuse)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_what_is_no_file_that_carries_a_label() -> None:
    with pytest.raises(VerificationError) as caught:
        label(b"\x00\x01\x02 nothing", by=BY)
    assert caught.value.code == "format.unknown"


def test_records_of_our_own_form_are_drawn() -> None:
    assert len({stages.drawn() for _ in range(50)}) == 50


def test_what_is_labelled_reads_as_labelled() -> None:
    done = label(picture(), by=BY)
    assert done.data is not None
    assert read_label(done.data).record == done.record
