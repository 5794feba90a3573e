# SPDX-License-Identifier: Apache-2.0
"""The layers of one file together: in their order, each read back, none at another's cost."""

from __future__ import annotations

import errno
import sys
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from docx import Document
from PIL import Image

from answerable.crypto.ed25519 import Key
from answerable.crypto.issuing import issue
from answerable.errors import Refused, VerificationError
from answerable.formats.png import Png
from answerable.labels import c2pa, stages
from answerable.labels.chain import Chain
from answerable.labels.explicit.plan import Plan, Where
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.manifest import Said
from answerable.labels.reading import Trust, read_label
from answerable.labels.stages import Layer
from answerable.marks.aigc import write
from answerable.marks.propagation import Role
from answerable.model.labels import AIGC, Reading
from benchmarks.pictures import scene
from tests import label_files
from tests.small_media import OTHER, PROVIDER, picture

NOW = time.time_ns() // 1_000_000
ISSUED = issue("Example Ltd", now_ms=NOW, days=30)
BY = Labeller(PROVIDER, Key.generate(), Chain.of(ISSUED), system="system-rid", party="party-rid")
RECORD = "abcdefghijklmnopqrstuvwxyz234567"


def large() -> bytes:
    out = BytesIO()
    Image.fromarray(scene(np.random.default_rng(7), 240, 320)).save(out, "PNG")
    return out.getvalue()


def made(source: bytes, by: Labeller = BY, record: str = RECORD) -> bytes:
    done = label(source, by=by, record=record, receipt=b"receipt")
    assert done.data is not None
    return done.data


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_manifest_is_last_and_holds(form: str) -> None:
    done = label(picture(form), by=BY, record=RECORD, receipt=b"receipt")
    assert [(layer.name, layer.state) for layer in done.layers] == [("aigc", "written"), ("c2pa", "written")]
    assert done.data is not None
    manifest = c2pa.read(BytesIO(done.data), done.media, anchors=(ISSUED.root,))
    assert (manifest.state, manifest.record, manifest.receipt) == ("trusted", RECORD, b"receipt")
    assert (manifest.system, manifest.party) == ("system-rid", "party-rid")
    assert manifest.by_ai
    found = read_label(done.data, trust=Trust(anchors=(ISSUED.root,)))
    assert (found.verdict, found.layer("c2pa").state) == (Reading.LABELLED, "trusted")
    assert found.layer("c2pa").details["producer"] == "Example Ltd"
    assert read_label(done.data).layer("c2pa").state == "valid"


def test_labelled_again_it_keeps_its_history() -> None:
    again = made(made(picture()))
    found = c2pa.read(BytesIO(again), "image/png")
    assert (found.holds, found.parents, found.record) == (True, 1, RECORD)


def test_what_another_produced_is_the_parent_of_what_leaves_here() -> None:
    theirs = made(picture(), Labeller(OTHER, Key.generate(), Chain.of(issue("Other Ltd", now_ms=NOW, days=30))), "t")
    # Their manifest names their record, and our label both.
    done = label(theirs, by=BY, record=RECORD)
    assert (done.role, done.aigc.produce_id, done.aigc.propagate_id) == (Role.PROPAGATOR, "t", RECORD)
    assert done.data is not None
    manifest = c2pa.read(BytesIO(done.data), done.media)
    assert (manifest.holds, manifest.parents, manifest.record) == (True, 1, RECORD)
    assert read_label(done.data).verdict is Reading.LABELLED


def test_a_manifest_that_nobody_signs_anew_is_not_broken() -> None:
    source = made(picture())
    with pytest.raises(Refused) as caught:
        label(source, by=Labeller(PROVIDER), record=RECORD)
    assert caught.value.code == "label.foreign"


