# SPDX-License-Identifier: Apache-2.0
"""The robustness table: what it counts is what happened."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import label_watermark, labels
from benchmarks.label_layers import RECORD, Layer, layers
from benchmarks.label_transforms import IMAGES, MEDIA, Medium, Transform, cut, opened, pictures, resized, saved
from benchmarks.pictures import DRAWN, drawn, photographs


class Here:
    """A pool of no processes."""

    def imap_unordered(self, call, work, chunksize=1):  # type: ignore[no-untyped-def]
        return map(call, work)


def test_each_layer_is_found_in_what_it_wrote_and_nowhere_else() -> None:
    plain, other = (saved(Image.fromarray(drawn("scene", seed, 320, 400))) for seed in (1, 2))
    sound, document = next(MEDIA["sound"].items(()))[1], next(MEDIA["document"].items(()))[1]
    used = {"image": (plain, other), "sound": (sound, sound), "document": (document, document)}
    assert {layer.medium for layer in layers()} == {*used, "video"} == set(MEDIA)
    for layer in layers():
        assert MEDIA[layer.medium].transforms
        if layer.medium not in used:
            continue
        its, without = used[layer.medium]
        labelled = layer.write(its)
        assert labelled is not None
        assert layer.found(labelled)
        if layer.name != "fingerprint" or without != its:  # of which nothing is written
            assert not layer.found(without)


def test_transforms_do_what_they_are_named_for() -> None:
    plain = saved(Image.fromarray(drawn("scene", 2, 200, 300)))
    made = {transform.name: transform.change(plain) for transform in IMAGES}
    assert made["copied byte for byte"] == plain
    assert opened(made["half size, q75"]).size == (150, 100)
    assert opened(made["crop of half of each side"]).size == (150, 100)
    assert opened(made["mirrored"]).getpixel((0, 5)) != opened(plain).getpixel((0, 5))
    assert len(made["JPEG q30"]) < len(made["JPEG q50"]) < len(made["JPEG q70"]) < len(plain)
    assert Image.open(io.BytesIO(made["WebP q60"])).format == "WEBP"
    assert cut(opened(plain), 0.5).size == (212, 141)
    assert resized(opened(plain), 1.1, 1).size == (330, 200)
    assert {t.bar for t in IMAGES} == {0, 0.95, 0.8}


def test_rates_costs_and_refusals_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    once = Transform("once", bytes, most=1)
    halves = Medium(lambda _: iter(()), (Transform("kept", bytes), Transform("cut", lambda file: file[:1], 0.95), once))
    monkeypatch.setitem(MEDIA, "bytes", halves)
    mark = Layer("mark", "bytes", lambda f: None if f == b"no" else f + b"!", lambda f: f.endswith(b"!"))
    few = Layer("few", "bytes", lambda f: f, bool, most=2)
    monkeypatch.setattr(labels, "_LAYERS", (mark, few))
    measured = labels.measure("bytes", iter([("a", b"aa"), ("b", b"no"), ("c", b"cc")]), Here())
    assert measured.refused == {"mark": 1, "few": 0}
    assert measured.added == {"mark": [1, 1], "few": [0, 0]}
    table = labels.robustness("bytes", measured)
    assert "| kept | 2/2 (100.0%) | 2/2 (100.0%) |  |" in table
    assert "| cut | 0/2 (0.0%) | 2/2 (100.0%) | 95% |" in table
    assert "| once | 1/1 (100.0%) | 1/1 (100.0%) |  |" in table
    paid = labels.costs(mark, [b"aa", b"no"])
    assert paid.write[0] >= 0
    assert "| mark | 1 | - |" in labels.costs_table("bytes", measured, {"mark": paid})
    measured.decibels["mark"] = [float("inf")] * 2
    assert "| mark | 1 | identical |" in labels.costs_table("bytes", measured, {"mark": paid})
    page = labels.page([table])
    assert page.startswith("<!-- SPDX")
    assert "make bench-labels" in page


def test_a_part_that_is_done_is_not_measured_again_but_by_other_code_or_when_asked(tmp_path: Path) -> None:
    done: list[int] = []

    def make() -> labels.Measured:
        done.append(1)
        row = labels.Row(len(done), 9)
        return labels.Measured({("q50", "mark"): row}, {"mark": 0}, {"mark": [float("inf"), 38.5]}, {"mark": [7]})

    first = labels.Work(tmp_path / "new", "a").once("image", labels.Measured, make)
    assert labels.Work(tmp_path / "new", "a").once("image", labels.Measured, make) == first
    assert labels.Work(tmp_path / "new", "b").once("image", labels.Measured, make).rows["q50", "mark"].found == 2
    assert labels.Work(tmp_path / "new", "b").once("image", labels.Measured, make, anew=True) != first
    assert len(done) == 3
    assert labels.Work(None, "a").once("image", labels.Measured, make).rows["q50", "mark"] == labels.Row(4, 9)
    paid = {"mark": labels.Cost((1.5, 1.0), (0.1, 0.1))}
    for _ in range(2):
        assert labels.Work(tmp_path, "a").once("times", dict[str, labels.Cost], lambda: paid) == paid


def test_unmarked_pictures_are_counted_with_their_bound(tmp_path: Path) -> None:
    Image.fromarray(drawn("scene", 3, 260, 300)).save(tmp_path / "one.png")
    Image.fromarray(drawn("scene", 3, 100, 300)).save(tmp_path / "small.png")
    (tmp_path / "text.txt").write_text("no picture")
    assert [name for name, _ in photographs(tmp_path)] == ["one.png"]
    assert [name for name, file in pictures((tmp_path,)) if opened(file).size == (300, 260)] == ["one.png"]
    page = label_watermark.unmarked(Here(), 10, (tmp_path,))
    assert "| place | 9 | 0 | 0.28 |" in page
    assert "| full | 1 | 0 | 0.95 |" in page
    assert "| both | 10 | 0 | 0.26 |" in page
    table = label_watermark.pieces(Here(), 6, (tmp_path,)).splitlines()[-1]
    right, none, wrong, bound = (float(cell) for cell in table.strip("| ").split("|"))
    assert (right + none, wrong, bound) == (6, 0, 0.39)


def test_drawn_pictures_are_the_same_again() -> None:
    for kind in DRAWN:
        one = drawn(kind, 7, 64, 80)
        assert one.shape == (64, 80, 3)
        assert np.array_equal(one, drawn(kind, 7, 64, 80))
        assert not np.array_equal(one, drawn(kind, 8, 64, 80))
    assert len(RECORD) == 32
