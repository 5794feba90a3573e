# SPDX-License-Identifier: Apache-2.0
"""From what was taken of a file to who answers for it, by each layer on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.receipts import DIFFERS, NOT_COMPARED, SAME, assemble
from answerable.control.routes.who import producer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.control.traced import Hex, Prints, Sketch, Watermark, gather, prints_of, stopped
from answerable.marks import kept
from answerable.marks.tracing import CONTENT, DIGEST, FINGERPRINT, LABEL, WATERMARK, WORDS, Evidence, settle
from answerable.model.terms import AdminRole

SHOWN: Final = 8  # records of a layer that are told of


class AskTrace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """records: ids that its label names; producer: the ContentProducer in it; digest: of the file's bytes; content: of
    what it shows or says; prints: fingerprints; sketch: hashes of its words; watermark: 48 bits. cose, cosigned: as in
    `/who`."""

    records: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=8)] = ()
    producer: Annotated[str, Meta(max_length=200)] = ""
    digest: Hex = ""
    content: Hex = ""
    prints: Prints = ()
    sketch: Sketch = ()
    watermark: Watermark | None = None
    cose: bool = False
    cosigned: bool = False


class Alike(Answer, frozen=True, kw_only=True):
    """record: rid; distance: bits in which each word of the fingerprint differs; shared, kept: of the hashes of its
    words."""

    record: str
    distance: tuple[int, ...] = ()
    shared: int = 0
    kept: int = 0


class Layer(Answer, frozen=True, kw_only=True):
    """name: label, digest, content, watermark, fingerprint or words; records: that it leads to, the best last; count:
    how many there are."""

    name: str
    records: list[Alike]
    count: int


class Traced(Answer, frozen=True, kw_only=True):
    """sure: proven, matching, probably, unsure, contradicted or nobody; record: rid of the open leaf, "" where nobody
    is named; by, against: layers that name it, and that say otherwise; producer: same, differs or not_compared;
    content: same where the receipt shows what was recorded of the file; stopped, stopped_at: rid of the stop order in
    force that reaches what made it, and its time in ms; receipt: the file, base64. Verify it: this answer alone
    proves nothing."""

    sure: str
    record: str
    by: tuple[str, ...]
    against: tuple[str, ...]
    layers: list[Layer]
    producer: str
    content: str = NOT_COMPARED
    stopped: str = ""
    stopped_at: int = 0
    receipt: bytes = b""


async def trace(services: Services, call: Call[AskTrace]) -> Traced:
    asked = call.body
    found = await gather(
        services,
        named=asked.records,
        digest=asked.digest,
        content=asked.content,
        seen=prints_of(asked.prints),
        sketch=asked.sketch,
        watermark=asked.watermark,
    )
    settled = settle(found)
    answer = Traced(
        sure=str(settled.sure),
        record=settled.record,
        by=settled.by,
        against=settled.against,
        layers=_layers(found),
        producer=producer(services, asked.producer),
    )
    if not settled.record:
        return answer
    signer = services.signing if asked.cose else None
    made = await assemble(
        services.reader, services.book, settled.record, _shown(asked), cosigned=asked.cosigned, signer=signer
    )
    order, at = await stopped(services, settled.record)
    return msgspec.structs.replace(
        answer,
        content=made.content,
        stopped=order,
        stopped_at=at,
        receipt=made.receipt,
    )


def _shown(asked: AskTrace) -> Callable[[bytes], str]:
    """What was recorded of a file is disclosed to who has the file, or what it shows."""

    def compare(body: bytes) -> str:
        for its in kept.files(body):
            same = asked.digest in (its.digest, its.before) if asked.digest else False
            if same or (asked.content and asked.content == its.content):
                return SAME
        return DIFFERS

    return compare


def _layers(found: Evidence) -> list[Layer]:
    plain = {LABEL: found.label, DIGEST: found.digest, CONTENT: found.content, WATERMARK: found.watermark}
    layers = [(name, [Alike(record=record) for record in records]) for name, records in plain.items()]
    near = list(reversed(found.near.items()))  # the oldest first, as in the other layers, the best last
    near.sort(key=lambda each: -sum(each[1]))
    layers.append((FINGERPRINT, [Alike(record=record, distance=far) for record, far in near]))
    words = list(reversed(found.words.items()))
    words.sort(key=lambda each: each[1][0])
    layers.append((WORDS, [Alike(record=rid, shared=shared, kept=count) for rid, (shared, count) in words]))
    return [Layer(name=name, records=records[-SHOWN:], count=len(records)) for name, records in layers if records]


ROUTES = (Route("POST", "/who/file", AdminRole.VIEWER, trace, Traced, "Who answers for this file.", AskTrace),)
