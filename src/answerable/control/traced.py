# SPDX-License-Identifier: Apache-2.0
"""Looking for the record of a file by what was taken of it. The file itself stays with who asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta

from answerable.control.services import Services
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.marks.sketch import ASKED, LEAST, enough, within
from answerable.marks.tracing import FINGERPRINT, WORDS, Evidence
from answerable.model import prints
from answerable.model.leaves import CloseLeaf, OpenLeaf, WarrantLeaf
from answerable.model.prints import Print
from answerable.model.terms import Role
from answerable.pipeline.found import (
    SKETCH_BYTES,
    content_tag,
    file_tag,
    hidden,
    sketched,
    watermark_tag,
)

# The newest records of one layer that are looked at.
CANDIDATES: Final = 64
Hex = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z", description="SHA-256, hex, or empty")]
PrintText = Annotated[str, Meta(pattern=r"^[0-9a-f]{20,52}\Z", description="a fingerprint, hex")]
Prints = Annotated[tuple[PrintText, ...], Meta(max_length=8)]
Hash = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Sketch = Annotated[tuple[Hash, ...], Meta(max_length=ASKED)]
Watermark = Annotated[int, Meta(ge=0, le=2**48 - 1)]


def prints_of(texts: Iterable[str]) -> tuple[Print, ...]:
    """Raises Refused ``admin.request`` for what is no fingerprint."""
    found = []
    for text in texts:
        its = prints.read(bytes.fromhex(text)) if len(text) % 2 == 0 else None
        if its is None:
            raise Refused("admin.request", detail="no fingerprint")
        found.append(its)
    return tuple(found)


async def gather(
    services: Services,
    *,
    named: Iterable[str],
    digest: str,
    content: str,
    seen: tuple[Print, ...],
    sketch: tuple[int, ...],
    watermark: int | None,
) -> Evidence:
    """What each layer says. named: record ids in its label; the rest as `labels.tracing.Traces`, digests in hex."""
    key, reader = services.index_key, services.reader
    hiding = tuple(hidden(each, key) for each in seen)
    words = sketched(sorted(sketch), key)
    near: dict[str, tuple[int, ...]] = {}
    for its in hiding:
        for rid, other in await reader.near(its):
            far = prints.distance(its, other)
            if far is not None and prints.alike(far) and (record := await opening(services, rid)):
                near[record] = min(near.get(record, far), far, key=sum)
    said: dict[str, tuple[int, int]] = {}
    for rid, shared in await reader.alike(words, LEAST) if words else ():
        kept = {tag for tag in await reader.tags(rid) if len(tag) == SKETCH_BYTES}
        if enough(shared, len(kept), within(words, kept)) and (record := await opening(services, rid)):
            said[record] = (shared, len(kept))
    known = [record for rid in dict.fromkeys(named) if rid and (record := await opening(services, rid))]
    against: dict[str, None] = {}
    for record in known:
        against.update(dict.fromkeys(await _against(services, record, hiding, set(words))))
    return Evidence(
        tuple(known),
        await _tagged(services, file_tag(bytes.fromhex(digest), key)) if digest else (),
        await _tagged(services, content_tag(bytes.fromhex(content), key)) if content else (),
        await _tagged(services, watermark_tag(watermark, key)) if watermark is not None else (),
        near,
        said,
        tuple(against),
    )


async def opening(services: Services, rid: str) -> str:
    """rid of the open leaf of a record, "" for what is none here."""
    data = await services.reader.find(rid)
    leaf = decode(data) if data is not None else None
    if isinstance(leaf, CloseLeaf):
        return leaf.open
    return rid if isinstance(leaf, OpenLeaf) else ""


async def stopped(services: Services, record: str) -> tuple[str, int]:
    """rid of the stop order in force that reaches what made the record, and when it was given, ms since 1970; ("", 0)
    for none."""
    order = await _order(services, record)
    data = await services.reader.find(order) if order else None
    return (order, decode(data).t) if data is not None else (order, 0)


async def _order(services: Services, record: str) -> str:
    data = await services.reader.find(record)
    leaf = decode(data) if data is not None else None
    if not isinstance(leaf, OpenLeaf) or (system := services.book.system(leaf.sys)) is None:
        return ""
    granted = await services.reader.find(leaf.war) if isinstance(leaf.war, str) else None
    warrant = decode(granted) if granted is not None else None
    stops, now = services.book.stop_set(), services.clock.now_ms()
    return stops.blocks(
        copy=warrant.cpy if isinstance(warrant, WarrantLeaf) else "",
        numbers=tuple(sorted((*system.ancestors, system.num))),
        party=system.party(Role.DEPLOYER),
        worlds=system.worlds,
        now_ms=now,
    )


async def _tagged(services: Services, tag: bytes) -> tuple[str, ...]:
    rids = list(await services.reader.by_tag(tag))[-CANDIDATES:]
    found = [await opening(services, rid) for rid in rids]
    return tuple(dict.fromkeys(filter(None, found)))


async def _against(services: Services, record: str, seen: tuple[Print, ...], words: set[bytes]) -> list[str]:
    """Layers in which what the record is of is something else than this file."""
    ending = await services.reader.close_of(record)
    tags = await services.reader.tags(ending) if ending else []
    kept = [its for its in map(prints.read, tags) if its is not None]
    found = []
    if kept and seen and all(prints.unlike(prints.distance(one, its)) for one in seen for its in kept):
        found.append(FINGERPRINT)
    said = {tag for tag in tags if len(tag) == SKETCH_BYTES}
    if words and len(said) >= LEAST and not words & said:
        found.append(WORDS)
    return found
