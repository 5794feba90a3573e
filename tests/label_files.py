# SPDX-License-Identifier: Apache-2.0
"""Small pictures and documents: bare ones, made by independent libraries, and ones with AIGC objects in every place and
shape that occurs. `python -m tests.label_files` writes those that tests/golden lacks."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from answerable.formats.carrier import Carrier
from answerable.formats.detect import detect

GOLDEN = Path(__file__).parent / "golden"
PRODUCER = "00119135010000000000X1AAAA1"
TEXT = json.dumps(
    {
        "Label": "1",
        "ContentProducer": PRODUCER,
        "ProduceID": "r" * 32,
        "ReservedCode1": '{"a":"<&\'>()"}',
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    },
    separators=(",", ":"),
)
OLD = '{"Label":"2","ContentProducer":"other","ProduceID":"7"}'
VENDOR = '{"ServiceProvider":"v","ServiceUser":"u","Time":"2025","ContentId":"c"}'


def read(data: bytes) -> list[tuple[str, str]]:
    """(place, text) of all that the file's own carrier finds."""
    source = io.BytesIO(data)
    return [(each.place, each.text.decode()) for each in detect(source).read(source)]


def write(data: bytes, text: str = TEXT, carrier: Carrier | None = None) -> bytes:
    source, target = io.BytesIO(data), io.BytesIO()
    (carrier or detect(source)).write(source, target, text)
    return target.getvalue()


# --- pictures ---------------------------------------------------------------------------------------------------------


def image(mode: str = "RGB", size: tuple[int, int] = (17, 11)) -> Any:
    from PIL import Image

    count = len(mode)
    data = bytes(
        (x * 13 + y * 7 + c * 50) * (x + 1) % 256 for y in range(size[1]) for x in range(size[0]) for c in range(count)
    )
    return Image.frombytes(mode, size, data)


