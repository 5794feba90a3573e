# SPDX-License-Identifier: Apache-2.0
"""Assembles the receipt of a record: its leaves with their proofs, and the names that it discloses.

Content is disclosed only to who shows that he has it already: a record id alone opens no answer of anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec import UNSET

from answerable.control.services import Reader
from answerable.errors import Refused, Unavailable
from answerable.log import cose, receipt
from answerable.log.checkpoint import parse
from answerable.log.leaf import decode, leaf_hash
from answerable.log.merkle import verify_inclusion
from answerable.log.note import Signing
from answerable.log.receipt import Disclosure, Proved
from answerable.model.leaves import CloseLeaf, Leaf, OpenLeaf, WarrantLeaf
from answerable.ports import Directory
from answerable.privacy import erasure

SAME = "same"
WORDS = "words"
DIFFERS = "differs"
NOT_KEPT = "not_kept"
NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True)
class Assembled:
    """content: same, words (the same words; there is more beside them), differs, not_kept (erased, or payloads are off)
    or not_compared."""

    record: str
    receipt: bytes
    content: str


async def assemble(
    reader: Reader,
    directory: Directory,
    record: str,
    shown: Callable[[bytes], str] | None = None,
    *,
    cosigned: bool = False,
    signer: Signing | None = None,
) -> Assembled:
    """The receipt of the action whose open or close leaf is `record`. shown: `SAME` if who asks has shown that all of
    this content is in his hands; then it is disclosed; else `WORDS` or `DIFFERS`: what was said beside is read by
    `control.disclosure` alone. cosigned:
    for readers who demand witnesses; signer: the log's key, for a COSE receipt, which has no place for cosignatures
    nor for what is disclosed.

    Raises Refused ``admin.not_found`` for what is no action, Unavailable ``log.unwitnessed``.
    """
    opened, opened_rid = await _opening(reader, record)
    ending = await reader.close_of(opened_rid)
    erased = erasure.find(directory, opened_rid)
    rids = [opened_rid, *filter(None, (ending, erased.rid if erased else ""))]
    people: list[str] = [opened.party]
    systems = [opened.sys, *([opened.via] if opened.via is not UNSET else [])]
    for grant in (opened.war, opened.vwar):
        if grant is not UNSET:
            rids.append(grant)
            warrant = await _leaf(reader, grant)
            if isinstance(warrant, WarrantLeaf):
                rids.append(warrant.cpy)
                people.append(warrant.party)
    rids += systems
    for rid in systems:
        if (system := directory.system(rid)) is not None:
            people += [entry.party for entry in system.parties]
    if opened.parties is not UNSET:
        people += [ref.rid for ref in opened.parties]
    named = [*systems, *_standings(directory, people)]
    note, proved = await reader.prove_all(list(dict.fromkeys([*rids, *named])), cosigned=cosigned)
    if not note:
        raise Unavailable("log.stopped", detail="no checkpoint")
    disclosed = [part for rid in dict.fromkeys(named) if (part := await _disclosure(reader, rid, "name")) is not None]
    compared = NOT_COMPARED
    if shown is not None:
        compared = NOT_KEPT
        # What is on record as erased is shown to nobody, though a failing disk may still have it.
        if ending and erased is None and (said := await _disclosure(reader, ending, "out")) is not None:
            compared = shown(said.body)
            if compared == SAME:
                disclosed.append(said)
        elif not _has_answer(await _leaf(reader, ending) if ending else None):
            compared = DIFFERS  # the record says that nothing was released
    first, *others = (Proved(entry.leaf, entry.index, tuple(entry.proof)) for entry in proved)
    if signer is not None:
        return Assembled(opened_rid, signed(signer, note, first, others), compared)
    return Assembled(opened_rid, receipt.build(first, others, disclosed, note), compared)


def signed(signer: Signing, note: bytes, record: Proved, others: Iterable[Proved] = ()) -> bytes:
    """The COSE receipt (RFC 9942) of leaves that were proven against a published checkpoint: the log signs no root
    that it has not published. Raises VerificationError ``log.proof``."""
    head = parse(note)[0]
    for part in (record, *others):
        verify_inclusion(leaf_hash(part.leaf), part.index, head.size, part.path, head.root)
    return cose.sign_inclusion(head.origin, head.size, record, others, signer)


async def _opening(reader: Reader, record: str) -> tuple[OpenLeaf, str]:
    leaf = await _leaf(reader, record)
    if isinstance(leaf, CloseLeaf):
        record, leaf = leaf.open, await _leaf(reader, leaf.open)
    if not isinstance(leaf, OpenLeaf):
        raise Refused("admin.not_found", name=record[:64])
    return leaf, record


async def _leaf(reader: Reader, rid: str) -> Leaf | None:
    data = await reader.find(rid)
    return None if data is None else decode(data)


def _standings(directory: Directory, people: Iterable[str]) -> list[str]:
    """The parties' own leaves, the newest that changed their standing, and those who vouch."""
    found: list[str] = []
    for rid in dict.fromkeys(people):
        party = directory.party(rid)
        if party is not None:
            found += [party.rid, *filter(None, (party.stands, party.voucher))]
    return found


async def _disclosure(reader: Reader, rid: str, group: str) -> Disclosure | None:
    kept = await reader.payload(rid, group)
    return None if kept is None or kept[1] is None else Disclosure(rid, group, kept[0], kept[1])


def _has_answer(leaf: Leaf | None) -> bool:
    return isinstance(leaf, CloseLeaf) and leaf.c is not UNSET and leaf.c.out is not UNSET
