# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from answerable.cli import label as verb
from answerable.errors import Refused
from answerable.labels import labelling, stages
from answerable.labels.reading import read_label
from answerable.log.leaf import decode
from answerable.model.labels import Reading
from tests.small_media import OTHER, PROVIDER, picture
from tests.unit.cli.conftest import Run, Said
from tests.unit.control.house import House


@pytest.fixture(scope="module", autouse=True)
def _running(house: House) -> None:
    house.start_copy("helper")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(picture())
    return path


def newest(house: House) -> Any:
    size = house.run(house.core.reader.size())
    return decode(house.run(house.core.reader.tail(size - 1, size))[0])


def code(said: Said) -> str:
    return said.err.partition(":")[0]


def test_a_file_gets_a_record_and_a_label(house: House, run: Run, file: Path) -> None:
    said = run("label", str(file), "--system", "helper", "--json")
    assert said.status == 0, said.err
    target = file.with_name("a.labelled.png")
    assert said.data["file"] == str(target)
    assert said.data["layers"]["aigc"] == "written"
    found = read_label(target)
    assert (found.verdict, found.record) == (Reading.LABELLED, said.data["record"])
    assert file.read_bytes() == picture()
    by_bytes = house.post("/who", {"file": sha256(target.read_bytes()).hexdigest()})
    assert (by_bytes["record"], by_bytes["content"]) == (said.data["record"], "same")
    told = run("read", str(target))
    assert (told.status, "signed:NTRCN-" in told.out) == (0, True), told.out


def test_where_it_goes(house: House, run: Run, file: Path) -> None:
    out = file.with_name("b.png")
    assert run("label", str(file), "--system", "helper", "-o", str(out)).status == 0
    assert run("label", str(file), "--system", "helper", "--out-dir", str(file.parent / "made")).status == 0
    assert (file.parent / "made" / "a.png").is_file()
    again = run("label", str(file), "--system", "helper", "-o", str(out))
    assert (again.status, code(again)) == (2, "label.target")
    assert run("label", str(file), "--system", "helper", "--in-place").status == 0
    assert read_label(file).verdict is Reading.LABELLED
    twice = run("label", str(file), "--system", "helper", "--in-place")
    assert (twice.status, code(twice)) == (5, "label.another_record")


WORDS = "AI-generated"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_a_text_is_labelled_once(house: House, run: Run, tmp_path: Path, name: str) -> None:
    said = {
        "a.txt": f"Some words that nobody has had labelled as {name}.\n",
        "a.md": f"# {name}\n\n- one\n- **two**\n",
        "a.html": f"<!doctype html><html><head><title>t</title></head><body><p>{name}</p></body></html>",
    }
    source, out = tmp_path / name, tmp_path / f"out-{name}"
    source.write_text(said[name])
    first = run("label", str(source), "--explicit", "en", "-o", str(out), "--json")
    assert first.status == 0, first.err
    record, labelled = first.data["record"], out.read_text()
    assert labelled.count(WORDS) == 1
    # Plain text has no field that names its record: the log does.
    again = run("label", str(out), "--explicit", "en", "-o", str(tmp_path / f"again-{name}"))
    assert (again.status, code(again), record in again.err) == (5, "label.another_record", True), again.err
    assert not (tmp_path / f"again-{name}").exists()
    if name == "a.txt":  # with other words behind, it is another text: its words stay, once
        out.write_text(labelled + "\nMore words.\n")
        more = run("label", str(out), "--explicit", "zh", "--in-place", "--json")
        assert (more.status, more.data["layers"]["explicit"]) == (0, "kept"), more.err
        assert (out.read_text().count(WORDS), out.read_text().count("AI生成")) == (1, 0)
        assert more.data["record"] != record


