# SPDX-License-Identifier: Apache-2.0
"""Files that people label: the record before, its end after; and the keys that sign labels, with whose they are."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.labelling import Begun, Labelling, Marks
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.control.traced import Hash, Prints, Watermark, prints_of
from answerable.errors import CATALOGUE, Refused, Unavailable
from answerable.marks.aigc import MAX_BYTES
from answerable.marks.kept import VERSION, Asked, Kept
from answerable.marks.sketch import KEPT
from answerable.model.terms import AdminRole
from answerable.registry import find, keys

Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="SHA-256, hex")]
Media = Annotated[str, Meta(max_length=100)]
Label = Annotated[str, Meta(max_length=MAX_BYTES)]
Size = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Layers = Annotated[tuple[Annotated[str, Meta(max_length=20)], ...], Meta(max_length=8)]


class AskLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """system: what made the file, by name or id, empty for the only one that runs; before: of the file as it came;
    label: the AIGC object that stands in it, empty for none; content, prints, watermark: of it, as in `/who/file`, by
    which the log is asked whether another party made it."""

    system: Annotated[str, Meta(max_length=400)] = ""
    before: Hex
    size: Size
    media: Media
    label: Label = ""
    content: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    prints: Prints = ()
    watermark: Watermark | None = None


class EndLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """record: that was begun. error: the code of why nothing was made, and the rest is empty; else what was made:
    digest: of the labelled file; aigc: the object in it; layers: names of those that were written; content: digest of
    what it shows or says, empty where its format tells none; prints, sketch, watermark: by what it is found again."""

    record: Annotated[str, Meta(max_length=32)]
    error: Annotated[str, Meta(max_length=60)] = ""
    before: Hex | None = None
    digest: Hex | None = None
    size: Size = 0
    media: Media = ""
    aigc: Label = ""
    layers: Layers = ()
    content: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    prints: Prints = ()
    sketch: Annotated[tuple[Hash, ...], Meta(max_length=KEPT)] = ()
    watermark: Watermark | None = None


class Ended(Answer, frozen=True, kw_only=True):
    """rid: of the close leaf, which is durable."""

    record: str
    rid: str


class LabelKeyShown(Answer, frozen=True, kw_only=True):
    """party: id of whose it is; key: Ed25519, base64url; rid: of the key leaf; since: ms UTC."""

    party: str
    key: str
    rid: str
    since: int


async def begin(services: Services, call: Call[AskLabel]) -> Begun:
    body = call.body
    asked = Asked(before=body.before, label=body.label, media=body.media, size=body.size, v=VERSION)
    marks = Marks(prints_of(body.prints), watermark=body.watermark, content=body.content)
    return await _labelling(services).begin(services, body.system, asked, call.by.rid, marks)


async def end(services: Services, call: Call[EndLabel]) -> Ended:
    body = call.body
    done: Kept | None = None
    if body.error and body.error not in CATALOGUE:
        raise Refused("admin.request", detail="no code of an error")
    if not body.error:
        if body.digest is None or body.before is None:
            raise Refused("admin.request", detail="neither what was made nor why nothing was")
        done = Kept(
            aigc=body.aigc, before=body.before, content=body.content, digest=body.digest, layers=body.layers,
            media=body.media, size=body.size, v=VERSION,
        )  # fmt: skip
    marks = Marks(prints_of(body.prints), body.sketch, body.watermark)
    rid = await _labelling(services).end(services, body.record, done, body.error, marks)
    return Ended(record=body.record, rid=rid)


async def pinned(services: Services, call: Call[None]) -> list[LabelKeyShown]:
    return [
        LabelKeyShown(party=find.party(services.book, row.party).id, key=row.key, rid=row.rid, since=row.since)
        for row in keys.label_keys(services.book)
    ]


def _labelling(services: Services) -> Labelling:
    if services.labels is None:
        raise Unavailable("log.stopped", detail="no files are labelled here")
    return services.labels


ROUTES = (
    Route("POST", "/labels", AdminRole.OPERATOR, begin, Begun, "Record a file that is to be labelled.", AskLabel),
    Route("POST", "/labels/end", AdminRole.OPERATOR, end, Ended, "Record what was labelled, or why not.", EndLabel),
    Route("GET", "/labels/keys", AdminRole.VIEWER, pinned, list[LabelKeyShown], "Keys that sign labels, and whose."),
)
