# SPDX-License-Identifier: Apache-2.0
"""Which record a file is of, by what each layer of it says, and how sure that is.

Nobody is named by layers that disagree: a label can be moved to another file, and a false accusation is worse than
none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LABEL: Final = "label"
DIGEST: Final = "digest"
CONTENT: Final = "content"
WATERMARK: Final = "watermark"
FINGERPRINT: Final = "fingerprint"
WORDS: Final = "words"


class Sure(StrEnum):
    """How sure it is. PROVEN: its very bytes stand in the log; MATCHING: what it shows or says does, or two layers that
    are hard to move name the same record; PROBABLY: it is alike, or its watermark alone says so; UNSURE: its label
    alone names one, and nothing is kept to compare; CONTRADICTED: layers disagree; NOBODY: none names a record here."""

    PROVEN = "proven"
    MATCHING = "matching"
    PROBABLY = "probably"
    UNSURE = "unsure"
    CONTRADICTED = "contradicted"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Record ids by layer, the oldest first. label: those that its label names and the log holds; near: -> in how many
    bits each word of the fingerprint differs; words: -> (hashes shared, hashes kept), of those two the newest first;
    against: layers in which the record that the label names is of something else."""

    label: tuple[str, ...] = ()
    digest: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    watermark: tuple[str, ...] = ()
    near: dict[str, tuple[int, ...]] = field(default_factory=dict)
    words: dict[str, tuple[int, int]] = field(default_factory=dict)
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """record: "" where nobody is named as answering; by: layers that name it; against: layers that say otherwise."""

    sure: Sure
    record: str = ""
    by: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def settle(found: Evidence) -> Settled:
    """The record that the layers lead to. Of several that a layer names, the one that the most layers name, then the
    newest, of fingerprints the nearest."""
    votes = _votes(found)
    if not votes:
        return Settled(Sure.NOBODY)
    first = next(iter(votes))
    record = _chosen(votes[first], votes)
    by = tuple(name for name, records in votes.items() if record in records)
    against = [name for name in votes if name not in by]
    if first in (DIGEST, CONTENT):
        # Another file may look like it; and what was labelled once more carries the watermark of the first time.
        if LABEL in against:
            return Settled(Sure.CONTRADICTED, against=tuple(votes))
        return Settled(Sure.PROVEN if first == DIGEST else Sure.MATCHING, record, by, tuple(against))
    if against or first == LABEL:
        if against or found.against:
            return Settled(Sure.CONTRADICTED, against=tuple(dict.fromkeys((*votes, *found.against))))
        return Settled(Sure.UNSURE, by=by)
    sure = Sure.MATCHING if first == WATERMARK and len(by) > 1 and not found.against else Sure.PROBABLY
    return Settled(sure, record, by, found.against)


def _votes(found: Evidence) -> dict[str, tuple[str, ...]]:
    """Layers that name a record, the hardest to move first; the last of each is the one to prefer."""
    oldest_near, oldest_words = list(reversed(found.near)), list(reversed(found.words))
    near = sorted(oldest_near, key=lambda record: -sum(found.near[record]))
    words = sorted(oldest_words, key=lambda record: found.words[record][0])
    every = {
        DIGEST: found.digest,
        CONTENT: found.content,
        WATERMARK: found.watermark,
        FINGERPRINT: tuple(near),
        WORDS: tuple(words),
        LABEL: found.label,
    }
    return {name: records for name, records in every.items() if records}


def _chosen(records: tuple[str, ...], votes: Mapping[str, tuple[str, ...]]) -> str:
    named = {record: sum(record in each for each in votes.values()) for record in records}
    most = max(named.values())
    return next(record for record in reversed(records) if named[record] == most)
