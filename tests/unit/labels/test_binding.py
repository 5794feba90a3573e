# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, VerificationError
from answerable.formats.detect import detect
from answerable.labels import binding, stages
from answerable.labels.fingerprint import video
from answerable.labels.identity import Labeller
from answerable.labels.labelling import Labelled, label
from answerable.labels.reading import FileReading, read_label
from answerable.marks import aigc
from answerable.marks.binding import Bound, Match, bind
from answerable.marks.propagation import Role
from answerable.marks.signature import sign
from answerable.model.labels import AIGC, Reading
from answerable.model.prints import Kind, Print
from tests.label_files import write
from tests.small_media import OTHER, PROVIDER
from tests.unit.labels.rules.test_seen_video import film

KEY = Key.generate()
BY = Labeller(PROVIDER, KEY)


def words(seed: int) -> str:
    """Two hundred words that no other seed puts in this order."""
    rng = random.Random(seed)
    return " ".join(
        rng.choice(("brook", "fern", "jug", "nine", "rain", "vane", "zest", "oak")) + "abcdefghij"[rng.randrange(10)]
        for _ in range(200)
    )


POEM, PROSE = words(1), words(2)


def photo(form: str = "PNG", *, turned: bool = False, quality: int = 75) -> bytes:
    """Shapes that a fingerprint tells apart from the same ones, turned."""
    from PIL import Image

    levels = bytes((x * x // 97 + y * 3 + (x * y) // 61) % 256 for y in range(192) for x in range(256))
    image = Image.frombytes("L", (256, 192), levels).resize((64, 48)).resize((256, 192)).convert("RGB")
    if turned:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).point(lambda level: 255 - level)
    out = io.BytesIO()
    image.save(out, form, **({"quality": quality} if form == "JPEG" else {}))
    return out.getvalue()


def done(source: bytes, by: Labeller = BY) -> Labelled:
    return label(source, by=by)


def moved(made: Labelled, to: bytes) -> FileReading:
    return read_label(write(to, aigc.write(made.aigc)))


def state(found: FileReading) -> str:
    return found.layer("content").state


def page(text: str) -> bytes:
    return f"<!doctype html><html><head><title>t</title></head><body><p>{text}</p></body></html>".encode()


FILES: dict[str, Callable[[bool], bytes]] = {
    "png": lambda other: photo(turned=other),
    "html": lambda other: page(PROSE if other else POEM),
    "markdown": lambda other: f"# Head\n\n- one\n- **two**\n\n{PROSE if other else POEM}\n".encode(),
}


@pytest.mark.parametrize("name", list(FILES))
def test_a_label_that_was_moved_is_noticed_without_a_log(name: str) -> None:
    made = done(FILES[name](False))
    assert made.data is not None
    whole = read_label(made.data)
    assert (state(whole), whole.verdict, whole.contradictions) == ("same", Reading.LABELLED, ())
    found = moved(made, FILES[name](True))
    assert (state(found), found.verdict) == ("differs", Reading.INCONSISTENT)
    assert found.layer("aigc").state == "self-consistent"  # the guide's signature moves along
    assert any(said.startswith("content: ") for said in found.contradictions)
    # Who labels does not make it good either.
    with pytest.raises(Refused, match=r"label\.contradicted"):
        done(write(FILES[name](True), aigc.write(made.aigc)))


def test_what_only_went_through_a_coder_is_no_contradiction() -> None:
    made = done(photo())
    for quality in (20, 60):
        found = moved(made, photo("JPEG", quality=quality))
        assert (state(found), found.verdict, found.contradictions) == ("alike", Reading.LABELLED, ())
    edited = page(POEM.replace("rain", "snow", 3))
    found = moved(done(page(POEM)), edited)
    assert (state(found), found.verdict) == ("alike", Reading.LABELLED)
    # Too short to tell an edit from another text: nobody is accused of either.
    short = moved(done(page("A few words.")), page("Other words."))
    assert (state(short), short.verdict, short.contradictions) == ("changed", Reading.LABELLED, ())
    # Another format and other metadata leave what is shown as it was.
    assert state(moved(made, photo("TIFF"))) == "same"


def test_a_part_whose_pixels_carry_the_mark_is_no_contradiction() -> None:
    from answerable.labels.reading import LayerReading, _contradictions
    from answerable.labels.watermarking import payload_of

    record = "abcdefghijklmnopqrstuvwxyz234567"
    layers = (LayerReading("aigc", "self-consistent", (record,)), LayerReading("content", Match.DIFFERS))
    assert _contradictions(layers)
    mark = LayerReading("watermark", "found", details={"payload": payload_of(record)})
    assert not _contradictions((*layers, mark))
    other = LayerReading("watermark", "found", details={"payload": payload_of("another")})
    assert len(_contradictions((*layers, other))) == 2


def test_an_entry_that_was_changed_is_inconsistent() -> None:
    made = done(photo())
    other = bind(sign(AIGC("1", PROVIDER, made.record), Key.generate()), Key.generate(), Bound(bytes(32)))
    found = read_label(write(photo(), aigc.write(other)))
    assert (state(found), found.verdict) == ("bad", Reading.INCONSISTENT)


def test_a_label_without_a_key_or_without_an_entry_says_nothing_of_the_content() -> None:
    for text in (aigc.write(done(photo(), Labeller(PROVIDER)).aigc), aigc.write(sign(AIGC("1", PROVIDER, "r"), KEY))):
        found = read_label(write(photo(), text))
        assert (state(found), found.verdict) == ("absent", Reading.LABELLED)


def test_who_passes_on_signs_for_what_was_passed_on() -> None:
    theirs = done(photo(), Labeller(OTHER, Key.generate()))
    assert theirs.data is not None
    ours = done(theirs.data)
    assert ours.role is Role.PROPAGATOR
    assert ours.data is not None
    assert state(read_label(ours.data)) == "same"
    assert state(moved(ours, photo(turned=True))) == "differs"
    # What another has labelled stays its own to say, moved or not.
    kept = done(write(photo(turned=True), aigc.write(theirs.aigc)))
    assert kept.role is Role.PROPAGATOR
    assert kept.data is not None
    assert state(read_label(kept.data)) == "differs"


def test_large_files_are_compared_by_who_asks_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "MAX_READ", 100)
    data = done(photo()).data
    assert data is not None
    found = read_label(data)
    assert (state(found), found.layer("content").problems) == ("unchecked", ("large",))
    assert found.verdict is Reading.LABELLED
    assert state(read_label(data, search="full")) == "same"


