# SPDX-License-Identifier: Apache-2.0
"""Documents written with python-docx, in which words of a label stand; it reads them in all of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import docx
import pytest
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import parse_xml
from docx.shared import Pt, RGBColor
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, VerificationError
from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels import explicit
from answerable.labels.explicit.plan import Plan, Where
from answerable.labels.rules.hidden import Why
from answerable.labels.rules.word_words import words

WORDS = "AI生成"
SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def saved(document: Any) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def read(data: bytes) -> Any:
    return words(Archive(Source(BytesIO(data), "docx")))


def document(change: Callable[[Any, Any], object] | None = None, *, text: str = WORDS) -> bytes:
    """The words in a run of their own, between other words; change: of document and run."""
    made = docx.Document()
    made.add_paragraph("Before.")
    run = made.add_paragraph().add_run(text)
    made.add_paragraph("After.")
    if change is not None:
        change(made, run)
    assert text in "".join(docx.Document(BytesIO(saved(made))).element.itertext())
    return saved(made)


def of_run(xml: str) -> Callable[[Any, Any], object]:
    return lambda _, run: run._r.get_or_add_rPr().append(parse_xml(xml.replace("/>", f" {SPACES}/>", 1)))


def of_paragraph(xml: str) -> Callable[[Any, Any], object]:
    return lambda _, run: run._parent._p.get_or_add_pPr().append(parse_xml(xml.replace("/>", f" {SPACES}/>", 1)))


def of_style(name: str, xml: str, *, run: bool = True) -> Callable[[Any, Any], object]:
    def change(made: Any, _: Any) -> None:
        element = made.styles[name].element
        held = element.get_or_add_rPr() if run else element.get_or_add_pPr()
        held.append(parse_xml(xml.replace("/>", f" {SPACES}/>", 1)))

    return change


def wrapped(before: str, after: str) -> Callable[[Any, Any], object]:
    """The words' run within these elements."""

    def change(_: Any, run: Any) -> None:
        outer = parse_xml(before.replace(">", f" {SPACES}>", 1) + after)
        run._r.addprevious(outer)
        inner = outer
        while len(inner):
            inner = inner[0]
        inner.append(run._r)

    return change


def anchor(where: str, wrap: str = "wrapNone") -> str:
    return (
        f"<w:r {SPACES}><w:drawing><wp:anchor behindDoc='0'><wp:positionV relativeFrom='{where}'>"
        f"<wp:posOffset>0</wp:posOffset></wp:positionV><wp:{wrap}/></wp:anchor></w:drawing></w:r>"
    )


def drawn(at: int, where: str, wrap: str = "wrapNone") -> Callable[[Any, Any], object]:
    return lambda made, _: made.paragraphs[at]._p.append(parse_xml(anchor(where, wrap)))


def colour(value: str) -> Callable[[Any, Any], object]:
    return lambda _, run: setattr(run.font.color, "rgb", RGBColor.from_string(value))


def ground(made: Any, _: Any) -> None:
    made.element.insert(0, parse_xml(f'<w:background w:color="101010" {SPACES}/>'))


def white_on_ground(made: Any, run: Any) -> None:
    ground(made, run)
    colour("FFFFFF")(made, run)


def marked(index: Any, ink: str = "") -> Callable[[Any, Any], object]:
    def change(made: Any, run: Any) -> None:
        run.font.highlight_color = index
        if ink:
            colour(ink)(made, run)

    return change


def margins(made: Any, _: Any) -> None:
    made.sections[0].left_margin = made.sections[0].page_width


def in_a_table(made: Any, run: Any) -> None:
    made.add_table(1, 1).cell(0, 0).paragraphs[0]._p.append(run._r)


def in_a_field(_: Any, run: Any) -> None:
    for kind, add in (("begin", run._r.addprevious), ("end", run._r.addnext)):
        add(parse_xml(f'<w:r {SPACES}><w:fldChar w:fldCharType="{kind}"/></w:r>'))


def based(made: Any, run: Any) -> None:
    """Two styles up."""
    base = made.styles.add_style("base", 2)
    base.font.hidden = True
    style = made.styles.add_style("derived", 2)
    style.base_style = base
    run.style = style


