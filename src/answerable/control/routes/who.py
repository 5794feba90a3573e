# SPDX-License-Identifier: Apache-2.0
"""From a record id, or from the words themselves, to the receipt that says who answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.receipts import DIFFERS, SAME, WORDS, assemble
from answerable.control.routing import Call, Route
from answerable.control.said import texts, words_alone
from answerable.control.services import Services
from answerable.control.traced import stopped
from answerable.errors import Refused, VerificationError
from answerable.marks import kept, provider_code
from answerable.model.terms import AdminRole
from answerable.pipeline.found import file_tag, tags

CANDIDATES: Final = 64  # of the records that hold the same words, how many are looked at to find the newest


class AskWho(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """record: rid, if the content names one; texts: what it says, by which it is looked for if not; file: SHA-256, hex,
    of a file, likewise; content: its canonical bytes (`docs/spec/content.md`), base64; producer: the ContentProducer in
    its label. What is given is compared with what was recorded, and the producer with who runs this gateway. cose: as a
    COSE receipt, which discloses nothing; cosigned: for readers who demand witnesses."""

    record: Annotated[str, Meta(max_length=32)] = ""
    producer: Annotated[str, Meta(max_length=200)] = ""
    texts: Annotated[tuple[str, ...], Meta(max_length=128)] = ()
    file: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    content: bytes = b""
    cose: bool = False
    cosigned: bool = False


class Found(Answer, frozen=True, kw_only=True):
    """record: rid of the open leaf; matches: records that hold one of the texts, the newest is shown; content: same,
    words (its words, but it holds more, which is not disclosed to who has the words alone), differs, not_kept or
    not_compared; producer: same, differs or not_compared; stopped, stopped_at: rid of the stop order in force
    that reaches what made it, and its time in ms; receipt: the file, base64. Verify it: this answer alone proves
    nothing."""

    record: str
    matches: int
    content: str
    producer: str
    stopped: str = ""
    stopped_at: int = 0
    receipt: bytes


async def who(services: Services, call: Call[AskWho]) -> Found:
    asked = call.body
    record, matches = asked.record, 1
    if not record:
        found: dict[str, None] = {}
        for tag in _tags(services, asked):
            found.update(dict.fromkeys(await services.reader.by_tag(tag)))
        if not found:
            raise Refused("admin.nobody")
        record, matches = await _newest(services, list(found)[-CANDIDATES:]), len(found)
    signer = services.signing if asked.cose else None
    made = await assemble(
        services.reader, services.book, record, _shown(services, asked), cosigned=asked.cosigned, signer=signer
    )
    said = producer(services, asked.producer)
    order, at = await stopped(services, made.record)
    return Found(
        record=made.record, matches=matches, content=made.content, producer=said, stopped=order, stopped_at=at,
        receipt=made.receipt,
    )  # fmt: skip


def _tags(services: Services, asked: AskWho) -> tuple[bytes, ...]:
    of_file = (file_tag(bytes.fromhex(asked.file), services.index_key),) if asked.file else ()
    return (*tags(asked.texts, services.index_key), *of_file)


def producer(services: Services, named: str) -> str:
    """Whether a label's producer is who runs this gateway. The last characters of a provider code are the operator's to
    choose, and may have been others when the label was made."""
    if not named:
        return "not_compared"
    with suppress(VerificationError):
        named = f"NTRCN-{provider_code.parse(named).uscc}"
    return "same" if named == services.operator else "differs"


async def _newest(services: Services, rids: list[str]) -> str:
    placed = {(await services.reader.prove(rid)).index: rid for rid in rids}
    return placed[max(placed)]


def _shown(services: Services, asked: AskWho) -> Callable[[bytes], str] | None:
    if not asked.content and not asked.texts and not asked.file:
        return None
    known = set(tags(asked.texts, services.index_key))

    def compare(body: bytes) -> str:
        if body == asked.content:
            return SAME
        if asked.file and (files := kept.files(body)):
            return SAME if any(asked.file in (its.digest, its.before) for its in files) else DIFFERS
        said = tags(texts(body), services.index_key)
        if not said or not known.issuperset(said):
            return DIFFERS
        return SAME if words_alone(body) else WORDS

    return compare


ROUTES = (Route("POST", "/who", AdminRole.VIEWER, who, Found, "Who answers for this, with the receipt.", AskWho),)
