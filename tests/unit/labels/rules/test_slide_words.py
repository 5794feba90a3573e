# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.oxml import parse_xml
from pptx.util import Emu, Pt

from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels import explicit
from answerable.labels.explicit.plan import Plan
from answerable.labels.rules.hidden import Why
from answerable.labels.rules.slide_words import words

WORDS = "AI生成"
KIND = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
Change = Callable[[Any, Any], object]


def read(data: bytes) -> Any:
    return words(Archive(Source(BytesIO(data), "pptx")))


def show(change: Change | None = None) -> bytes:
    """A slide with a box that says all of itself; change: of slide and box."""
    made, out = Presentation(), BytesIO()
    slide = made.slides.add_slide(made.slide_layouts[6])
    box = slide.shapes.add_textbox(Emu(914_400), Emu(914_400), Emu(3_000_000), Emu(600_000))
    box.fill.solid()
    box.fill.fore_color.rgb = RGBColor(255, 255, 255)
    run = box.text_frame.paragraphs[0].add_run()
    run.text, run.font.size, run.font.color.rgb = WORDS, Pt(20), RGBColor(0, 0, 0)
    if change is not None:
        change(slide, box)
    made.save(out)
    return out.getvalue()


def run(box: Any) -> Any:
    return box.text_frame.paragraphs[0].runs[0]


def cover(left: int) -> Change:
    return lambda slide, _: slide.shapes.add_shape(1, Emu(left), Emu(914_400), Emu(500_000), Emu(500_000))


HIDDEN: dict[str, tuple[Change, Why]] = {
    "the colour of its box": (lambda _, box: setattr(run(box).font.color, "rgb", RGBColor(250, 250, 250)), Why.COLOUR),
    "tiny": (lambda _, box: setattr(run(box).font, "size", Pt(1)), Why.TINY),
    "hidden": (lambda _, box: box._element.nvSpPr.cNvPr.set("hidden", "1"), Why.HIDDEN),
    "on a slide that is not shown": (lambda slide, _: slide._element.set("show", "0"), Why.HIDDEN),
    "outside": (lambda _, box: setattr(box, "left", Emu(-4_000_000)), Why.OUTSIDE),
    "covered": (cover(1_000_000), Why.UNKNOWN),
    "animated": (lambda slide, _: slide._element.append(parse_xml(f"<p:timing {P}/>")), Why.UNKNOWN),
    "turned": (lambda _, box: setattr(box, "rotation", 90.0), Why.UNKNOWN),
    "a colour of the theme": (lambda _, box: setattr(run(box).font.color, "theme_color", 1), Why.UNKNOWN),
    "without a fill": (lambda _, box: box.fill.background(), Why.UNKNOWN),
    "larger than its box": (lambda _, box: setattr(run(box).font, "size", Pt(200)), Why.UNKNOWN),
    "no size of its own": (lambda _, box: setattr(run(box).font, "size", None), Why.TINY),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_words_that_are_not_told_to_be_seen(case: str) -> None:
    change, why = HIDDEN[case]
    said, hidden = read(show(change))
    assert said == ""
    assert [(each.text, each.why) for each in hidden] == [(WORDS, why)]


def test_words_that_are_seen() -> None:
    assert read(show()) == (WORDS, ())
    assert read(show(cover(6_000_000))) == (WORDS, ())


def test_words_of_a_layout_are_not_told() -> None:
    made, out = Presentation(), BytesIO()
    made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = WORDS
    made.save(out)
    said, hidden = read(out.getvalue())
    assert (said, [each.why for each in hidden]) == ("", [Why.UNKNOWN])


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_what_the_writer_puts_in_is_counted(language: str) -> None:
    made, out = Presentation(), BytesIO()
    made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = "A title"
    made.save(out)
    labelled = BytesIO()
    explicit.render(out, labelled, KIND, Plan(language))
    assert read(labelled.getvalue())[0] == Plan(language).text
