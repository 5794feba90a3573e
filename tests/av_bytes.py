# SPDX-License-Identifier: Apache-2.0
"""Small sound and video files, byte by byte: each is made here, so that tests know where everything stands."""

from __future__ import annotations

import io
import struct
from typing import Any

from answerable.formats.carrier import Carried, Carrier

TEXT = '{"Label":"1","ContentProducer":"001191330106MA2KXYZE9510001","ProduceID":"' + "a" * 32 + '"}'
OTHER = '{"Label":"2","ContentProducer":"p","ProduceID":"q"}'


def read(carrier: Carrier, data: bytes) -> tuple[Carried, ...]:
    return carrier.read(io.BytesIO(data))


def texts(carrier: Carrier, data: bytes) -> list[str]:
    return [each.text.decode() for each in read(carrier, data)]


def write(carrier: Carrier, data: bytes, text: str = TEXT) -> bytes:
    target = io.BytesIO()
    carrier.write(io.BytesIO(data), target, text)
    return target.getvalue()


# --- RIFF -------------------------------------------------------------------------------------------------------------

FORMAT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
SAMPLES = bytes(range(256)) * 4


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def listed(form: bytes, *chunks: bytes) -> bytes:
    return chunk(b"LIST", form + b"".join(chunks))


def riff(form: bytes, *chunks: bytes) -> bytes:
    return chunk(b"RIFF", form + b"".join(chunks))


def wav(*more: bytes, samples: bytes = SAMPLES) -> bytes:
    return riff(b"WAVE", chunk(b"fmt ", FORMAT), chunk(b"data", samples), *more)


# --- ISO base media ---------------------------------------------------------------------------------------------------


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I", len(data) + 8) + kind + data


def full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


FTYP = box(b"ftyp", b"isom", bytes(4), b"isommp41")
SELF = full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))


def track(*tables: bytes, references: bytes = SELF) -> bytes:
    inner = box(b"minf", box(b"dinf", references), box(b"stbl", *tables))
    return box(b"trak", box(b"mdia", inner))


def stco(*offsets: int) -> bytes:
    return full(b"stco", struct.pack(f">I{len(offsets)}I", len(offsets), *offsets))


def co64(*offsets: int) -> bytes:
    return full(b"co64", struct.pack(f">I{len(offsets)}Q", len(offsets), *offsets))


def handler(kind: bytes) -> bytes:
    return full(b"hdlr", bytes(4), kind, bytes(13))


def data_box(text: bytes) -> bytes:
    return box(b"data", struct.pack(">II", 1, 0), text)


def keyed(*pairs: tuple[bytes, bytes]) -> bytes:
    """A `meta` box with keys."""
    names = b"".join(struct.pack(">I", len(name) + 8) + b"mdta" + name for name, _ in pairs)
    items = [box(struct.pack(">I", number), data_box(value)) for number, (_, value) in enumerate(pairs, 1)]
    keys = full(b"keys", struct.pack(">I", len(pairs)), names)
    return full(b"meta", handler(b"mdta"), keys, box(b"ilst", *items))


def itunes(*items: bytes) -> bytes:
    return full(b"meta", handler(b"mdir"), box(b"ilst", *items))


def freeform(name: bytes, text: bytes) -> bytes:
    return box(b"----", full(b"mean", b"com.apple.iTunes"), full(b"name", name), data_box(text))


def find(data: bytes, *path: bytes) -> bytes:
    """The content of the first box of this path."""
    at, stop = 0, len(data)
    for kind in path:
        while at + 8 <= stop:
            size = struct.unpack(">I", data[at : at + 4])[0]
            if data[at + 4 : at + 8] == kind:
                at, stop = at + 8, at + size
                break
            at += size
        else:
            raise LookupError(kind)
    return data[at:stop]


def numbers(data: bytes, form: str) -> tuple[Any, ...]:
    """All of `data` as big-endian numbers."""
    return struct.unpack(f">{len(data) // struct.calcsize(form)}{form}", data)
