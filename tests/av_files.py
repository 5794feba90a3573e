# SPDX-License-Identifier: Apache-2.0
"""Small sound and video files: real ones by ffmpeg, in the variants that it can write, and what occurs in the wild,
byte by byte. `python -m tests.av_files` writes those that tests/golden lacks."""

from __future__ import annotations

import functools
import io
import json
import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from answerable.formats.detect import detect
from answerable.formats.ebml_elements import CLUSTER, HEADER, SEGMENT, TAGS, element
from tests.av_bytes import (
    FORMAT,
    FTYP,
    SAMPLES,
    TEXT,
    box,
    chunk,
    co64,
    data_box,
    freeform,
    itunes,
    keyed,
    listed,
    stco,
    track,
    wav,
)

GOLDEN = Path(__file__).parent / "golden"
OLD = b'{"Label":"2","ContentProducer":"other","ProduceID":"7"}'

_PICTURES = ("-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=10")
_SOUND = ("-f", "lavfi", "-i", "sine=d=1:r=16000")
_BOTH = (*_PICTURES, *_SOUND)
_EXACT = ("-bitexact", "-metadata", "title=A title")

# What ffmpeg makes: by name, what it is told. Sound and pictures are as small as they may be and still be real.
RECIPES: dict[str, tuple[str, ...]] = {
    "plain.mp4": (*_BOTH, "-c:v", "mpeg4", "-c:a", "aac", "-b:a", "16k"),
    "front.mp4": (*_BOTH, "-c:v", "mpeg4", "-c:a", "aac", "-b:a", "16k", "-movflags", "faststart"),
    "keys.mp4": (*_PICTURES, "-c:v", "mpeg4", "-movflags", "use_metadata_tags+faststart", "-metadata", "a=b"),
    "fragments.mp4": (*_PICTURES, "-c:v", "mpeg4", "-g", "5", "-movflags", "frag_keyframe+empty_moov"),
    "dash.mp4": (
        *_PICTURES, "-c:v", "mpeg4", "-g", "5", "-movflags", "frag_keyframe+empty_moov+default_base_moof+global_sidx",
    ),
    "plain.mov": (*_BOTH, "-c:v", "mjpeg", "-q:v", "20", "-c:a", "pcm_s16le", "-ar", "4000"),
    "front.mov": (*_PICTURES, "-c:v", "mpeg4", "-movflags", "faststart"),
    "plain.m4a": (*_SOUND, "-c:a", "aac", "-b:a", "16k"),
    "front.m4a": (*_SOUND, "-c:a", "aac", "-b:a", "16k", "-movflags", "faststart"),
    "plain.mkv": (*_BOTH, "-c:v", "mpeg4", "-g", "5", "-c:a", "libvorbis"),
    "cues-first.mkv": (*_PICTURES, "-c:v", "mpeg4", "-g", "5", "-cues_to_front", "1"),
    "live.mkv": (*_PICTURES, "-c:v", "mpeg4", "-live", "1"),
    "plain.webm": (*_BOTH, "-c:v", "libvpx", "-b:v", "40k", "-c:a", "libopus", "-b:a", "16k"),
    "live.webm": (*_PICTURES, "-c:v", "libvpx", "-b:v", "40k", "-live", "1"),
    "plain.avi": (*_BOTH, "-c:v", "mpeg4", "-c:a", "libmp3lame", "-b:a", "16k"),
    "plain.wav": (*_SOUND, "-ar", "4000"),
    "wide.wav": (*_SOUND, "-ar", "4000", "-rf64", "always"),
    "plain.mp3": (*_SOUND, "-b:a", "16k"),
    "version3.mp3": (*_SOUND, "-b:a", "16k", "-id3v2_version", "3", "-write_id3v1", "1"),
    "bare.mp3": (*_SOUND, "-b:a", "16k", "-id3v2_version", "0", "-write_xing", "0"),
    "plain.flac": _SOUND,
    "plain.ogg": (*_SOUND, "-c:a", "libvorbis"),
    "flac.ogg": (*_SOUND, "-c:a", "flac"),
    "theora.ogg": (*_BOTH, "-c:v", "libtheora", "-c:a", "libvorbis"),
    "plain.opus": (*_SOUND, "-b:a", "16k"),
}  # fmt: skip


@functools.cache
def media(name: str) -> bytes:
    """The file of this recipe."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        command = ["ffmpeg", "-v", "error", "-nostdin", *RECIPES[name], *_EXACT, str(path)]
        subprocess.run(command, check=True, timeout=60)
        return path.read_bytes()


def read(data: bytes) -> list[tuple[str, str]]:
    """(place, text) of all that the file's own carrier finds."""
    source = io.BytesIO(data)
    return [(each.place, each.text.decode()) for each in detect(source).read(source)]