def test_a_manifest_in_a_signed_pdf_is_not_broken() -> None:
    pdf = (Path(__file__).parents[2] / "golden" / "pdf" / "bare.pdf").read_bytes()
    by = replace(BY, explicit=None)
    assert [layer.state for layer in label(pdf + b"%/ByteRange\n", by=by).layers] == ["written", "unsupported"]
    marked = label(pdf, by=by).data
    assert marked is not None
    with pytest.raises(Refused) as caught:
        label(marked + b"%/ByteRange\n", by=by)
    assert caught.value.code == "label.foreign"


def test_a_manifest_with_another_record_contradicts() -> None:
    """Somebody took the AIGC object out and left the manifest, or moved a manifest's file under a new label."""
    out = BytesIO()
    c2pa.sign(BytesIO(picture()), out, "image/png", chain=Chain.of(ISSUED), said=Said("their-record", "s", "p", NOW))
    with pytest.raises(Refused) as caught:
        label(out.getvalue(), by=BY, record=RECORD)
    assert caught.value.code == "label.contradicted"


def test_a_file_that_was_changed_behind_its_manifest() -> None:
    out = BytesIO()
    other = write(AIGC("1", OTHER, "another"))
    Png().write(BytesIO(made(picture())), out, other)
    found = read_label(out.getvalue())
    assert (found.verdict, found.layer("c2pa").state) == (Reading.INCONSISTENT, "invalid")
    assert found.layer("c2pa").records == ()
    # Signed anew the old manifest is a parent of which the report says that it does not hold.
    anew = label(out.getvalue(), by=BY)
    assert "c2pa.parent:assertion.dataHash.mismatch" in anew.problems
    assert anew.data is not None
    again = c2pa.read(BytesIO(anew.data), "image/png")
    assert (again.holds, again.parents, again.problems) == (True, 1, ("ingredient:assertion.dataHash.mismatch",))
    assert "ingredient:assertion.dataHash.mismatch" in read_label(anew.data).layer("c2pa").problems
    assert "c2pa.parent" not in str(label(picture(), by=BY).problems)


def test_two_layers_that_name_different_records() -> None:
    out = BytesIO()
    Png().write(BytesIO(picture()), out, write(AIGC("1", PROVIDER, "one")))
    signed = BytesIO()
    c2pa.sign(out, signed, "image/png", chain=Chain.of(ISSUED), said=Said("other", "s", "p", NOW))
    found = read_label(signed.getvalue())
    assert found.verdict is Reading.INCONSISTENT
    assert "other" in found.contradictions[0]
    assert "one" in found.contradictions[0]


def test_a_manifest_alone_is_a_label_if_it_says_that_a_model_made_it() -> None:
    signed = BytesIO()
    c2pa.sign(BytesIO(picture()), signed, "image/png", chain=Chain.of(ISSUED), said=Said("rid", "s", "p", NOW))
    found = read_label(signed.getvalue())
    assert (found.verdict, found.record) == (Reading.LABELLED, "rid")


def test_a_manifest_that_cannot_be_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = made(picture())
    monkeypatch.setitem(sys.modules, "c2pa", None)
    found = read_label(signed)
    assert (found.verdict, found.layer("c2pa").state) == (Reading.LABELLED, "unchecked")
    assert read_label(picture()).layer("c2pa").state == "absent"


def test_a_manifest_that_does_not_read_back_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = c2pa.sign

    def another(*args: object, **named: object) -> None:
        said = named.pop("said")
        assert isinstance(said, Said)
        real(*args, **named, said=Said("another", said.system, said.party, said.made_at))  # type: ignore[arg-type]

    monkeypatch.setattr(stages.c2pa, "sign", another)
    with pytest.raises(VerificationError) as caught:
        label(picture(), by=BY, record=RECORD)
    assert (caught.value.code, caught.value.params["layer"]) == ("label.read_back", "c2pa")


def test_a_format_without_manifests_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages.c2pa, "supports", lambda media, source: False)
    done = label(picture(), by=BY, record=RECORD)
    assert [(layer.name, layer.state) for layer in done.layers] == [("aigc", "written"), ("c2pa", "unsupported")]
    assert msgspec.structs.asdict(done.aigc)["produce_id"] == RECORD


