# SPDX-License-Identifier: Apache-2.0
"""`answerable who FILE` over a running service: the file as it was labelled, changed, stripped, and with a label that
was moved to it."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from answerable.app import keys
from answerable.formats.detect import detect
from answerable.labels import watermarking
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.reading import read_label
from tests.unit.cli.conftest import Run
from tests.unit.control.house import OPERATOR, House
from tests.unit.labels.fingerprint.seen import film, scene, tune

WORDS = (
    "The harbour office opens at seven, and by then the fishing boats have usually brought their catch to the long "
    "northern pier. Visitors often believe that bidding begins before breakfast, but the first baskets are never "
    "released until every net has been counted twice. Nobody remembers who brought that rule to the village; records "
    "from nineteen twelve already mention both bells, and very few families would vote for removing either. Rain "
    "rarely changes the routine. During the big storm of March the vendors nevertheless finished by noon, folded "
    "their blue canvas roofs, and brought the remaining fish to the brick building behind the railway station."
)


_SEEDS = count(100)


@pytest.fixture(scope="module", autouse=True)
def _running(house: House) -> None:
    house.start_copy("helper")


def labelled(run: Run, file: Path, *more: str) -> tuple[str, Path]:
    """(record, where it stands)"""
    out = file.with_name(f"out-{file.name}")
    said = run("label", str(file), "--system", "helper", "-o", str(out), "--json", *more)
    assert said.status == 0, said.err
    return str(said.data["record"]), out


def asked(run: Run, file: Path) -> tuple[int, dict[str, Any]]:
    said = run("who", str(file), "--json")
    return said.status, said.data


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Each time another one: all are labelled in one house."""
    path = tmp_path / "a.png"
    Image.fromarray(scene(next(_SEEDS))).save(path)
    return path


def saved(folder: Path, name: str, image: Any, **options: Any) -> Path:
    path = folder / name
    image.convert("RGB").save(path, **options)
    return path


def moved(source: Path, target: Path, onto: Path) -> Path:
    """The label of one file in another."""
    with source.open("rb") as file:
        text = detect(file).read(file)[0].text.decode()
    with onto.open("rb") as file, target.open("w+b") as made:
        detect(file).write(file, made, text)
    return target


