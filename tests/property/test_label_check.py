# SPDX-License-Identifier: Apache-2.0
"""Any bytes under any rules: a verdict and never an exception, every detail in both languages, and nothing that a model
is said to have made because of bytes that say nothing."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.labels.rules.book import BOOKS
from answerable.labels.rules.checking import check_label
from answerable.labels.rules.verdicts import Checked, Verdict
from answerable.marks import aigc
from tests.unit.labels.rules.files import page

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = (
    "jpeg/ours.jpg", "png/ours.png", "gif/ours.gif", "tiff/ours.tif", "webp/ours.webp", "pdf/ours.pdf",
    "docx/ours.docx", "pptx/ours.pptx", "xlsx/ours.xlsx", "html/ours.html", "markdown/ours.md", "wav/ours-plain.wav",
    "mp3/ours-bare.mp3", "mp4/ours-plain.mp4", "flac/ours-plain.flac", "ogg/ours-plain.ogg",
)  # fmt: skip
FILES = st.sampled_from([(GOLDEN / name).read_bytes() for name in NAMES])
RULES = st.sampled_from(BOOKS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from([*aigc.KEYS, "AIGC", "More", "ServiceProvider"]), JSON, max_size=8)


def sound(found: Checked) -> None:
    assert found.verdict in Verdict
    assert bool(found.problem) == bool(found.problem_zh)
    for each in found.findings:
        assert each.told.detail
        assert each.told.detail_zh
        if not found.by_ai and each.verdict is Verdict.NONCOMPLIANT:
            raise AssertionError(f"{each.rule.id}: noncompliant, and nothing says that a model made it")


@given(st.binary(max_size=600), RULES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_bytes(data: bytes, rules: str, ai: bool) -> None:
    sound(check_label(data, rules, ai=ai, deployer=True))


@given(st.text(max_size=300), RULES)
@settings(max_examples=80, deadline=None)
def test_any_text(text: str, rules: str) -> None:
    sound(check_label(text.encode("utf-8", "surrogatepass"), rules))


@given(FILES, RULES, st.data())
@settings(max_examples=80, deadline=None)
def test_files_that_were_changed(data: bytes, rules: str, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for at, byte in draw.draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=4)):
        changed[at] = byte
    sound(check_label(bytes(changed[: draw.draw(st.integers(1, len(data)))]), rules))


@given(st.lists(OBJECTS, max_size=3), RULES)
@settings(max_examples=150, deadline=None)
def test_any_objects(objects: list[object], rules: str) -> None:
    heads = [json.dumps(each).replace("'", "&#39;").replace("<", "&lt;") for each in objects]
    sound(check_label(page(*heads), rules))