def picture(form: str, mode: str = "RGB", frames: int = 1, size: tuple[int, int] = (17, 11), **options: Any) -> bytes:
    out = io.BytesIO()
    first = image(mode, size)
    if frames > 1:
        options |= {"save_all": True, "append_images": [first.rotate(90 * n) for n in range(1, frames)]}
    first.save(out, form, **options)
    return out.getvalue()


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes) -> bytes:
    """A JPEG with segments behind JFIF's."""
    bare = picture("JPEG", quality=60)
    return bare[:20] + b"".join(segments) + bare[20:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    bare = picture("PNG")
    return bare[:33] + b"".join(chunks) + bare[33:]


def itxt(keyword: str, text: bytes, *, packed: bool = False) -> bytes:
    return chunk(
        b"iTXt", keyword.encode() + b"\0" + bytes((packed, 0)) + b"\0\0" + (zlib.compress(text) if packed else text)
    )


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp(*chunks: bytes, **options: Any) -> bytes:
    body = picture("WEBP", **options)[8:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_extension(head: bytes, data: bytes) -> bytes:
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return head + b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def gif(*extensions: bytes, **options: Any) -> bytes:
    bare = picture("GIF", **options)
    at = 13 + (3 << (bare[10] & 7) + 1 if bare[10] & 0x80 else 0)
    return bare[:at] + b"".join(extensions) + bare[at:]


def exif(fields: dict[int, tuple[int, bytes]], comment: bytes = b"", order: str = "<") -> bytes:
    """An Exif block: fields of the first directory (tag → type, value), and UserComment in the Exif directory."""
    entries: list[tuple[int, int, bytes]] = [(tag, kind, value) for tag, (kind, value) in sorted(fields.items())]
    number = len(entries) + bool(comment)
    behind = 8 + 2 + 12 * number + 4
    table, values = b"", b""
    for tag, kind, value in entries:
        table += struct.pack(order + "HHI", tag, kind, len(value))
        table += struct.pack(order + "I", behind + len(values)) if len(value) > 4 else value.ljust(4, b"\0")
        values += value if len(value) > 4 else b""
    if comment:
        at = behind + len(values)
        table += struct.pack(order + "HHII", 0x8769, 4, 1, at)
        values += struct.pack(order + "HHHIII", 1, 0x9286, 7, len(comment), at + 18, 0) + comment
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, number)
    return head + table + struct.pack(order + "I", 0) + values


def xmp(inner: str, attributes: str = "", about: str = "") -> bytes:
    """A packet of another writer, with a property of its own and free space at its end."""
    return (
        f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n  <rdf:Description rdf:about="{about}"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"{attributes}>\n'
        f"   <dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A &amp; B</rdf:li></rdf:Alt></dc:title>{inner}\n"
        f'  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n{" " * 200}\n<?xpacket end="w"?>'
    ).encode()


def element(text: str = OLD) -> str:
    return "<TC260:AIGC>" + text.replace('"', "&quot;") + "</TC260:AIGC>"


def attribute(text: str = OLD) -> str:
    return ' TC260:AIGC="' + text.replace('"', "&#34;") + '"'


def app1(packet: bytes) -> bytes:
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def tiff(
    order: str = "<", *, big: bool = False, pages: int = 1, fields: dict[int, tuple[int, bytes]] | None = None
) -> bytes:
    """Grey pixels, uncompressed, one strip a page, byte by byte. fields: further ones of the first page."""
    mark = b"II" if order == "<" else b"MM"
    word, long = ("Q", 8) if big else ("I", 4)
    data = mark + struct.pack(order + "HHHQ" if big else order + "HI", *((43, 8, 0, 0) if big else (42, 0)))
    pointer = 8 if big else 4
    for page in range(pages):
        pixels = bytes((n * (page + 3)) % 256 for n in range(35))
        strip = len(data)
        data += pixels + b"\0"
        values: dict[int, tuple[int, int, bytes]] = {
            256: (3, 1, struct.pack(order + "H", 7)),
            257: (3, 1, struct.pack(order + "H", 5)),
            258: (3, 1, struct.pack(order + "H", 8)),
            259: (3, 1, struct.pack(order + "H", 1)),
            262: (3, 1, struct.pack(order + "H", 1)),
            273: (16 if big else 4, 1, struct.pack(order + word, strip)),
            277: (3, 1, struct.pack(order + "H", 1)),
            278: (3, 1, struct.pack(order + "H", 5)),
            279: (16 if big else 4, 1, struct.pack(order + word, 35)),
        }
        for tag, (kind, value) in (fields or {}).items() if page == 0 else ():
            at = len(data)
            if len(value) > long:
                data += value + b"\0" * (len(value) % 2)
                value = struct.pack(order + word, at)
                values[tag] = kind, len(data) - at, value
            else:
                values[tag] = kind, len(value), value
        at = len(data)
        data = data[:pointer] + struct.pack(order + word, at) + data[pointer + long :]
        data += struct.pack(order + ("Q" if big else "H"), len(values))
        for tag, (kind, count, value) in sorted(values.items()):
            data += struct.pack(order + "HH" + word, tag, kind, count) + value.ljust(long, b"\0")
        pointer = len(data)
        data += bytes(long)
    return data


# --- documents --------------------------------------------------------------------------------------------------------


def docx() -> bytes:
    from docx import Document

    out, document = io.BytesIO(), Document()
    document.add_paragraph("A paragraph.")
    document.save(out)
    return out.getvalue()


def xlsx(**properties: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty

    out, book = io.BytesIO(), Workbook()
    book.active["A1"] = 7
    for name, value in properties.items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))
    book.save(out)
    return out.getvalue()


def pptx() -> bytes:
    from pptx import Presentation

    out, slides = io.BytesIO(), Presentation()
    slides.slides.add_slide(slides.slide_layouts[6])
    slides.save(out)
    return out.getvalue()