def test_a_text_that_carries_anothers_object_is_left_alone(house: House, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "theirs.txt"
    source.write_text(f'Words.\n\n{{"Label":"1","ContentProducer":"{OTHER}","ProduceID":"x"}}\n')
    before = source.read_bytes()
    said = run("label", str(source), "--in-place")
    assert (said.status, code(said)) == (5, "label.foreign"), said.err
    assert source.read_bytes() == before
    page = tmp_path / "theirs.md"
    page.write_text(f'---\nAIGC: {{"Label":"1","ContentProducer":"{OTHER}","ProduceID":"x"}}\n---\n# T\n\n- a\n')
    said = run("label", str(page), "--in-place", "--json")
    assert (said.status, said.data["role"]) == (0, "propagator"), said.err
    found = read_label(page)
    assert found.aigc is not None
    assert (found.aigc.content_producer, found.aigc.propagate_id) == (OTHER, said.data["record"])
    assert page.read_text().count("ContentProducer") == 1


def test_several_files_and_one_that_cannot(house: House, run: Run, file: Path) -> None:
    other = file.with_name("b.png")
    other.write_bytes(b"\x00 nothing")
    said = run("label", str(file), str(other), "--system", "helper", "--json")
    assert said.status == 4
    assert [("error" in each) for each in said.data] == [False, True]
    assert said.err.startswith(f"{other}: format.unknown: ")
    assert run("label", str(file), str(other), "-o", "x", "--system", "helper").status == 2


def test_a_folder_that_cannot_be_made(house: House, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, said in (("en", "File exists"), ("zh", "文件已存在")):
        monkeypatch.setenv("ANSWERABLE_LANG", language)
        found = run("label", str(file), "--out-dir", str(file), "--system", "helper")
        assert (found.status, found.err.partition(":")[0]) == (2, "label.target")
        assert said in found.err


def test_a_failure_leaves_no_file_and_its_record_says_why(
    house: House, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(work: object) -> None:
        raise Refused("label.unsupported", layer="aigc", format="png")

    monkeypatch.setattr(stages, "write", broken)
    said = run("label", str(file), "--system", "helper")
    assert (said.status, code(said)) == (2, "label.unsupported")
    assert [path.name for path in file.parent.iterdir()] == ["a.png"]
    leaf = newest(house)
    assert (leaf.k, leaf.st, leaf.err) == ("close", "error", "label.unsupported")


def test_what_is_not_recorded_gets_no_name(house: House, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The close leaf is durable before the file has its name: without it there is no file."""
    from answerable.cli.session import Session

    real = Session.post

    def post(self: Session, path: str, body: Any) -> Any:
        if path == "/labels/end" and not body.get("error"):
            assert not file.with_name("a.labelled.png").exists()
            raise Refused("log.conflict")
        return real(self, path, body)

    monkeypatch.setattr(Session, "post", post)
    assert run("label", str(file), "--system", "helper").status != 0
    assert [path.name for path in file.parent.iterdir()] == ["a.png"]
    assert newest(house).st == "error"


def test_another_producers_file_is_passed_on(house: House, run: Run, file: Path) -> None:
    theirs = labelling.label(picture(), by=labelling.Labeller(OTHER))
    assert theirs.data is not None
    file.write_bytes(theirs.data)
    said = run("label", str(file), "--system", "helper", "--json")
    assert (said.status, said.data["role"]) == (0, "propagator")
    assert said.data["aigc"]["ProduceID"] == theirs.record
    told = run("who", said.data["record"])
    assert "passed on by" in told.out


def test_a_wrong_word_costs_no_record(house: House, run: Run, file: Path) -> None:
    before = house.run(house.core.reader.size())
    assert run("label", str(file), "--system", "helper", "--require", "soul").status == 2
    assert house.run(house.core.reader.size()) == before


def test_a_name_of_two_lines_is_told_on_one(house: House, run: Run, file: Path) -> None:
    odd = file.with_name("a\n  c2pa: trusted.png")
    odd.write_bytes(file.read_bytes())
    said = run("label", str(odd), "--system", "helper")
    assert said.status == 0
    assert not any(line.startswith("  c2pa") for line in said.out.splitlines())


def test_without_a_service(run: Run, file: Path, tmp_path: Path) -> None:
    made = run("keys", "label", str(tmp_path / "k.key"), "--algorithm", "ES256", "--party", "NTRCN-91350100M000100Y43")
    assert made.status == 0
    (tmp_path / "pins.txt").write_text(made.out)
    said = run("label", str(file), "--provider", PROVIDER, "--key", str(tmp_path / "k.key"), "--json")
    assert (said.status, len(said.data["record"])) == (0, 32)
    told = run("read", said.data["file"], "--pins", str(tmp_path / "pins.txt"), "--json")
    assert told.data["layers"]["aigc"]["state"] == "signed:NTRCN-91350100M000100Y43"
    # `main` in one process knows the store of this module's house, which has nothing to do with these keys.
    assert run("label", str(file), "--key", str(tmp_path / "k.key")).status == 2
    assert run("label", str(file), "--provider", PROVIDER, "--require", "soul").status == 2
    for wrong in ("BAD", PROVIDER[:-6] + "X" + PROVIDER[-5:], "NTRCN-91350100M000100Y44"):
        refused = run("label", str(file), "--out-dir", str(tmp_path / "no"), "--provider", wrong)
        assert (refused.status == 0, code(refused)) == (False, "label.provider_code")
    refused = run("label", str(file), "-o", str(tmp_path / "c.png"), "--provider", PROVIDER, "--require", "c2pa")
    assert (refused.status, code(refused)) == (2, "label.unsupported")
    assert not (tmp_path / "c.png").exists()
    # Who has neither store nor provider code is told of the second.
    nowhere = run("label", str(file), "--store", str(tmp_path / "no-store"))
    assert "--provider CODE" in nowhere.err, nowhere.err
    assert "admin.no_store" in nowhere.err


def test_there_is_no_way_to_take_a_label_off(run: Run) -> None:
    said = run("label", "--help")
    assert said.status == 0
    assert not any(word in said.out for word in ("--strip", "--remove", "--delete", "--unlabel"))
    assert {"aigc", "c2pa"} <= verb.LAYERS


def test_pins_of_the_registry(house: House, run: Run, file: Path) -> None:
    run("label", str(file), "--system", "helper")
    said = run("keys", "pins")
    assert said.out.startswith("NTRCN-")
    assert " Ed25519 " in said.out
    assert json.loads(run("keys", "pins", "--json").out)["pins"] == said.out.splitlines()


def test_where_words_stand_and_how_large_is_chosen(run: Run, tmp_path: Path) -> None:
    """As the library draws them by the same plan; what the standard does not allow is refused before anything."""
    from answerable.labels import explicit
    from answerable.labels.explicit.plan import Corner, Plan

    source = tmp_path / "large.png"
    Image.new("RGB", (320, 240), (200, 180, 160)).save(source)
    alone = ("--provider", PROVIDER, "--explicit", "en")
    chosen = ("--corner", "top-left", "--share", "0.1", "--icon", "--words", "AI generated, by us")
    assert run("label", str(source), *alone, *chosen).status == 0
    drawn = BytesIO()
    plan = Plan("en", "AI generated, by us", Corner.TOP_LEFT, 0.1, icon=True)
    explicit.render(BytesIO(source.read_bytes()), drawn, "image/png", plan)
    made = Image.open(source.with_name("large.labelled.png"))
    assert made.convert("RGB").tobytes() == Image.open(drawn).convert("RGB").tobytes()
    for options in (("--corner", "nowhere"), ("--share", "0"), ("--seconds", "1"), ("--sound", "loud"),
                    ("--place", "under"), ("--words", "made by us")):  # fmt: skip
        said = run("label", str(source), *alone, "-o", str(tmp_path / "b.png"), *options)
        assert (said.status, code(said)) == (2, "label.plan"), options
    none = run("label", str(source), "--provider", PROVIDER, "--explicit", "none", "--icon", "-o", str(tmp_path / "b"))
    assert (none.status, code(none)) == (2, "admin.request")
    text = tmp_path / "a.txt"
    text.write_text("A text.\n")
    assert run("label", str(text), *alone, "--place", "end").status == 0
    assert (tmp_path / "a.labelled.txt").read_text().startswith("A text.")
