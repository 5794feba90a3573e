# SPDX-License-Identifier: Apache-2.0
"""Two parties under one service: nobody labels as its own what the log has as another's; and what was labelled by a
system that was stopped since says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, PngImagePlugin

from answerable.labels import Labeller, c2pa, label, load_key, read_label
from answerable.labels.chain import Chain
from answerable.labels.manifest import Said
from answerable.marks import provider_code
from answerable.registry.ids import unassigned_uscc
from benchmarks.pictures import scene
from tests.e2e.places import Place, cli, running

OPERATOR, OTHER = unassigned_uscc("parties"), unassigned_uscc("other")
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("parties")
    store = home / "store"
    cli("init", "--store", str(store), "--domain", "parties.invalid", "--operator", OPERATOR, "--name", "Operator Ltd")
    cli("keys", "c2pa-chain", "--store", str(store), "--party", "Operator Ltd")
    config = home / "a.toml"
    config.write_text(f'[labels]\nc2pa = "{store / "c2pa"}"\n')
    with running(("serve", "--port", "0", "--config", str(config)), store) as place:
        place.cli("party", "register", "--id", OTHER, "--name", "Other Ltd")
        for name, party in (("painter", OPERATOR), ("rival", OTHER)):
            place.cli("register", "--name", name, "--version", "1", "--kind", "model", "--party", f"{party}:deployer")
            place.cli("copy", "endpoint", name, "--url", "http://127.0.0.1/")
        yield place


def made(place: Place, system: str, source: Path, out: Path, *words: str, expect: int = 0) -> Any:
    config = str(place.store.with_name("a.toml"))
    return place.cli(
        "label", str(source), "-o", str(out), "--system", system, "--config", config, *words, expect=expect
    )


@pytest.fixture(scope="module")
def theirs(service: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that the operator's painter made and labelled: source.png, labelled.png."""
    folder = tmp_path_factory.mktemp("theirs")
    Image.fromarray(scene(np.random.default_rng(5), 480, 640)).save(folder / "source.png")
    done = made(service, "painter", folder / "source.png", folder / "labelled.png", "--explicit", "none")
    assert {name for name, state in done["layers"].items() if state == "written"} == {"watermark", "aigc", "c2pa"}
    return folder


def refused(place: Place, source: Path, layer: str) -> None:
    out = source.with_name("rivals.png")
    size = place.cli("log", "checkpoint")["size"]
    error = made(place, "rival", source, out, expect=5)["error"]
    assert error["code"] == "label.contradicted"
    assert f"another party ({layer})" in error["reason"]
    assert not out.exists()
    assert place.cli("log", "checkpoint")["size"] == size, "no record was made of it"


def test_the_same_bytes(service: Place, theirs: Path) -> None:
    refused(service, theirs / "source.png", "bytes")


def test_the_same_picture_in_other_bytes(service: Place, theirs: Path, tmp_path: Path) -> None:
    """The labelled file's pixels are the watermarked ones: its label is taken off by hand, and its bytes are others."""
    about = PngImagePlugin.PngInfo()
    about.add_text("Title", "mine")
    with Image.open(theirs / "labelled.png") as image:
        bare = Image.frombytes(image.mode, image.size, image.tobytes())
    bare.save(tmp_path / "same.png", pnginfo=about, compress_level=1)
    assert read_label(tmp_path / "same.png").verdict == "not_labelled"
    refused(service, tmp_path / "same.png", "content")


def test_a_copy_that_holds_the_watermark(service: Place, theirs: Path, tmp_path: Path) -> None:
    with Image.open(theirs / "labelled.png") as image:
        Image.frombytes(image.mode, image.size, image.tobytes()).save(tmp_path / "copy.jpg", quality=85)
    refused(service, tmp_path / "copy.jpg", "watermark")


