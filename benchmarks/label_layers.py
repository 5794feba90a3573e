# SPDX-License-Identifier: Apache-2.0
"""The layers of a label that the robustness table compares, each as it is written into a file and found again.

A room adds its row by adding a `Layer` to `layers()`. A layer of another medium brings what its medium needs to
`benchmarks.label_transforms.MEDIA`: what is labelled, and what is done to it afterwards.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from answerable.crypto.issuing import issue
from answerable.errors import Refused
from answerable.formats.detect import detect
from answerable.labels import c2pa, seen, watermarking
from answerable.labels.chain import Chain
from answerable.labels.explicit import render
from answerable.labels.explicit.plan import Plan
from answerable.labels.fingerprint import fingerprint
from answerable.labels.manifest import Said
from answerable.labels.rules.seen import FOUND
from answerable.model.prints import Print, alike, distance

RECORD: Final = "mfzwizltoq2gk3tdmfzwizltoq2gk3td"
KEY: Final = bytes(range(32))
AIGC: Final = (
    '{"Label":"1","ContentProducer":"001191110000802100433B10001","ProduceID":"' + RECORD + '",'
    '"ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}'
)


@dataclass(frozen=True, slots=True)
class Layer:
    """name: its column; medium: a key of `MEDIA`; write: a file -> the labelled file, None where it refuses the file;
    found: whether the label of our record is found in a file that may be the labelled one, changed; most: how many
    items are enough, 0 for all of them."""

    name: str
    medium: str
    write: Callable[[bytes], bytes | None]
    found: Callable[[bytes], bool]
    most: int = 0


def layers() -> tuple[Layer, ...]:
    """Every layer that is measured, in the order of the table."""
    found: list[Layer] = []
    for medium in ("image", "sound", "video", "document"):
        found.append(Layer("metadata (AIGC object)", medium, _write_aigc, _found_aigc, most=8))
        if medium != "document":
            found.append(_signed(medium))
        found.append(Layer("explicit (words, rhythm)", medium, _write_explicit, _found_explicit, most=8))
        if medium != "document":
            found.append(_printed(medium))
        if medium == "image":
            found.append(Layer("image watermark", medium, _write_watermark, _found_watermark))
    return tuple(found)


def _write_aigc(file: bytes) -> bytes:
    target = io.BytesIO()
    detect(io.BytesIO(file)).write(io.BytesIO(file), target, AIGC)
    return target.getvalue()


def _found_aigc(file: bytes) -> bool:
    return any(RECORD.encode() in one.text for one in detect(io.BytesIO(file)).read(io.BytesIO(file)))


def _write_explicit(file: bytes) -> bytes | None:
    target = io.BytesIO()
    try:
        render(io.BytesIO(file), target, detect(io.BytesIO(file)).media, Plan("en"))
    except Refused:
        return None
    return target.getvalue()


def _found_explicit(file: bytes) -> bool:
    carrier = detect(io.BytesIO(file))
    source = io.BytesIO(file)
    if carrier.media.partition("/")[0] in ("image", "video", "audio"):
        looked = seen.perceived(source, carrier.name, carrier.media)
        return looked is not None and looked.state == FOUND
    return bool(seen.words(source, carrier.media))


def _printed(medium: str) -> Layer:
    """The fingerprint: nothing is written, and what is found is the file that it was taken of last."""
    kept: list[Print] = []

    def write(file: bytes) -> bytes | None:
        kept[:] = fingerprint(io.BytesIO(file), detect(io.BytesIO(file)).media)
        return file if kept else None

    def found(file: bytes) -> bool:
        now = fingerprint(io.BytesIO(file), detect(io.BytesIO(file)).media)
        return any(alike(distance(one, other)) for one in kept for other in now)

    return Layer("fingerprint", medium, write, found)


def _signed(medium: str) -> Layer:
    now = int(time.time() * 1000)
    issued = issue("Example", now_ms=now, days=30)
    chain, said = Chain.of(issued), Said(RECORD, "system", "party", now)

    def write(file: bytes) -> bytes:
        target = io.BytesIO()
        c2pa.sign(io.BytesIO(file), target, detect(io.BytesIO(file)).media, chain=chain, said=said)
        return target.getvalue()

    def found(file: bytes) -> bool:
        read = c2pa.read(io.BytesIO(file), detect(io.BytesIO(file)).media, anchors=(issued.root,))
        return read.state == "trusted" and read.record == RECORD

    return Layer("C2PA manifest", medium, write, found, most=8)


def _write_watermark(file: bytes) -> bytes | None:
    target = io.BytesIO()
    done = watermarking.embed(io.BytesIO(file), target, detect(io.BytesIO(file)).name, RECORD, KEY)
    return target.getvalue() if done.done else None


def _found_watermark(file: bytes) -> bool:
    read = watermarking.extract(io.BytesIO(file), detect(io.BytesIO(file)).name, KEY, search="full")
    return read is not None and read.payload == watermarking.payload_of(RECORD)