def test_words_on_a_picture_stand_before_all_other_layers() -> None:
    by = Labeller(PROVIDER, Key.generate(), Chain.of(ISSUED), b"k" * 32, explicit=Plan("both"))
    done = label(large(), by=by, record=RECORD)
    assert [(layer.name, layer.state) for layer in done.layers] == [
        ("explicit", "written"),
        ("watermark", "written"),
        ("aigc", "written"),
        ("c2pa", "written"),
    ]
    assert done.layers[0].detail == Plan("both").text
    again = label(done.data or b"", by=by, record=RECORD)
    assert [layer.name for layer in again.layers] == ["aigc", "c2pa"]  # the words stand once


def test_words_that_a_file_cannot_carry() -> None:
    by = Labeller(PROVIDER, explicit=Plan("en"))
    done = label(picture(size=(12, 9)), by=by)
    assert [(layer.name, layer.state) for layer in done.layers] == [("explicit", "unsupported"), ("aigc", "written")]
    with pytest.raises(Refused) as caught:
        label(picture(size=(12, 9)), by=replace(by, require=frozenset({"explicit"})))
    assert caught.value.code == "label.unsupported"


def test_what_another_produced_gets_no_words_of_ours() -> None:
    theirs = label(large(), by=Labeller(OTHER))
    done = label(theirs.data or b"", by=Labeller(PROVIDER, explicit=Plan("en")), record=RECORD)
    assert [layer.name for layer in done.layers] == ["aigc"]


@pytest.mark.parametrize(
    ("name", "detail"), [("mp4/plain.mp4", "AI生成"), ("wav/plain.wav", "rhythm"), ("mp3/plain.mp3", "rhythm")]
)
def test_words_and_sounds_in_other_media(name: str, detail: str) -> None:
    by = Labeller(PROVIDER, Key.generate(), Chain.of(ISSUED), b"k" * 32, explicit=Plan("zh"))
    done = label(Path(__file__).parents[2] / "golden" / name, by=by, record=RECORD)
    assert [(layer.name, layer.state) for layer in done.layers] == [
        ("explicit", "written"),
        ("aigc", "written"),
        ("c2pa", "written"),
    ]
    assert done.layers[0].detail == detail
    assert read_label(done.data or b"").verdict is Reading.LABELLED


@pytest.mark.parametrize("name", ["markdown/bare.md", "html/bare.html", "docx", "pdf/bare.pdf"])
def test_words_in_texts_and_documents(name: str) -> None:
    by = Labeller(PROVIDER, Key.generate(), explicit=Plan("both"))
    source = label_files.docx() if name == "docx" else Path(__file__).parents[2] / "golden" / name
    done = label(source, by=by, record=RECORD)
    assert [(layer.name, layer.state) for layer in done.layers] == [("explicit", "written"), ("aigc", "written")]
    found = read_label(done.data or b"")
    assert found.layer("explicit").details == {"words": Plan("both").text}
    assert label(done.data or b"", by=by, record=RECORD).data == done.data


def test_plain_text_has_words_alone() -> None:
    done = label(b"A text.\n", by=Labeller(PROVIDER, Key.generate(), explicit=Plan("en")), record=RECORD)
    assert [(layer.name, layer.state) for layer in done.layers] == [("explicit", "written"), ("aigc", "unsupported")]
    assert (done.data or b"").startswith(b"AI-generated\n")
    assert read_label(done.data or b"").verdict is Reading.LABELLED
    with pytest.raises(Refused) as caught:
        label(b"A text.\n", by=Labeller(PROVIDER), record=RECORD)
    assert caught.value.code == "label.unsupported"


