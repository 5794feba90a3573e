# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from answerable.crypto.issuing import ES256, issue
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.formats.isobmff_boxes import Walker
from answerable.formats.splice import Source
from answerable.labels import c2pa, manifest_place
from answerable.labels.chain import Chain
from answerable.labels.manifest import COMPOSITE, GENERATED, Said, SoftBinding
from answerable.labels.manifest_report import ABSENT, INVALID, TRUSTED, UNSUPPORTED, VALID

NOW = int(time.time() * 1000)
ISSUED = issue("示例 Ltd", now_ms=NOW, days=30)
CHAIN = Chain.of(ISSUED)
MARK = SoftBinding("org.answerable.image.1", b"\1\2\3\4\5\6")
SAID = Said("record-1", "system-1", "party-1", NOW, b"receipt", MARK)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FILMED = {
    "audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/mp4": "m4a", "video/mp4": "mp4",
    "video/quicktime": "mov", "video/x-msvideo": "avi",
}  # fmt: skip


def picture(form: str = "PNG") -> BytesIO:
    out = BytesIO()
    Image.frombytes("RGB", (48, 48), random.Random(2).randbytes(48 * 48 * 3)).save(out, form)
    return out


def signed(source: BytesIO, media: str, **more: object) -> BytesIO:
    out = BytesIO()
    c2pa.sign(source, out, media, **{"chain": CHAIN, "said": SAID, **more})  # type: ignore[arg-type]
    return out


def checked(source: BytesIO, media: str) -> None:
    file = signed(source, media)
    found = c2pa.read(file, media, anchors=(ISSUED.root,))
    assert (found.state, found.problems) == (TRUSTED, ())
    assert (found.record, found.system, found.party, found.made_at) == ("record-1", "system-1", "party-1", NOW)
    assert (found.receipt, found.soft_binding) == (b"receipt", MARK)
    assert (found.producer, found.generator, found.sources) == ("示例 Ltd", "answerable", (GENERATED,))
    assert found.by_ai
    changed = bytearray(file.getvalue())
    changed[_content(source.getvalue(), file.getvalue())] ^= 1
    assert c2pa.read(BytesIO(changed), media, anchors=(ISSUED.root,)).state == INVALID


def _content(source: bytes, file: bytes) -> int:
    """Where in `file` something stands that was in `source`, near its middle, and nowhere else."""
    for at in range(len(source) // 2, len(source) - 12):
        piece = source[at : at + 12]
        if once(piece, source) and once(piece, file):
            return file.index(piece)
    return file.index(b"MediaBox")  # a PDF is written anew


def once(piece: bytes, where: bytes) -> bool:
    """Without counting what stands there a million times, as the zeros of an empty document."""
    first = where.find(piece)
    return first >= 0 and where.find(piece, first + 1) < 0


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_pictures(form: str) -> None:
    media = f"image/{form.lower()}"
    source = picture(form)
    assert c2pa.read(source, media).state == ABSENT
    checked(source, media)


@pytest.mark.system("ffmpeg")
@pytest.mark.parametrize("media", FILMED)
def test_sound_and_video(media: str, tmp_path: Path) -> None:
    what = "testsrc=d=0.4:s=64x64" if media.startswith("video") else "sine=d=0.4"
    file = tmp_path / f"x.{FILMED[media]}"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", what, str(file)], check=True, timeout=60)
    checked(BytesIO(file.read_bytes()), media)


def test_pdf() -> None:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(out)
    checked(out, "application/pdf")


def test_a_pdf_with_signatures_is_not_written_anew() -> None:
    assert c2pa.supports("application/pdf", BytesIO(b"%PDF-1.7\n"))
    for before in (0, (1 << 20) - 4):  # as it may be cut in two when it is read
        signed_file = BytesIO(b" " * before + b"<< /Type /Sig /ByteRange [0 1 2 3] >>")
        assert not c2pa.supports("application/pdf", signed_file)
        with pytest.raises(Refused, match=r"label\.unsupported"):
            signed(signed_file, "application/pdf")


def test_a_tiff_of_several_pages_is_not_cut_to_its_first() -> None:
    """The library writes the others without their directories."""
    first, out = Image.open(picture()), BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=[first.rotate(90)])
    assert not c2pa.supports("image/tiff", out)
    with pytest.raises(Refused, match=r"label\.unsupported"):
        signed(out, "image/tiff")
    assert c2pa.supports("image/tiff", picture("TIFF"))
    assert not c2pa.supports("image/tiff", BytesIO(b"II*\0junk"))


def word(how: int) -> BytesIO:
    from docx import Document

    plain, out = BytesIO(), BytesIO()
    Document().save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w", how) as target:
        for each in source.namelist():
            target.writestr(each, source.read(each))
    return out