def test_what_does_not_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setattr(binding, "taken", lambda file, carrier: Bound(bytes(32)))
        with pytest.raises(VerificationError, match=r"label\.read_back"):
            done(photo())
    with monkeypatch.context() as context:
        context.setattr(stages, "bound_by", lambda *_: ((), False))
        with pytest.raises(VerificationError, match=r"label\.read_back"):
            done(photo())
    assert done(photo()).data


def test_a_film_is_signed_for_too() -> None:
    made = done(film(1.0).getvalue())
    assert made.data is not None
    assert state(read_label(made.data)) == "same"
    # Grey frames show too little to tell which film it is: another digest is no contradiction.
    assert state(moved(made, film(1.5).getvalue())) == "changed"


def ffmpeg(folder: Path, *arguments: str) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, cwd=folder, check=True, timeout=60)


@pytest.mark.system("ffmpeg")
def test_a_film_that_became_a_gif_a_still_or_its_sound_is_no_contradiction(tmp_path: Path) -> None:
    streams = ["-f", "lavfi", "-i", "mandelbrot=s=192x160:r=10", "-f", "lavfi", "-i", "anoisesrc", "-t", "3"]
    ffmpeg(tmp_path, *streams, "film.mp4")
    made = done((tmp_path / "film.mp4").read_bytes())
    assert made.data is not None
    (tmp_path / "made.mp4").write_bytes(made.data)
    for arguments, name, match in (
        ((), "whole.gif", "alike"),
        (("-vf", "scale=96:-1"), "small.gif", "alike"),
        (("-vf", "crop=64:64:0:0"), "part.gif", "changed"),
        (("-frames:v", "1"), "still.png", "changed"),
        (("-vn",), "sound.wav", "changed"),
    ):
        ffmpeg(tmp_path, "-i", "made.mp4", *arguments, name)
        found = moved(made, (tmp_path / name).read_bytes())
        assert (name, state(found), found.verdict, found.contradictions) == (name, match, Reading.LABELLED, ())


def test_a_gif_is_played_for_the_label_of_a_film_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO(photo("GIF"))
    monkeypatch.setattr(video, "of_video", lambda source: pytest.fail("it was played"))
    assert binding.matched(file, detect(file), (Bound(bytes(32)),), large=True)[0] is Match.CHANGED

    def broken(source: object) -> None:
        raise VerificationError("format.malformed", format="media", detail="x")

    monkeypatch.setattr(video, "of_video", broken)
    of_film = Bound(prints=(Print(Kind.VIDEO, 1, (1, 2, 3)),))
    assert binding.matched(file, detect(file), (of_film,), large=True)[0] is Match.CHANGED


def test_nothing_is_taken_of_a_document_whose_words_cannot_be_told() -> None:
    file = io.BytesIO(photo())
    assert binding.taken(file, detect(file))
    assert binding.matched(io.BytesIO(b"\x89PNG broken"), detect(file), (Bound(bytes(32)),), large=True) == (
        None,
        "format.malformed",
    )
