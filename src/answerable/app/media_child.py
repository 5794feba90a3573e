# SPDX-License-Identifier: Apache-2.0
"""The process that labels what models make of pictures and sound: ``python -m answerable.app.media_child``, started by
`ChildLabeller` alone.

What an upstream sends is decoded here, by large libraries: in a process that has the keys of labels and no others, no
socket, bounded memory, and a parent that ends it when it takes too long. It reads one `Order` and then `Job`s from
standard input, and writes a `Done` for each to standard output; each stands behind its length in 8 bytes, big-endian.
"""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from answerable.app import keys
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.formats.detect import detect
from answerable.labels.chain import Chain
from answerable.labels.explicit.plan import Plan, Sound
from answerable.labels.fingerprint.decoding import played_ms
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.stages import UNSUPPORTED
from answerable.labels.tracing import traces
from answerable.marks import aigc
from answerable.marks.propagation import Role
from answerable.model.media import LabelledMedium
from answerable.upstreams.process import confine, die_with_parent

LENGTH: Final = 8
MAX_MESSAGE: Final = 160 << 20
MAX_MEMORY: Final = 6 << 30  # of addresses; a picture of 50 million pixels takes some 1.5 GB while it is marked
MAX_PIXELS: Final = 50_000_000
EXPLICIT: Final = "explicit"
AIGC: Final = "aigc"
PLAYS: Final = ("audio/", "video/")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """provider: the label's ContentProducer; store: where the keys stand, "" for none: labels are then unsigned;
    watermark: whether pictures carry one; c2pa, tsa: as in the settings; parent: process id."""

    provider: str
    parent: int
    store: str = ""
    watermark: bool = False
    c2pa: str = ""
    tsa: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """seen: whether people are told in what they see and hear; human: a digital human speaks; agent: name and
    version of the system; original: the file that
    this one was made from."""

    data: bytes
    record: str
    system: str
    party: str
    language: str
    seen: bool
    human: bool = False
    agent: tuple[str, str] = ("", "")
    original: bytes = b""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """made: None where `code` says why not, with `detail`."""

    made: LabelledMedium | None = None
    code: str = ""
    detail: str = ""


class Worker:
    """Labels under one order."""

    def __init__(self, order: Order) -> None:
        store = Path(order.store)
        self._provider = order.provider
        self._key = keys.label_key(store) if order.store else None
        self._watermark = keys.watermark_key(store) if order.store and order.watermark else None
        self._chain = Chain.load(Path(order.c2pa).expanduser(), tsa=order.tsa) if order.c2pa else None

    def do(self, job: Job) -> Done:
        """Never raises for what the job's file holds."""
        try:
            return Done(made=self._label(job))
        except Unavailable as error:
            return Done(code=error.code, detail=str(error.params.get("extra", error.params.get("detail", ""))))
        except AnswerableError as error:
            return Done(code=error.code, detail=f"{error.code}: {error.params.get('detail', error.params)}"[:300])
        except (MemoryError, RecursionError) as error:
            return Done(code="label.media", detail=type(error).__name__)

    def _label(self, job: Job) -> LabelledMedium:
        source = BytesIO(job.data)
        carrier = detect(source)
        if carrier.media.startswith("image/"):
            bounded(source)
        by = Labeller(
            self._provider,
            self._key,
            self._chain,
            self._watermark,
            require=frozenset({AIGC}),
            explicit=plan(job, spoken=job.human) if job.seen else None,
            system=job.system,
            party=job.party,
            agent=job.agent,
        )
        try:
            done = label(job.data, by=by, record=job.record, made_from=job.original)
        except Unavailable as error:
            if error.code != "label.synthesiser" or not job.human:
                raise
            # The standard takes the rhythm as well; it needs no voice.
            done = label(
                job.data, by=replace(by, explicit=plan(job, spoken=False)), record=job.record, made_from=job.original
            )
        there = {layer.name for layer in done.layers if layer.state != UNSUPPORTED}
        if job.seen and done.role is Role.PRODUCER and EXPLICIT not in there:
            raise Refused("label.unsupported", layer=EXPLICIT, format=done.format)
        data = done.data or b""
        found = traces(data, carrier, watermark_key=self._watermark)
        return LabelledMedium(
            data=data,
            media=done.media,
            aigc=aigc.write(done.aigc),
            before=done.before,
            digest=done.digest,
            layers=tuple(sorted(there)),
            played_ms=played_ms(source) if carrier.media.startswith(PLAYS) else 0,
            content=found.content,
            prints=found.prints,
            sketch=found.sketch,
            watermark=found.watermark,
        )


def plan(job: Job, *, spoken: bool) -> Plan:
    """What people see and hear of the label."""
    return Plan(job.language, sound=Sound.SPOKEN if spoken else Sound.RHYTHM)


def bounded(source: BinaryIO) -> None:
    """Raises Refused ``label.media`` for a picture of more than `MAX_PIXELS`, which is looked for in its head alone."""
    import warnings

    from PIL import Image

    source.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(source)
        pixels = image.width * image.height * int(getattr(image, "n_frames", 1))
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise Refused("label.media", detail=f"its pixels cannot be read ({type(error).__name__})") from None
    if pixels > MAX_PIXELS:
        raise Refused("label.media", detail=f"it has more than {MAX_PIXELS} pixels")


def read(stream: BinaryIO) -> bytes | None:
    """The next message, None at the end."""
    size = int.from_bytes(head) if len(head := stream.read(LENGTH)) == LENGTH else 0
    if not 0 < size <= MAX_MESSAGE:
        return None
    return data if len(data := stream.read(size)) == size else None


def framed(data: bytes) -> bytes:
    """A message as it goes."""
    return len(data).to_bytes(LENGTH) + data


def main() -> None:
    """Serve until standard input ends."""
    jobs, told = sys.stdin.buffer, os.dup(1)
    os.dup2(2, 1)  # libraries print to standard output
    order = msgspec.msgpack.decode(read(jobs) or b"", type=Order)
    die_with_parent(order.parent)
    confine()
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    worker = Worker(order)
    with os.fdopen(told, "wb") as out:
        while (message := read(jobs)) is not None:
            done = worker.do(msgspec.msgpack.decode(message, type=Job))
            out.write(framed(msgspec.msgpack.encode(done)))
            out.flush()


if __name__ == "__main__":
    main()