HIDDEN: dict[str, tuple[Callable[[Any, Any], object], Why]] = {
    "hidden": (lambda _, run: setattr(run.font, "hidden", True), Why.HIDDEN),
    "hidden on the web": (of_run("<w:webHidden/>"), Why.HIDDEN),
    "hidden by a style": (based, Why.HIDDEN),
    "hidden by the paragraph's style": (of_style("Normal", "<w:vanish/>"), Why.HIDDEN),
    "hidden twice": (
        lambda made, run: [based(made, run), of_style("Normal", "<w:vanish/>")(made, run)], Why.HIDDEN,
    ),
    "deleted": (wrapped("<w:del>", "</w:del>"), Why.HIDDEN),
    "moved away": (wrapped("<w:moveFrom>", "</w:moveFrom>"), Why.HIDDEN),
    "white on white": (colour("FFFFFF"), Why.COLOUR),
    "pale": (colour("D0D0D0"), Why.COLOUR),
    "white by a style": (of_style("Normal", '<w:color w:val="FEFEFE"/>'), Why.COLOUR),
    "black on black": (marked(WD_COLOR_INDEX.BLACK), Why.COLOUR),
    "the colour of its shading": (
        lambda made, run: [
            of_run('<w:shd w:val="clear" w:fill="ff0000"/>')(made, run), colour("FF0000")(made, run)
        ], Why.COLOUR,
    ),
    "the paragraph's shading": (of_paragraph('<w:shd w:val="clear" w:fill="050505"/>'), Why.COLOUR),
    "black on a black page": (ground, Why.COLOUR),
    "a pattern": (of_run('<w:shd w:val="solid" w:fill="ffffff" w:color="000000"/>'), Why.UNKNOWN),
    "a colour of the theme": (of_run('<w:color w:val="000000" w:themeColor="background1"/>'), Why.UNKNOWN),
    "tiny": (lambda _, run: setattr(run.font, "size", Pt(1)), Why.TINY),
    "tiny by a style": (of_style("Normal", '<w:sz w:val="2"/>'), Why.TINY),
    "pressed flat": (of_run('<w:w w:val="1"/>'), Why.UNKNOWN),
    "raised out of the line": (of_run('<w:position w:val="2000"/>'), Why.UNKNOWN),
    "one letter on the other": (of_run('<w:spacing w:val="-400"/>'), Why.UNKNOWN),
    "in signs": (of_run('<w:rFonts w:ascii="Wingdings"/>'), Why.UNKNOWN),
    "a property that nobody knows": (of_run("<w:unheardOf/>"), Why.UNKNOWN),
    "a line without height": (of_paragraph('<w:spacing w:line="1" w:lineRule="exact"/>'), Why.UNKNOWN),
    "outside the page": (of_paragraph('<w:ind w:left="-20000"/>'), Why.UNKNOWN),
    "in a frame": (of_paragraph('<w:framePr w:x="-9999"/>'), Why.UNKNOWN),
    "in a field": (in_a_field, Why.UNKNOWN),
    "in a table": (in_a_table, Why.UNKNOWN),
    "in something unheard of": (wrapped("<mc:AlternateContent>", "</mc:AlternateContent>"), Why.UNKNOWN),
    "margins without room": (margins, Why.UNKNOWN),
    "under a picture of the page": (drawn(2, "page"), Why.UNKNOWN),
    "under a picture of its paragraph": (drawn(0, "paragraph"), Why.UNKNOWN),
    "of no known style": (of_paragraph('<w:pStyle w:val="nowhere"/>'), Why.UNKNOWN),
}  # fmt: skip
SHOWN: dict[str, Callable[[Any, Any], object]] = {
    "plain": lambda *_: None,
    "bold": lambda _, run: setattr(run.font, "bold", True),
    "not hidden": of_run('<w:vanish w:val="0"/>'),
    "grey": colour("606060"),
    "white on black": marked(WD_COLOR_INDEX.BLACK, "FFFFFF"),
    "white on a black page": white_on_ground,
    "marked yellow": marked(WD_COLOR_INDEX.YELLOW),
    "inserted": wrapped("<w:ins>", "</w:ins>"),
    "in a control": wrapped("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
    "a picture that words flow around": drawn(0, "page", "wrapSquare"),
    "a picture below": drawn(2, "paragraph"),
    "in the middle": lambda _, run: setattr(run._parent, "alignment", 1),
    "small print": lambda _, run: setattr(run.font, "size", Pt(6)),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_words_that_nobody_sees_or_may_not_are_not_counted(case: str) -> None:
    change, why = HIDDEN[case]
    said, hidden = read(document(change))
    assert WORDS not in said
    assert why in {each.why for each in hidden}
    assert any(WORDS in each.text for each in hidden)


@pytest.mark.parametrize("case", SHOWN)
def test_words_that_people_see_are_counted(case: str) -> None:
    said, hidden = read(document(SHOWN[case]))
    assert WORDS in said.splitlines()
    assert all(WORDS not in each.text for each in hidden)


def test_half_of_the_words() -> None:
    def change(_: Any, run: Any) -> None:
        run._parent.add_run("生成").font.hidden = True

    said, hidden = read(document(change, text="AI"))
    assert said.splitlines()[1] == "AI"
    assert [(each.text, each.why) for each in hidden] == [(WORDS, Why.HIDDEN)]


def test_headers_and_footers_of_the_first_page_alone() -> None:
    made = docx.Document()
    made.add_paragraph("Text.")
    made.sections[0].header.paragraphs[0].text = WORDS
    assert read(saved(made))[0].splitlines() == [WORDS, "Text.", WORDS]
    made.sections[0].different_first_page_header_footer = True
    said, hidden = read(saved(made))
    assert said == "Text."
    assert [each.why for each in hidden] == [Why.UNKNOWN]
    later = docx.Document()
    later.add_paragraph("Text.")
    section = later.add_section(WD_SECTION.NEW_PAGE)
    section.footer.is_linked_to_previous = False
    section.footer.paragraphs[0].text = WORDS
    assert read(saved(later))[0] == "Text."
    # A picture in a header may lie over the page.
    over = docx.Document()
    over.add_paragraph(WORDS)
    over.sections[0].header.paragraphs[0]._p.append(parse_xml(anchor("paragraph")))
    assert read(saved(over))[0] == ""


@pytest.mark.parametrize("where", [Where.START, Where.END])
def test_what_the_writer_puts_in_is_counted(where: Where) -> None:
    for language in ("zh", "en", "both"):
        plan, out = Plan(language, where=where), BytesIO()
        explicit.render(BytesIO(document(text="Words.")), out, KIND, plan)
        said, hidden = read(out.getvalue())
        assert said.splitlines()[0 if where is Where.START else -1] == plan.text
        assert hidden == ()


def test_a_part_that_is_not_the_document_says_nothing() -> None:
    """A package names its document; what else lies in it under a usual name is shown by nobody."""
    made = docx.Document(BytesIO(document()))
    from docx.opc.constants import CONTENT_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    part = made.part
    part.partname = PackURI("/word/other.xml")
    blob = b'<?xml version="1.0"?><w:document %s/>' % SPACES.encode()
    Part(PackURI("/word/document.xml"), CONTENT_TYPE.WML_DOCUMENT_MAIN, blob, part.package)
    assert WORDS in read(saved(made))[0]


def test_foreign_bytes() -> None:
    made = bytearray(document())
    with pytest.raises(VerificationError, match=r"format\."):
        read(bytes(made[:200]))
    rng = random.Random(1)
    for _ in range(20):
        changed = made.copy()
        at = rng.randrange(len(changed))
        changed[at : at + 4] = rng.randbytes(4)
        try:
            read(bytes(changed))
        except AnswerableError:
            continue


@settings(max_examples=60, deadline=5_000)
@given(st.text(alphabet="<>/w:prt=\"' AI生成val0", max_size=60), st.integers(0, 10_000))
def test_mutated_parts_raise_our_errors_alone(piece: str, at: int) -> None:
    archive = Archive(Source(BytesIO(SEED), "docx"))
    member = archive.find("word/document.xml")
    assert member is not None
    content = archive.content(member)
    at %= len(content)
    out = BytesIO()
    archive.write(out, {member.name: content[:at] + piece.encode() + content[at:]})
    try:
        read(out.getvalue())
    except AnswerableError:
        return


SEED = document()