def test_a_picture_is_traced_through_what_is_done_to_it(house: House, run: Run, picture: Path) -> None:
    record, out = labelled(run, picture)
    image, folder = Image.open(out), picture.parent
    screen = Image.new("RGB", (image.width + 120, image.height + 80), (250, 250, 250))
    screen.paste(image, (50, 30))
    half = image.resize((image.width // 2, image.height // 2))
    expected = {
        out: (0, "proven", "digest"),
        picture: (0, "proven", "digest"),  # as it came: the log has its digest too
        saved(folder, "same.webp", image, lossless=True): (0, "matching", "content"),
        saved(folder, "q50.jpg", image, quality=50): (0, "matching", "watermark"),
        saved(folder, "half.jpg", half, quality=75): (0, "matching", "fingerprint"),
        saved(folder, "screen.jpg", screen, quality=80): (0, "matching", "fingerprint"),
        saved(folder, "crop.jpg", image.crop((30, 20, 370, 270)), quality=85): (4, "probably", "watermark"),
    }
    for file, (status, sure, layer) in expected.items():
        code, found = asked(run, file)
        assert (file.name, code, found["sure"], found["record"]) == (file.name, status, sure, record)
        assert layer in found["by"]
        assert found["party"]["id"] == OPERATOR
    said = run("who", str(folder / "crop.jpg"))
    assert said.out.startswith("Probably, not certainly: its watermark.")


def test_without_a_watermark_a_likeness_is_called_probable(house: House, run: Run, picture: Path) -> None:
    record, out = labelled(run, picture, "--no-watermark")
    image = Image.open(out)
    code, found = asked(run, saved(picture.parent, "q50.jpg", image, quality=50))
    assert (code, found["sure"], found["by"], found["record"]) == (4, "probably", ["fingerprint"], record)
    (layer,) = found["layers"]
    assert sum(layer["records"][-1]["distance"]) <= 8
    assert "of 192 bits differ" in run("who", str(picture.parent / "q50.jpg")).out
    code, _ = asked(run, saved(picture.parent, "crop.jpg", image.crop((110, 80, 340, 250))))
    assert code == 3


def test_a_label_that_was_moved_names_nobody(house: House, run: Run, picture: Path) -> None:
    record, out = labelled(run, picture)
    other = picture.with_name("other.png")
    Image.fromarray(scene(2)).save(other)
    forged = moved(out, picture.with_name("moved.png"), other)
    read = json.loads(run("read", str(forged), "--json").out)
    assert read["layers"]["aigc"]["state"].startswith("signed:")  # a good signature
    assert (read["verdict"], read["layers"]["content"]["state"]) == ("inconsistent", "differs")
    said = run("who", str(forged))
    assert said.status == 1
    assert "disagree" in said.out
    assert OPERATOR not in said.out
    code, found = asked(run, forged)
    assert (code, found["sure"], found["record"], found["against"]) == (
        1,
        "contradicted",
        "",
        ["label", "fingerprint", "binding"],
    )
    assert "party" not in found
    assert found["layers"][0]["records"][0]["record"] == record


def test_a_label_moved_onto_another_labelled_picture_names_nobody(house: House, run: Run, picture: Path) -> None:
    first, out = labelled(run, picture)
    other = picture.with_name("other.png")
    Image.fromarray(scene(3)).save(other)
    second, target = labelled(run, other, "--no-watermark")
    stripped = saved(other.parent, "stripped.png", Image.open(target))
    code, found = asked(run, moved(out, picture.with_name("moved.png"), stripped))
    named = {record["record"] for layer in found["layers"] for record in layer["records"]}
    assert (code, found["sure"], found["record"], named) == (1, "contradicted", "", {first, second})


def test_a_watermark_of_one_on_the_picture_of_another_names_nobody(house: House, run: Run, picture: Path) -> None:
    first, _ = labelled(run, picture)
    other = picture.with_name("other.png")
    Image.fromarray(scene(4)).save(other)
    _, target = labelled(run, other, "--no-watermark")
    marked = picture.with_name("marked.png")
    with target.open("rb") as file, marked.open("w+b") as made:
        assert watermarking.embed(file, made, "png", first, keys.watermark_key(house.store)).done
    code, found = asked(run, saved(picture.parent, "bare.png", Image.open(marked)))
    assert (code, found["sure"], found["record"]) == (1, "contradicted", "")
    assert set(found["against"]) == {"watermark", "fingerprint"}


def test_a_label_of_which_nothing_is_kept_is_not_believed_alone(house: House, run: Run, picture: Path) -> None:
    flat = picture.with_name("flat.png")  # it has no fingerprint
    Image.new("RGB", (300, 300), (120, 130, 140)).save(flat)
    record, out = labelled(run, flat, "--no-watermark", "--explicit", "none")
    forged = moved(out, flat.with_name("moved.png"), picture)
    said = run("who", str(forged))
    assert said.status == 4
    assert f"answerable who {record}" in said.out
    assert OPERATOR not in said.out


def test_a_label_signed_for_something_else_names_nobody_where_nothing_is_kept(
    house: House, run: Run, picture: Path
) -> None:
    flat = picture.with_name("flat.png")  # of which no fingerprint is kept
    Image.new("RGB", (300, 300), (110, 130, 140)).save(flat)
    record, flat_labelled = labelled(run, flat, "--no-watermark", "--explicit", "none")
    text = read_label(flat_labelled).aigc
    assert text is not None
    out = picture.with_name("out.png")
    label(picture, out, by=Labeller(text.content_producer, keys.label_key(house.store)), record=record)
    code, found = asked(run, out)
    assert (code, found["sure"], found["against"]) == (4, "unsure", [])
    other = picture.with_name("other.png")
    Image.fromarray(scene(7)).save(other)
    forged = moved(out, picture.with_name("moved.png"), other)
    code, found = asked(run, forged)
    assert (code, found["sure"], found["record"], found["against"]) == (1, "contradicted", "", ["binding"])
    said = run("who", str(forged))
    assert "what its label was signed for: is something else" in said.out
    assert OPERATOR not in said.out
    # Pixels that name the record themselves are a part of what was signed for.
    marked = picture.with_name("marked.png")
    with forged.open("rb") as file, marked.open("w+b") as made:
        assert watermarking.embed(file, made, "png", record, keys.watermark_key(house.store)).done
    assert "binding" not in asked(run, marked)[1]["against"]


def test_a_strangers_picture_is_not_found(house: House, run: Run, picture: Path) -> None:
    labelled(run, picture)
    for seed in range(20, 22):
        other = picture.with_name("other.jpg")
        Image.fromarray(scene(seed)).save(other, quality=90)
        said = run("who", str(other), "--json")
        assert (said.status, said.data["error"]["code"]) == (3, "admin.nobody")


def test_the_proof_is_kept_and_what_was_recorded_is_checked_here(house: House, run: Run, picture: Path) -> None:
    record, out = labelled(run, picture)
    kept = picture.with_name("out.tlog")
    said = run("who", str(out), "--receipt", str(kept))
    assert said.status == 0, said.err
    assert run("verify", str(kept), "--json").data["record"] == record


@pytest.mark.parametrize("form", ["mp3", "flac"])
def test_sound_is_traced_in_another_format(house: House, run: Run, tmp_path: Path, form: str) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(tune(1))
    record, out = labelled(run, file, "--explicit", "none")
    assert asked(run, out)[1]["sure"] == "proven"
    code, found = asked(run, converted(out, tmp_path / f"b.{form}", form))
    sure = "matching" if form == "flac" else "probably"
    assert (code, found["sure"], found["record"]) == (0 if form == "flac" else 4, sure, record)
    assert "fingerprint" in found["by"]
    file.write_bytes(tune(2))
    assert asked(run, file)[0] == 3


def test_a_video_is_traced_in_another_container_and_codec(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(film(1, "mp4", "mpeg4"))
    record, out = labelled(run, file, "--explicit", "none")
    assert asked(run, out)[1]["sure"] == "proven"
    code, found = asked(run, remuxed(out, tmp_path / "b.mkv"))
    assert (code, found["sure"], found["by"], found["record"]) == (0, "matching", ["content", "fingerprint"], record)
    other = tmp_path / "c.webm"
    other.write_bytes(film(1, "webm", "libvpx"))
    code, found = asked(run, other)
    assert (code, found["sure"], found["record"]) == (4, "probably", record)
    file.write_bytes(film(2, "mp4", "mpeg4"))
    assert asked(run, file)[0] == 3


def test_an_edited_reply_is_probably_the_recorded_one(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act(WORDS)
    file = tmp_path / "a.txt"
    file.write_text(WORDS)
    said = run("who", str(file), "--json")
    assert (said.status, said.data["content"]) == (0, "same")  # to the letter: as before
    for edited in (
        WORDS.replace("usually", "always").replace("often believe", "think").replace("fish", "cod"),
        "My report\n\n" + WORDS[:420],
        WORDS.upper().replace(". ", ".\n\n* "),
    ):
        file.write_text(edited)
        code, found = asked(run, file)
        assert (code, found["sure"], found["by"], found["record"]) == (4, "probably", ["words"], record)
    assert "samples are the same" in run("who", str(file)).out
    file.write_text("Quite another text about bread, bricks and boats. " * 9)
    assert asked(run, file)[0] == 3


def test_a_labelled_page_is_traced_by_its_words(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(f"<!doctype html><html><head><title>x</title></head><body><p>{WORDS}</p></body></html>")
    record, out = labelled(run, file)
    assert asked(run, out)[1]["sure"] == "proven"
    bare = tmp_path / "b.html"
    said = out.read_text().partition("<body>")[2].partition("</body>")[0]
    bare.write_text(f"<!doctype html>\n<html><body>{said}</body></html>")
    assert asked(run, bare)[1]["sure"] == "matching"
    text = tmp_path / "c.txt"
    text.write_text("\n".join(WORDS.split(". ")[1:]))
    code, found = asked(run, text)
    assert (code, found["sure"]) == (4, "probably")
    assert record in {each["record"] for layer in found["layers"] for each in layer["records"]}


def converted(source: Path, target: Path, codec: str) -> Path:
    import av

    with av.open(str(source)) as read, av.open(str(target), "w") as made:
        stream = made.add_stream(codec, rate=read.streams.audio[0].rate, layout="mono")
        for frame in read.decode(audio=0):
            frame.pts = None
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return target


def remuxed(source: Path, target: Path) -> Path:
    import av

    with av.open(str(source)) as read, av.open(str(target), "w") as made:
        stream = made.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    return target