def write(data: bytes, text: str = TEXT) -> bytes:
    source, target = io.BytesIO(data), io.BytesIO()
    detect(source).write(source, target, text)
    return target.getvalue()


# --- the wild ---------------------------------------------------------------------------------------------------------

_MDAT = box(b"mdat", b"0123456789")


def _movie(*more: bytes, tables: bytes = b"") -> bytes:
    """The samples first: their place is known."""
    return FTYP + _MDAT + box(b"moov", track(tables or stco(len(FTYP) + 8)), *more)


def _tagged(version: int, content: bytes, flags: int = 0) -> bytes:
    kind, size = (
        (b"TXX", len(content).to_bytes(3, "big")) if version == 2 else (b"TXXX", struct.pack(">I", len(content)))
    )
    frame = kind + size + (b"" if version == 2 else b"\0\0") + content
    assert len(frame) < 128
    return b"ID3" + bytes((version, 0, flags, 0, 0, 0, len(frame))) + frame + _mpeg()


def _mpeg() -> bytes:
    return (b"\xff\xfb\x90\x00" + bytes(413)) * 3


def _matroska(*parts: bytes) -> bytes:
    head = element(HEADER, element(0x4282, b"matroska"))
    return head + element(SEGMENT, b"".join(parts) + element(CLUSTER, element(0xE7, b"\0")), 8)


def _simple(name: bytes, *inside: bytes) -> bytes:
    return element(0x67C8, element(0x45A3, name) + element(0x4487, OLD) + b"".join(inside))


WILD: dict[str, Callable[[], bytes]] = {
    "mp4/movie-meta.mp4": lambda: _movie(keyed((b"AIGC", OLD))),
    "mp4/freeform.mp4": lambda: _movie(box(b"udta", itunes(freeform(b"AIGC", OLD)))),
    "mp4/comment.mp4": lambda: _movie(box(b"udta", itunes(box(b"\xa9cmt", data_box(b"AIGC" + OLD))))),
    "mp4/user-data.mp4": lambda: _movie(box(b"udta", box(b"AIGC", OLD))),
    "mp4/several.mp4": lambda: _movie(box(b"udta", keyed((b"AIGC", OLD)), itunes(freeform(b"AIGC", b"{}")))),
    "mp4/wide.mp4": lambda: _movie(tables=co64(len(FTYP) + 8)),
    "mov/user-text.mov": lambda: box(b"ftyp", b"qt  ") + _MDAT
    + box(b"moov", track(stco(20)), box(b"udta", box(b"\xa9cmt", struct.pack(">HH", len(OLD), 0), OLD))),
    "mov/no-version.mov": lambda: box(b"ftyp", b"qt  ") + _MDAT
    + box(b"moov", track(stco(20)), box(b"meta", keyed((b"title", b"t"), (b"AIGC", OLD))[12:])),
    "m4a/freeform.m4a": lambda: box(b"ftyp", b"M4A ") + _MDAT
    + box(b"moov", track(stco(20)), box(b"udta", itunes(box(b"\xa9nam", data_box(b"n")), freeform(b"AIGC", OLD)))),
    "wav/info.wav": lambda: wav(listed(b"INFO", chunk(b"AIGC", OLD + b"\0"), chunk(b"INAM", b"name\0"))),
    "wav/endless.wav": lambda: b"RIFF\xff\xff\xff\xffWAVE" + chunk(b"fmt ", FORMAT) + chunk(b"AIGC", OLD)
    + b"data\xff\xff\xff\xff" + SAMPLES,
    "mp3/version2.mp3": lambda: _tagged(2, b"\0AIGC\0" + OLD),
    "mp3/utf16.mp3": lambda: _tagged(3, b"\1" + "AIGC\0".encode("utf-16") + OLD.decode()[:30].encode("utf-16")),
    "mp3/unsynchronised.mp3": lambda: _tagged(3, b"\0AIGC\0\xff\0\xe0" + OLD, 0x80).replace(
        struct.pack(">I", 9 + len(OLD)), struct.pack(">I", 8 + len(OLD))
    ),
    "mkv/nested.mkv": lambda: _matroska(
        element(TAGS, element(0x7373, element(0x63C0, b"") + _simple(b"PART", _simple(b"aigc"))))
    ),
}  # fmt: skip

MADE: dict[str, Callable[[], bytes]] = {
    **{f"{name.rpartition('.')[2]}/{name}": functools.partial(media, name) for name in RECIPES},
    **{
        f"{name.rpartition('.')[2]}/ours-{name}": functools.partial(lambda name: write(media(name)), name)
        for name in RECIPES
    },
    **WILD,
}


def main() -> None:
    for name, make in MADE.items():
        path = GOLDEN / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            data = make()
            path.write_bytes(data)
            found = [{"place": place, "text": text} for place, text in read(data)]
            path.with_name(path.name + ".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
