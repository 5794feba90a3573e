# SPDX-License-Identifier: Apache-2.0
"""`answerable label` and `answerable read` over a service of its own, on files that independent programs open."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from answerable.labels import read_label
from answerable.registry.ids import unassigned_uscc
from tests import label_files
from tests.e2e.places import Place, cli, running

OPERATOR = unassigned_uscc("labels")
GOLDEN = Path(__file__).parents[1] / "golden"
SOURCES = {
    "picture.jpg": "jpeg/bare.jpg",
    "picture.png": "png/bare.png",
    "picture.webp": "webp/bare.webp",
    "paper.pdf": "pdf/bare.pdf",
    "film.mp4": "mp4/plain.mp4",
    "film.mkv": "mkv/plain.mkv",
    "song.mp3": "mp3/plain.mp3",
    "page.html": "html/bare.html",
}
NAMES = (*SOURCES, "paper.docx")
BY_EXIFTOOL = ("picture.jpg", "picture.png", "picture.webp", "paper.docx", "paper.pdf", "film.mp4", "song.mp3")
BY_FFPROBE = ("film.mp4", "film.mkv", "song.mp3")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("labels")
    store = home / "store"
    cli("init", "--store", str(store), "--domain", "labels.invalid", "--operator", OPERATOR, "--name", "Labels Ltd")
    cli("keys", "c2pa-chain", "--store", str(store), "--party", "Labels Ltd")
    config = home / "a.toml"
    config.write_text(f'[labels]\nc2pa = "{store / "c2pa"}"\n')
    with running(("serve", "--port", "0", "--config", str(config)), store) as place:
        for name in ("painter", "stopped"):
            place.cli(
                "register", "--name", name, "--version", "1", "--kind", "model", "--party", f"{OPERATOR}:deployer"
            )
            place.cli("copy", "endpoint", name, "--url", "http://127.0.0.1/")
        yield place


@pytest.fixture(scope="module")
def labelled(service: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    for name, golden in SOURCES.items():
        shutil.copyfile(GOLDEN / golden, folder / name)
    (folder / "paper.docx").write_bytes(label_files.docx())
    digests = {name: sha256((folder / name).read_bytes()).digest() for name in NAMES}
    made = label(service, *(str(folder / name) for name in NAMES), "--out-dir", str(folder / "made"))
    assert {each["layers"]["aigc"] for each in made} == {"written"}
    assert {name: sha256((folder / name).read_bytes()).digest() for name in NAMES} == digests
    return {name: folder / "made" / name for name in NAMES}


def label(place: Place, *words: str, system: str = "painter", expect: int = 0) -> Any:
    config = str(place.store.with_name("a.toml"))
    return place.cli("label", *words, "--system", system, "--config", config, expect=expect)


def acts(place: Place) -> list[str]:
    """What was begun and ended; the warrant of who labels is renewed as time goes by."""
    its = [each["rid"] for each in place.leaves() if each["kind"] in ("open", "close")]
    assert len(its) >= 2 * len(NAMES)
    return its


def found(place: Place, path: Path) -> Any:
    return place.cli("read", str(path), "--anchor", str(place.store / "c2pa" / "root.pem"))


@pytest.mark.parametrize("name", NAMES)
def test_who_answers_is_found_from_the_label(service: Place, labelled: dict[str, Path], name: str) -> None:
    reading = found(service, labelled[name])
    assert (reading["verdict"], reading["contradictions"]) == ("labelled", [])
    assert reading["layers"]["aigc"]["state"] == f"signed:{OPERATOR}"
    assert reading["layers"]["c2pa"]["state"] in ("trusted", "unsupported", "absent")
    if name.startswith(("picture", "song")) or name in ("film.mp4", "paper.pdf"):
        assert reading["layers"]["c2pa"]["state"] == "trusted"
        assert reading["layers"]["c2pa"]["records"] == [reading["record"]]
    who = service.cli("who", reading["record"])
    assert (who["party"]["id"], who["made_by"], who["outcome"]) == (OPERATOR, None, "done")
    assert who["asked_by"]["name"] == "painter"


@pytest.mark.system("exiftool")
@pytest.mark.parametrize("name", BY_EXIFTOOL)
def test_exiftool_reads_the_object(labelled: dict[str, Path], name: str) -> None:
    out = subprocess.run(
        ["exiftool", "-j", "-AIGC", "-UserDefinedText", str(labelled[name])], capture_output=True, check=True
    ).stdout
    (tags,) = json.loads(out)
    value = tags.get("AIGC") or tags.get("Aigc") or tags["UserDefinedText"].removeprefix("(AIGC) ")
    members = value if isinstance(value, dict) else json.loads(value)
    assert members["ProduceID"] == read_label(labelled[name]).record


@pytest.mark.system("ffprobe")
@pytest.mark.parametrize("name", BY_FFPROBE)
def test_ffprobe_reads_the_object(labelled: dict[str, Path], name: str) -> None:
    words = ("ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "json", str(labelled[name]))
    tags = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["format"]["tags"]
    assert json.loads(tags["AIGC"])["ProduceID"] == read_label(labelled[name]).record


def test_a_label_that_was_changed_is_inconsistent(service: Place, labelled: dict[str, Path], tmp_path: Path) -> None:
    changed = tmp_path / "page.html"
    text = labelled["page.html"].read_text()
    record = found(service, labelled["page.html"])["record"]
    changed.write_text(text.replace(record, record[::-1]))
    reading = service.cli("read", str(changed), expect=1)
    assert (reading["verdict"], reading["layers"]["aigc"]["state"]) == ("inconsistent", "bad")


def test_a_file_that_is_labelled_already_gets_no_second_record(service: Place, labelled: dict[str, Path]) -> None:
    before = acts(service)
    error = label(service, str(labelled["paper.pdf"]), "--in-place", expect=5)
    assert error["error"]["code"] == "label.another_record"
    assert acts(service) == before


def test_another_producers_label_is_kept_and_passed_on(
    service: Place, labelled: dict[str, Path], tmp_path: Path
) -> None:
    theirs = GOLDEN / "flac" / "ours-plain.flac"
    before = service.cli("read", str(theirs))["aigc"]
    made = label(service, str(theirs), "-o", str(tmp_path / "b.flac"))
    after = service.cli("read", str(tmp_path / "b.flac"))["aigc"]
    assert made["role"] == "propagator"
    members = ("Label", "ContentProducer", "ProduceID", "ReservedCode1")
    assert {name: after[name] for name in members} == {name: before[name] for name in members}
    assert after["PropagateID"] == made["record"]
    assert service.cli("who", made["record"])["act"] == "propagation"


def test_what_is_stopped_labels_nothing(service: Place, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    shutil.copyfile(GOLDEN / "png" / "bare.png", source)
    service.cli("stop", "stopped", "--reason", "test", "--as", "officer-1")
    error = label(service, str(source), system="stopped", expect=1)
    assert error["error"]["code"].startswith("stop.")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_log_agrees_with_itself(service: Place, labelled: dict[str, Path]) -> None:
    assert service.cli("log", "fsck")["sound"]