def test_ooxml_only_where_its_parts_are_stored() -> None:
    checked(word(zipfile.ZIP_STORED), WORD)
    with pytest.raises(Refused, match=r"label\.unsupported"):
        signed(word(zipfile.ZIP_DEFLATED), WORD)
    assert not c2pa.supports(WORD, BytesIO(b"junk"))


@pytest.mark.parametrize("media", ["text/plain", "text/html", "text/markdown", "audio/ogg", "video/webm", ""])
def test_what_carries_none_is_refused_and_said(media: str) -> None:
    assert c2pa.read(BytesIO(b"hello"), media).state == UNSUPPORTED
    with pytest.raises(Refused, match=r"label\.unsupported"):
        signed(BytesIO(b"hello"), media)


def test_trust_is_what_the_caller_gives() -> None:
    file = signed(picture(), "image/png")
    stranger = issue("示例 Ltd", now_ms=NOW, days=30)
    for anchors, state in (((), VALID), ((stranger.root,), VALID), ((stranger.root, ISSUED.root), TRUSTED)):
        found = c2pa.read(file, "image/png", anchors=anchors)
        assert (found.state, found.problems) == (state, ()), "untrusted among the failures is no failure"


def test_es256() -> None:
    issued = issue("a", now_ms=NOW, days=30, algorithm=ES256)
    found = c2pa.read(signed(picture(), "image/png", chain=Chain.of(issued)), "image/png", anchors=(issued.root,))
    assert (found.state, found.algorithm) == (TRUSTED, "Es256")


def test_a_flipped_byte_is_found_wherever_it_stands() -> None:
    file = signed(picture(), "image/png").getvalue()
    drawn = random.Random(3)
    pixels = file.rindex(b"IDAT") + 4
    for at in (*drawn.sample(range(pixels, len(file) - 12), 20), 17, 30):
        changed = bytearray(file)
        changed[at] ^= 1 << drawn.randrange(8)
        found = c2pa.read(BytesIO(changed), "image/png", anchors=(ISSUED.root,))
        assert found.state == INVALID, at
        assert found.problems


def test_a_manifest_that_stands_there_is_kept_as_parent() -> None:
    first = signed(picture(), "image/png")
    again = signed(first, "image/png", said=Said("record-2", "s", "p", NOW, edited=True))
    found = c2pa.read(again, "image/png", anchors=(ISSUED.root,))
    assert (found.state, found.record, found.parents, found.sources) == (TRUSTED, "record-2", 1, (COMPOSITE,))


def test_the_parent_is_the_file_as_it_came_not_as_we_changed_it() -> None:
    first = signed(picture(), "image/png").getvalue()
    ours = BytesIO(first[:-12] + _chunk(b"tEXt", b"AIGC\0x") + first[-12:])
    assert c2pa.read(ours, "image/png").state == INVALID
    found = c2pa.read(signed(ours, "image/png", parent=BytesIO(first)), "image/png", anchors=(ISSUED.root,))
    assert (found.state, found.parents, found.problems) == (TRUSTED, 1, ())


def _chunk(kind: bytes, data: bytes) -> bytes:
    import struct
    import zlib

    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_file_that_is_none_cannot_be_signed() -> None:
    for junk in (b"", b"junk", picture().getvalue()[:60]):
        with pytest.raises(VerificationError, match=r"label\.c2pa"):
            signed(BytesIO(junk), "image/png")
        assert c2pa.read(BytesIO(junk), "image/png").state in (UNSUPPORTED, ABSENT)


def test_a_key_that_fails_leaves_nothing_signed() -> None:
    def broken(message: bytes) -> bytes:
        raise OSError("the token is gone")

    with pytest.raises(VerificationError, match=r"label\.c2pa"):
        signed(picture(), "image/png", chain=Chain(CHAIN.certificates, broken, "ed25519", "a", NOW + 10_000))
    with pytest.raises(VerificationError, match=r"label\.c2pa"):
        other = issue("a", now_ms=NOW, days=1).leaf_key.sign
        signed(picture(), "image/png", chain=Chain(CHAIN.certificates, other, "ed25519", "a", NOW + 10_000))


def test_bounds() -> None:
    with pytest.raises(Refused, match="in force"):
        signed(picture(), "image/png", said=Said("r", "s", "p", CHAIN.until_ms + 1))
    with pytest.raises(VerificationError, match="receipt"):
        signed(picture(), "image/png", said=Said("r", "s", "p", NOW, b"a" * 65_537))


