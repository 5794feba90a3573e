# SPDX-License-Identifier: Apache-2.0
"""Labelling one file, in one order: (1) read what stands there, and keep it; (2) words that people see; (3) the
watermark; (4) the AIGC object, exactly one; (5) the C2PA manifest, last; (6) read all of it back and compare. Only then
the file gets its name; anything else that happens leaves no file, and the source as it was.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from answerable.errors import Refused
from answerable.formats.detect import detect
from answerable.labels import stages
from answerable.labels.files import CHUNK, Bench, Source, Unchanged, copy, opened, publish, size, target_of
from answerable.labels.identity import Labeller
from answerable.labels.stages import Layer
from answerable.marks.propagation import Role
from answerable.model.labels import AIGC

_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Labelled:
    """What was labelled. data: the file, None where it was written to a path or stream; path: where it stands; format:
    by content, "png"; role: what we are to it; record: our record id in the label; layers: as written, each read back;
    problems: what was wrong with the labels that stood there, a C2PA manifest that does not hold among it; digest:
    SHA-256 of the labelled file; before: that of the source; made: the labelled file while `commit` looks at it."""

    format: str
    media: str
    role: Role
    record: str
    aigc: AIGC
    layers: tuple[Layer, ...]
    problems: tuple[str, ...]
    digest: bytes
    before: bytes
    size: int
    data: bytes | None = None
    path: Path | None = None
    made: BinaryIO | None = field(default=None, repr=False, compare=False)


def label(
    source: Source,
    target: Path | str | BinaryIO | None = None,
    *,
    by: Labeller,
    record: str = "",
    receipt: bytes = b"",
    made_at: int = 0,
    made_from: bytes = b"",
    in_place: bool = False,
    commit: Callable[[Labelled], None] | None = None,
) -> Labelled:
    """Label one file. source: a path, the file's bytes, or an open file; target: a path that no file has yet, an open
    file, or None for the bytes; by: who labels, and which layers; record: the record id that leads to who answers,
    drawn at random where there is no log that gives one; receipt: that record's, for the C2PA manifest; made_at: ms
    since 1970, 0: now; made_from: another file that a model changed into this one, whose history is kept as that of a
    parent; in_place: `target` may be the source itself, which is replaced in one step; commit: called with
    what was made once it was read back and before it gets its name or leaves: what it raises leaves no file.

    Raises Refused ``label.several|another_record|foreign|contradicted|target|source|chain`` (``label.source`` too for a
    file that changes meanwhile); VerificationError
    ``label.malformed`` for a record or provider that may not stand in a label, ``label.read_back``, ``label.c2pa``,
    ``format.*`` for the file; Unavailable ``label.extra``.
    """
    path = target_of(source, target, in_place=in_place) if isinstance(target, Path | str) else None
    before = Unchanged.of(source)
    with _room(path), opened(source) as original, Bench(path) as bench:
        work = stages.begin(original, bench, by, record, made_at or time.time_ns() // 1_000_000, receipt)
        work.made_from = made_from
        stages.explicit(work)
        stages.watermark(work)
        stages.write(work)
        stages.sign(work)
        stages.complete(work)
        stages.read_back(work)
        made = work.content
        done = Labelled(
            work.carrier.name, work.carrier.media, work.settled.role, work.record, work.settled.aigc,
            tuple(work.layers), work.problems, _digest(made), _digest(original), size(made),
        )  # fmt: skip
        if path is not None:
            done = replace(done, path=path)
        before.checked()
        if commit is not None:
            commit(replace(done, made=made))
        if path is not None:
            if in_place:
                before.checked()  # what somebody wrote meanwhile is not replaced
            publish(made, path, like=source, in_place=in_place)
        elif target is None:
            made.seek(0)
            done = replace(done, data=made.read())
        elif not isinstance(target, Path | str):
            copy(made, target)
        return done


@contextmanager
def _room(path: Path | None) -> Iterator[None]:
    """A disk that is full, or lets no file grow so long, as a refusal."""
    try:
        yield
    except OSError as error:
        if path is None or error.errno not in _FULL:
            raise
        raise Refused("label.target", path=str(path), detail=error.strerror or "the disk is full") from None


@dataclass(frozen=True, slots=True)
class Survey:
    """A file before it is labelled. label: the AIGC object that stands in it, None for none; before: SHA-256."""

    format: str
    media: str
    label: AIGC | None
    before: bytes
    size: int


def survey(source: Source) -> Survey:
    """What a log must know before it gives a record id to a file. Raises as `label` does for what stands in it."""
    with opened(source) as file:
        carrier = detect(file)
        stands = tuple(dict.fromkeys(found.aigc for found in stages.standing(carrier, file)))
        if len(stands) > 1:
            raise Refused("label.several", count=len(stands))
        return Survey(carrier.name, carrier.media, stands[0] if stands else None, _digest(file), size(file))


def _digest(file: BinaryIO) -> bytes:
    file.seek(0)
    hashed = sha256()
    while data := file.read(CHUNK):
        hashed.update(data)
    return hashed.digest()