class Full(BytesIO):
    """A sheet on a disk that has room for so many bytes."""

    room = 6_000

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_disk_that_is_full_when_the_manifest_is_written_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library tells of it as of a file that it cannot read, which goes without a manifest."""
    with pytest.raises(OSError, match="No space"):
        c2pa.sign(BytesIO(picture()), Full(), "image/png", chain=Chain.of(ISSUED), said=Said("r", "s", "p", NOW))
    target = tmp_path / "b.png"
    monkeypatch.setattr(stages.Bench, "sheet", lambda _: Full())
    with pytest.raises(Refused, match=r"label\.target") as caught:
        label(picture(), target, by=BY)
    assert caught.value.params["detail"] == "No space left on device"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "plan", [Plan("en"), Plan("both"), Plan("zh", where=Where.END), Plan("zh", words="人工智能合成")]
)
def test_a_text_keeps_the_words_that_it_has_once(plan: Plan) -> None:
    page = b"<!doctype html><html><head><title>t</title></head><body><p>x</p></body></html>"
    for source in (b"A text.\n", b"# A text\n\n- of\n- **Markdown**\n", page):
        first = label(source, by=Labeller(PROVIDER, explicit=Plan("zh")))
        assert first.data is not None
        stripped = first.data.replace(b"AIGC", b"AIGD")  # as if another had put the words there
        again = label(stripped, by=Labeller(PROVIDER, explicit=plan))
        assert again.data is not None
        assert [each for each in again.layers if each.name == "explicit"] == [Layer("explicit", "kept", "AI生成")]
        assert again.data.count("AI生成".encode()) == 1
        assert plan.text == "AI生成" or plan.text.encode() not in again.data


def test_words_that_nobody_sees_are_not_taken_for_a_label() -> None:
    """At the end of a page its author can hide them; a document has more places that are not shown."""
    words = '<p class="ai-label" role="note" lang="zh">AI生成</p>'
    page = f"<!doctype html><html><body><p>x</p><div hidden>{words}</body></html>".encode()
    made = label(page, by=Labeller(PROVIDER, explicit=Plan("zh")))
    assert made.data is not None
    assert made.layers[0] == Layer("explicit", "written", "AI生成")
    assert made.data.index("AI生成".encode()) < made.data.index(b"<p>x</p>")
    out, document = BytesIO(), Document()
    document.add_paragraph().add_run("AI生成").font.hidden = True
    document.save(out)
    for plan in (Plan("zh"), Plan("en")):
        made = label(out.getvalue(), by=Labeller(PROVIDER, explicit=plan))
        assert made.layers[0] == Layer("explicit", "written", plan.text)


def test_words_of_ones_own_that_stand_are_kept() -> None:
    by = Labeller(PROVIDER, explicit=Plan("zh", words="人工智能合成"))
    first = label(b"A text.\n", by=by)
    assert first.data is not None
    again = label(first.data, by=by)
    assert (first.layers[0].state, again.layers[0].state) == ("written", "kept")
    assert again.data == first.data


def test_an_object_in_plain_text_stays_as_it_was_written() -> None:
    ours = b'A text.\n\n{"Label":"1","ContentProducer":"%b","ProduceID":"x"}\n' % PROVIDER.encode()
    kept = label(ours, by=Labeller(PROVIDER, Key.generate(), explicit=Plan("zh")))
    assert (kept.data, kept.role, kept.aigc.reserved_code1) == (ours, Role.KEPT, "")
    with pytest.raises(Refused, match=r"label\.another_record"):
        label(ours, by=Labeller(PROVIDER), record="another")
    with pytest.raises(Refused, match=r"label\.foreign"):
        label(ours, by=Labeller(OTHER))


def test_where_words_are_all_that_there_could_be_it_is_said_why_they_are_not() -> None:
    with pytest.raises(Refused) as caught:
        label(b'{"a": 1}', by=Labeller(PROVIDER, explicit=Plan("zh")))
    assert (caught.value.code, caught.value.params["detail"]) == ("label.explicit", "words in JSON would break it")
    with pytest.raises(Refused, match=r"label\.unsupported"):
        label(b'{"a": 1}', by=Labeller(PROVIDER))