def test_no_network_for_a_manifest_that_is_elsewhere() -> None:
    """A file that points to a manifest on a server makes nobody call that server."""
    import json

    import c2pa as library

    from answerable.labels import manifest

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        calls: list[object] = []

        def listen() -> None:
            with suppress(TimeoutError):
                calls.append(server.accept())

        thread = threading.Thread(target=listen)
        thread.start()
        out = BytesIO()
        context = library.Context.from_dict(manifest.settings())
        signer = library.Signer.from_callback(CHAIN.sign, library.C2paSigningAlg.ED25519, ISSUED.leaf.decode())
        builder = library.Builder.from_json(json.dumps(manifest.definition(SAID, version="1", parent=False)), context)
        builder.set_no_embed()
        builder.set_remote_url(f"http://127.0.0.1:{server.getsockname()[1]}/x.c2pa")
        source = picture()
        source.seek(0)
        builder.sign(signer, "image/png", source, out)
        found = c2pa.read(out, "image/png", anchors=(ISSUED.root,))
        thread.join()
    assert (found.state, found.problems, calls) == (ABSENT, ("remote",), [])


@pytest.mark.parametrize("length", [0, 1, c2pa.MAX_MANIFEST + 1, 2**32 - 1])
def test_a_manifest_beyond_the_bound_is_not_given_to_the_parser(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    file = signed(picture(), "image/png").getvalue()
    at = file.index(b"jumb", 30) - 4
    longer = file[:at] + length.to_bytes(4) + file[at + 4 :]
    assert c2pa.read(BytesIO(longer), "image/png").problems == ("oversized",)
    monkeypatch.setattr(manifest_place, "_PIECE", 37)
    assert c2pa.read(BytesIO(longer), "image/png").problems == ("oversized",), "wherever it falls between two reads"
    assert c2pa.read(BytesIO(file), "image/png").state == VALID


@settings(max_examples=400, deadline=2_000)
@given(st.data())
def test_foreign_bytes_raise_nothing(data: st.DataObject) -> None:
    media, form = data.draw(st.sampled_from([("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/webp", "WEBP")]))
    file = bytearray(_one(form, media))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(file) - 1))
        piece = data.draw(st.binary(max_size=12))
        file[at : at + data.draw(st.integers(0, 12))] = piece
    assert c2pa.read(BytesIO(file), media).state in ("valid", "invalid", "absent", "unsupported")


@functools.cache
def _one(form: str, media: str) -> bytes:
    return signed(picture(form), media).getvalue()


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(Unavailable, match=r"label\.extra") as caught:
        c2pa.read(picture(), "image/png")
    assert "answerable[c2pa]" in caught.value.remedy("en")


def test_importing_it_loads_no_library() -> None:
    code = "import sys, answerable.labels.c2pa; sys.exit('c2pa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.system("ffmpeg")
def test_long_video_is_hashed_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of it counts as in a short one, and what a player sees is the same."""
    file, out = tmp_path / "x.mp4", tmp_path / "y.mp4"
    what = ["-f", "lavfi", "-i", "testsrc=d=2:s=320x240"]
    subprocess.run(["ffmpeg", "-v", "error", *what, str(file)], check=True, timeout=60)
    source = BytesIO(file.read_bytes())
    (whole,) = manifest_place.samples(source)
    monkeypatch.setattr(c2pa, "TREE_FROM", whole)
    monkeypatch.setattr(c2pa, "_PIECES", 8)
    made = signed(source, "video/mp4")
    assert b"merkle\0" in made.getvalue()
    found = c2pa.read(made, "video/mp4", anchors=(ISSUED.root,))
    assert (found.state, found.problems, found.record) == (TRUSTED, (), "record-1")
    (box,) = (each for each in Walker(Source(made, "mp4")).files() if each.kind == b"mdat")
    for place in (box.start + 4, *range(box.body, box.stop, 997), box.stop - 1):
        changed = bytearray(made.getvalue())
        changed[place] ^= 1
        assert c2pa.read(BytesIO(changed), "video/mp4").state == INVALID, place
    for cut in (made.getvalue()[:-1], made.getvalue()[: box.stop]):
        assert not c2pa.read(BytesIO(cut), "video/mp4").holds
    out.write_bytes(made.getvalue())
    sums = [
        subprocess.run(
            ["ffmpeg", "-v", "error", "-i", str(each), "-f", "md5", "-"], check=True, timeout=60, capture_output=True
        ).stdout
        for each in (file, out)
    ]
    assert sums[0] == sums[1]


def test_video_in_fragments_is_hashed_range_by_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's tree over several boxes of samples does not hold: none is made."""
    from tests.av_bytes import FTYP, box, full, stco, track

    file = FTYP + box(b"moov", track(stco()))
    for _ in range(3):
        base = struct.pack(">IQ", 1, len(file))
        file += box(b"moof", box(b"traf", full(b"tfhd", base, flags=1))) + box(b"mdat", bytes(5_000))
    monkeypatch.setattr(c2pa, "TREE_FROM", 1)
    assert c2pa.read(signed(BytesIO(file), "video/mp4"), "video/mp4").state == VALID