def office(
    kind: str = "wordprocessingml.document.main",
    *,
    custom: str | None = None,
    target: str = "docProps/custom.xml",
    extra: dict[str, bytes] | None = None,
    strict: bool = False,
) -> bytes:
    """The least that an Office document is, made by hand and the same each time."""
    base = (
        "http://purl.oclc.org/ooxml/officeDocument/"
        if strict
        else "http://schemas.openxmlformats.org/officeDocument/2006/"
    )
    package = "http://schemas.openxmlformats.org/package/2006/"
    types = (
        f'<Types xmlns="{package}content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/main.xml" ContentType='
        f'"application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
    )
    links = (
        f'<Relationships xmlns="{package}relationships"><Relationship Id="rId1" Target="main.xml" '
        f'Type="{base}relationships/officeDocument"/>'
    )
    if custom is not None:
        name = "customProperties" if strict else "custom-properties"
        types += (
            f'<Override PartName="/{target}" ContentType='
            '"application/vnd.openxmlformats-officedocument.custom-properties+xml"/>'
        )
        links += f'<Relationship Id="rId2" Type="{base}relationships/{name}" Target="{target}"/>'
    parts = {
        "[Content_Types].xml": (types + "</Types>").encode(),
        "_rels/.rels": (links + "</Relationships>").encode(),
        "main.xml": b'<w:document xmlns:w="urn:x"/>',
    }
    if custom is not None:
        parts[target] = custom.encode()
    return archive({**parts, **(extra or {})})


def archive(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.compress_type = method
            made.writestr(info, content)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    """What an archive holds, each member checked."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def properties(*members: tuple[str, str]) -> str:
    inner = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{name}"><vt:lpwstr>'
        + value.replace("&", "&amp;").replace("<", "&lt;")
        + "</vt:lpwstr></property>"
        for number, (name, value) in enumerate(members, 2)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/'
        'officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'docPropsVTypes">{inner}</Properties>'
    )


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>"


def pdf(
    info: bytes | None = b"<</Title(A \\(B\\))/Producer 5 0 R>>",
    *,
    root: bytes = CATALOGUE,
    more: Iterable[bytes] = (b"(ours)",),
    trailer: bytes = b"",
    packed: bool = False,
) -> bytes:
    """Object 1 the catalogue, 2 and 3 a page, 4 Info, 5 and on `more`. packed: Info and `more` in an object stream,
    with a cross-reference stream of PNG's filter Up."""
    bodies = [root, PAGES, PAGE, info or b"null", *more]
    data, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", {}
    for number, body in enumerate(bodies, 1):
        if not packed or number < 4:
            places[number] = len(data)
            data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    size = len(bodies) + 1
    links = b"/Root 1 0 R" + (b"/Info 4 0 R" if info is not None else b"") + trailer
    if not packed:
        start = len(data)
        rows = b"".join(b"%010d 00000 n \n" % places[number] for number in range(1, size))
        data += b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<<%b/Size %d>>\n" % (size, rows, links, size)
        return data + b"startxref\n%d\n%%%%EOF\n" % start
    heads, inner = b"", b""
    for number, body in enumerate(bodies[3:], 4):
        heads += b"%d %d " % (number, len(inner))
        inner += body + b"\n"
    packed_objects = zlib.compress(heads + inner)
    places[size] = len(data)
    data += (
        b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\r\n%b\nendstream\nendobj\n"
        % (
            size,
            len(bodies) - 3,
            len(heads),
            len(packed_objects),
            packed_objects,
        )
    )
    start = places[size + 1] = len(data)
    rows, above = b"", bytes(6)
    for number in range(size + 2):
        kind, at, index = (
            (2, size, number - 4) if 4 <= number < size else (1, places[number], 0) if number else (0, 0, 255)
        )
        row = bytes((kind,)) + at.to_bytes(4, "big") + bytes((index,))
        rows += b"\x02" + bytes((here - there) % 256 for here, there in zip(row, above, strict=True))
        above = row
    rows = zlib.compress(rows)
    data += b"%d 0 obj\n<</Type/XRef/W[1 4 1]/Size %d%b/Filter/FlateDecode" % (size + 1, size + 2, links)
    data += b"/DecodeParms<</Predictor 12/Columns 6>>/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (len(rows), rows)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


def stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (head, len(data), data)


# --- golden files -----------------------------------------------------------------------------------------------------

_ICC = segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(40))
_JUMBF = segment(0xEB, b'JP\0\1\0\0\0\1\0\0\0\x2ajumb{"AIGC":{"Label":"1"}}' + bytes(20))
_COMMENT = b"ASCII\0\0\0" + ('{"AIGC":' + OLD + "}").encode()
_WIDE = b"UNICODE\0" + ("AIGC" + OLD).encode("utf-16-le")
_BLOCK = "AIGC:\n    ContentProducer: other\n    Label: '2'\n    ProduceID: \"7\"\n    # no more\n"

