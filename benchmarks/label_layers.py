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
from answerable.formats.detect import detect
from answerable.labels import c2pa, watermarking
from answerable.labels.chain import Chain
from answerable.labels.manifest import Said

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
    return (
        Layer("metadata (AIGC object)", "image", _write_aigc, _found_aigc, most=8),
        _signed(),
        Layer("image watermark", "image", _write_watermark, _found_watermark),
    )


def _write_aigc(file: bytes) -> bytes:
    target = io.BytesIO()
    detect(io.BytesIO(file)).write(io.BytesIO(file), target, AIGC)
    return target.getvalue()


def _found_aigc(file: bytes) -> bool:
    return any(RECORD.encode() in one.text for one in detect(io.BytesIO(file)).read(io.BytesIO(file)))


def _signed() -> Layer:
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

    return Layer("C2PA manifest", "image", write, found, most=8)


def _write_watermark(file: bytes) -> bytes | None:
    target = io.BytesIO()
    done = watermarking.embed(io.BytesIO(file), target, detect(io.BytesIO(file)).name, RECORD, KEY)
    return target.getvalue() if done.done else None


def _found_watermark(file: bytes) -> bool:
    read = watermarking.extract(io.BytesIO(file), detect(io.BytesIO(file)).name, KEY, search="full")
    return read is not None and read.payload == watermarking.payload_of(RECORD)