def test_what_is_only_alike_is_told_of(service: Place, theirs: Path, tmp_path: Path) -> None:
    """Neither bytes, nor content, nor watermark: two that look alike may have been made by two."""
    with Image.open(theirs / "source.png") as image:
        ImageEnhance.Brightness(image).enhance(1.05).save(tmp_path / "alike.png")
    done = made(service, "rival", tmp_path / "alike.png", tmp_path / "out.png", "--explicit", "none")
    record = read_label(theirs / "labelled.png").record
    (problem,) = done["problems"]
    assert problem.startswith("alike:")
    assert service.cli("who", problem.removeprefix("alike:"))["record"] == record
    with Image.open(GOLDEN / "png" / "bare.png") as image:
        image.convert("RGB").rotate(90).resize((400, 300)).save(tmp_path / "else.png")
    assert made(service, "rival", tmp_path / "else.png", tmp_path / "else-out.png")["problems"] == []


def test_the_party_itself_may_label_it_once_more(service: Place, theirs: Path, tmp_path: Path) -> None:
    done = made(service, "painter", theirs / "source.png", tmp_path / "again.png")
    assert done["role"] == "producer"


def test_another_operators_label_is_never_taken_over(service: Place, tmp_path: Path) -> None:
    """Of another log, whose key and certificate are pinned: its label stands, we are who passed it on. With its AIGC
    object taken off, its manifest still says whose it is, and nothing is labelled."""
    cli("keys", "label", str(tmp_path / "label.key"), "--party", OTHER)
    cli("keys", "c2pa-chain", "--party", "Elsewhere Ltd", "--out", str(tmp_path / "chain"))
    shutil.copyfile(GOLDEN / "png" / "bare.png", tmp_path / "bare.png")
    chain = Chain.load(tmp_path / "chain")
    by = Labeller(provider_code.make(OTHER.removeprefix("NTRCN-"), "ABCD"), load_key(tmp_path / "label.key"), chain)
    label(tmp_path / "bare.png", tmp_path / "elsewhere.png", by=by)
    before = read_label(tmp_path / "elsewhere.png")
    done = made(service, "painter", tmp_path / "elsewhere.png", tmp_path / "passed.png")
    after = read_label(tmp_path / "passed.png")
    assert done["role"] == "propagator"
    assert before.aigc is not None
    assert after.aigc is not None
    for member in ("label", "content_producer", "produce_id", "reserved_code1"):
        assert getattr(after.aigc, member) == getattr(before.aigc, member), member
    signed = tmp_path / "signed.png"
    with (tmp_path / "bare.png").open("rb") as source, signed.open("w+b") as target:
        c2pa.sign(source, target, "image/png", chain=chain, said=Said("a-record-elsewhere", "s", "p", chain.until_ms))
    error = made(service, "painter", signed, tmp_path / "ours.png", expect=5)["error"]
    assert error["code"] == "label.contradicted"
    assert "a-record-elsewhere" in error["reason"]


def test_what_made_it_has_been_stopped_since(service: Place, theirs: Path, tmp_path: Path) -> None:
    """Last: the painter is stopped for good."""
    before = service.cli("who", str(theirs / "labelled.png"))
    assert (before["sure"], before["stopped"], before["stopped_at"]) == ("proven", "", 0)
    order = service.cli("stop", "painter", "--reason", "test", "--as", "officer-1")
    with Image.open(theirs / "labelled.png") as image:
        Image.frombytes(image.mode, image.size, image.tobytes()).save(tmp_path / "copy.jpg", quality=80)
    leaves = {entry["rid"]: entry["leaf"] for entry in service.leaves()}
    for what in (str(theirs / "labelled.png"), str(tmp_path / "copy.jpg"), before["record"]):
        found = service.cli("who", what)
        assert found["record"] == before["record"]
        assert found["stopped"] in json.dumps(order)
        assert found["stopped_at"] == leaves[found["stopped"]]["t"] > before["at"]
    error = made(service, "painter", GOLDEN / "png" / "bare.png", tmp_path / "late.png", expect=1)["error"]
    assert error["code"].startswith("stop.")
    assert not (tmp_path / "late.png").exists()