MADE: dict[str, Callable[[], bytes]] = {
    "jpeg/bare.jpg": lambda: jpeg(_ICC),
    "jpeg/ours.jpg": lambda: write(jpeg(_ICC)),
    "jpeg/xmp-element.jpg": lambda: jpeg(app1(xmp(element()))),
    "jpeg/xmp-attribute.jpg": lambda: jpeg(app1(xmp("", attribute('{"AIGC":' + OLD + "}")))),
    "jpeg/xmp-no-xml.jpg": lambda: jpeg(app1(b'<x TC260:AIGC="' + OLD.encode() + b'"/>')),
    "jpeg/user-comment.jpg": lambda: jpeg(segment(0xE1, b"Exif\0\0" + exif({}, _COMMENT, ">"))),
    "jpeg/user-comment-wide.jpg": lambda: jpeg(segment(0xE1, b"Exif\0\0" + exif({}, _WIDE))),
    "jpeg/other-schema.jpg": lambda: jpeg(segment(0xE1, b"Exif\0\0" + exif({0x10E: (2, VENDOR.encode() + b"\0")}))),
    "jpeg/glued.jpg": lambda: jpeg(segment(0xE5, b"AIGC" + OLD.encode())),
    "jpeg/comment.jpg": lambda: jpeg(segment(0xFE, b"AIGC: " + OLD.encode())),
    "jpeg/manifest.jpg": lambda: jpeg(_JUMBF),
    "jpeg/extended.jpg": lambda: write(jpeg(app1(_large()))),
    "png/bare.png": lambda: png(),
    "png/ours.png": lambda: write(png()),
    "png/text.png": lambda: png(chunk(b"tEXt", b"AIGC\0" + OLD.encode())),
    "png/text-packed.png": lambda: png(chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(OLD.encode()))),
    "png/text-other-name.png": lambda: png(chunk(b"tEXt", b'Comment\0{"AIGC":' + OLD.encode() + b"}")),
    "png/xmp-packed.png": lambda: png(itxt("XML:com.adobe.xmp", xmp(element()), packed=True)),
    "png/xmp-wide.png": lambda: png(itxt("XML:com.adobe.xmp", xmp("", attribute()).decode().encode("utf-16"))),
    "png/exif.png": lambda: png(chunk(b"eXIf", exif({}, _COMMENT))),
    "webp/bare.webp": lambda: webp(),
    "webp/ours.webp": lambda: write(webp()),
    "webp/ours-lossless.webp": lambda: write(webp(mode="RGBA", lossless=True)),
    "webp/ours-animated.webp": lambda: write(webp(frames=2)),
    "webp/xmp.webp": lambda: webp(riff_chunk(b"XMP ", xmp(element())), mode="RGBA", exif=b"Exif\0\0" + exif({})),
    "webp/exif.webp": lambda: webp(riff_chunk(b"EXIF", exif({}, _COMMENT))),
    "gif/bare.gif": lambda: gif(),
    "gif/ours.gif": lambda: write(gif()),
    "gif/ours-animated.gif": lambda: write(gif(frames=2, loop=0)),
    "gif/xmp-in-blocks.gif": lambda: gif(gif_extension(b"\x21\xff\x0bXMP DataXMP", xmp(element()))),
    "gif/comment.gif": lambda: gif(gif_extension(b"\x21\xfe", b"AIGC" + OLD.encode())),
    "tiff/bare.tif": lambda: tiff(),
    "tiff/ours.tif": lambda: write(tiff()),
    "tiff/ours-big-endian.tif": lambda: write(tiff(">", pages=2)),
    "tiff/ours-bigtiff.tif": lambda: write(tiff(big=True, pages=2)),
    "tiff/xmp.tif": lambda: tiff(fields={700: (1, xmp(element()))}),
    "tiff/other-schema.tif": lambda: tiff(fields={270: (2, VENDOR.encode() + b"\0")}),
    "docx/bare.docx": lambda: office(),
    "docx/ours.docx": lambda: write(office()),
    "docx/others.docx": lambda: office(custom=properties(("Mine", "kept"), ("AIGC", OLD))),
    "docx/strict.docx": lambda: write(office(strict=True)),
    "xlsx/bare.xlsx": lambda: office("spreadsheetml.sheet.main"),
    "xlsx/ours.xlsx": lambda: write(office("spreadsheetml.sheet.main")),
    "xlsx/others.xlsx": lambda: office(
        "spreadsheetml.sheet.main", custom=properties(("aigc", OLD)), target="docProps/own.xml"
    ),
    "pptx/bare.pptx": lambda: office("presentationml.presentation.main"),
    "pptx/ours.pptx": lambda: write(office("presentationml.presentation.main")),
    "pdf/bare.pdf": lambda: pdf(),
    "pdf/ours.pdf": lambda: write(pdf()),
    "pdf/ours-packed.pdf": lambda: write(pdf(packed=True)),
    "pdf/others.pdf": lambda: pdf(
        b"<</AIGC <" + b"\xfe\xff".hex().encode() + OLD.encode("utf-16-be").hex().encode() + b">>>"
    ),
    "pdf/xmp.pdf": lambda: pdf(
        root=b"<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R>>",
        more=[stream(xmp(element()), b"/Type/Metadata/Subtype/XML")],
    ),
    "markdown/bare.md": lambda: b"# Title\n\n- one\n",
    "markdown/ours.md": lambda: write(b"# Title\n\n- one\n"),
    "markdown/block.md": lambda: f"---\ntitle: x\n{_BLOCK}tags: [a]\n---\n# Title\n".encode(),
    "markdown/flow.md": lambda: f"---\r\nAIGC: {OLD}\r\n---\r\ntext\r\n".encode(),
    "markdown/quoted.md": lambda: f"---\nAIGC: '{OLD}'\n...\ntext\n".encode(),
    "html/bare.html": lambda: b"<!doctype html><title>x</title><p>text",
    "html/ours.html": lambda: write(b"<!doctype html><html><head><meta charset=utf-8></head><body>text"),
    "html/entities.html": lambda: (
        "<html><head><META content='" + OLD.replace('"', "&quot;") + "' NAME=aigc></head>"
    ).encode(),
    "html/wide.html": lambda: write("<!doctype html><title>\u4e2d\U0001f600</title>".encode("utf-16")),
    "plain/line.txt": lambda: f"Some words.\nAIGC{OLD}\nMore.\n".encode(),
    "plain/wide.txt": lambda: f"\U0001f600 \u4e2d\n{OLD}\n".encode("utf-16"),
}


def _large() -> bytes:
    """A packet that fills its segment, so that no object fits beside what is in it."""
    return xmp("<dc:rights>" + "x" * (65_502 - len(xmp("<dc:rights></dc:rights>"))) + "</dc:rights>")


def _main() -> None:
    for name, make in MADE.items():
        path = GOLDEN / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        data = make()
        path.write_bytes(data)
        found = [{"place": place, "text": text} for place, text in read(data)]
        path.with_name(path.name + ".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
