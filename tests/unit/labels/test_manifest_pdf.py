# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import builtins
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from answerable.formats.pdf_file import PdfFile
from answerable.formats.splice import Source
from answerable.labels import manifest_pdf
from answerable.labels.explicit.plan import Plan
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from tests.small_media import PROVIDER
from tests.unit.labels.test_c2pa import CHAIN

WORDS = "AI生成 AI-generated"


def bare() -> bytes:
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(300, 300)
    writer.add_metadata({"/Title": "A title"})
    writer.write(out)
    return out.getvalue()


def packed() -> bytes:
    """With words, which come with a stream of cross-references."""
    data = label(bare(), by=Labeller(PROVIDER, explicit=Plan("both"))).data
    assert data is not None
    return data


def is_packed(data: bytes) -> bool:
    return PdfFile(Source(BytesIO(data), "pdf")).packed


def test_cross_references_become_a_table_and_all_else_stays() -> None:
    source = packed()
    made = manifest_pdf.tabled(BytesIO(source))
    made.seek(0)
    data = made.read()
    assert (is_packed(source), is_packed(data)) == (True, False)
    assert data[:8] == source[:8]
    before, after = PdfReader(BytesIO(source)), PdfReader(BytesIO(data))
    assert after.metadata == before.metadata
    assert after.metadata is not None
    assert "/AIGC" in after.metadata
    assert WORDS in after.pages[0].extract_text() == before.pages[0].extract_text()


def test_what_has_a_table_or_cannot_be_read_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (bare(), b"%PDF-1.7 junk", b""):
        source = BytesIO(data)
        assert manifest_pdf.tabled(source) is source
    source = BytesIO(packed())
    with monkeypatch.context() as context:
        context.setattr(manifest_pdf, "MAX_BYTES", 100)
        assert manifest_pdf.tabled(source) is source
    usual = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "pypdf":
            raise ImportError(name)
        return usual(name, *more)

    with monkeypatch.context() as context:
        context.setattr(builtins, "__import__", without)
        assert manifest_pdf.tabled(source) is source
    broken = packed().replace(b"/MediaBox", b"/MediaBax").replace(b"/Kids", b"/Kads")
    source = BytesIO(broken)
    assert manifest_pdf.tabled(source) is source


@pytest.mark.system("pdfinfo")
@pytest.mark.parametrize("source", [bare, packed])
def test_pdfinfo_complains_of_nothing_in_a_pdf_with_words_and_a_manifest(source: Any, tmp_path: Path) -> None:
    explicit = Plan("both") if source is bare else None
    path = tmp_path / "a.pdf"
    done = label(source(), path, by=Labeller(PROVIDER, c2pa=CHAIN, explicit=explicit))
    assert {"explicit", "aigc", "c2pa"} >= {layer.name for layer in done.layers} >= {"aigc", "c2pa"}
    told = subprocess.run(["pdfinfo", "-custom", path], capture_output=True, text=True, timeout=60, check=True)
    assert told.stderr == ""
    assert "AIGC" in told.stdout
    assert WORDS in PdfReader(path).pages[0].extract_text()
