# SPDX-License-Identifier: Apache-2.0
"""Labelling one file, in one order: (1) read what stands there, and keep it; (2) words that people see; (3) the
watermark; (4) the AIGC object, exactly one; (5) the C2PA manifest, last; (6) read all of it back and compare. Only then
the file gets its name; anything else that happens leaves no file, and the source as it was.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from answerable.crypto.random import salt
from answerable.errors import Refused, VerificationError
from answerable.formats.carrier import Carried, Carrier
from answerable.formats.detect import detect
from answerable.labels.files import CHUNK, Bench, Source, copy, opened, publish, size, target_of
from answerable.labels.identity import Labeller
from answerable.marks import aigc as objects
from answerable.marks.propagation import Role, Settled, settle
from answerable.model.labels import AIGC

RID_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a label as it was written. state: written, or kept as it stood; detail: what of it, in short."""

    name: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What was labelled. data: the file, None where it was written to a path or stream; path: where it stands; format:
    by content, "png"; role: what we are to it; record: our record id in the label; layers: as written, each read back;
    problems: what was wrong with the form of a label that stood there; digest: SHA-256 of the labelled file; before:
    that of the source."""

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


def label(
    source: Source,
    target: Path | str | BinaryIO | None = None,
    *,
    by: Labeller,
    record: str = "",
    in_place: bool = False,
    commit: Callable[[Labelled], None] | None = None,
) -> Labelled:
    """Label one file. source: a path, the file's bytes, or an open file; target: a path that no file has yet, an open
    file, or None for the bytes; by: who labels; record: the record id that leads to who answers, drawn at random where
    there is no log that gives one; in_place: `target` may be the source itself, which is replaced in one step;
    commit: called with what was made once it was read back and before it gets its name or leaves: what it raises
    leaves no file.

    Raises Refused ``label.several|another_record|foreign|target|source|unsupported``; VerificationError
    ``label.malformed`` for a record or provider that may not stand in a label, ``label.read_back``, ``format.*`` for
    the file; Unavailable ``label.extra``.
    """
    path = target_of(source, target, in_place=in_place) if isinstance(target, Path | str) else None
    with opened(source) as original, Bench(path) as bench:
        carrier = detect(original)
        settled = settle(
            standing(carrier, original),
            provider=by.provider,
            record=record or drawn(),
            key=by.aigc_key,
            again=not record,
        )
        ours = record_of(settled)
        layers: list[Layer] = []
        made = _aigc(carrier, original, bench.sheet(), settled, layers)
        _read_back(carrier, made, settled)
        done = Labelled(
            carrier.name, carrier.media, settled.role, ours, settled.aigc, tuple(layers), settled.problems,
            _digest(made), _digest(original), size(made),
        )  # fmt: skip
        if path is not None:
            done = replace(done, path=path)
        if commit is not None:
            commit(done)
        if path is not None:
            publish(made, path, like=source, in_place=in_place)
        elif target is None:
            made.seek(0)
            done = replace(done, data=made.read())
        elif not isinstance(target, Path | str):
            copy(made, target)
        return done


def standing(carrier: Carrier, source: BinaryIO) -> tuple[objects.Found, ...]:
    """The labels that stand in a file. Raises Refused ``label.foreign`` for one that cannot be read: writing ours would
    take it away."""
    return tuple([_found(carried) for carried in carrier.read(source)])


def drawn() -> str:
    """A record id for a file that no log knows: of the form of a log's, 32 characters, 160 random bits."""
    return base64.b32encode(salt()[:RID_BYTES]).decode("ascii").lower()


def record_of(settled: Settled) -> str:
    """The record id in the label that is ours: what another produced keeps its own id beside it."""
    label = settled.aigc
    return label.propagate_id if settled.role is Role.PROPAGATOR else label.produce_id


def _found(carried: Carried) -> objects.Found:
    try:
        return objects.read(carried.text)
    except VerificationError as error:
        raise Refused("label.foreign", detail=f"{carried.place}: {error.params.get('detail')}") from None


def _aigc(carrier: Carrier, source: BinaryIO, sheet: BinaryIO, settled: Settled, layers: list[Layer]) -> BinaryIO:
    carrier.write(source, sheet, objects.write(settled.aigc))
    layers.append(Layer("aigc", "kept" if settled.role is Role.KEPT else "written", str(settled.role)))
    return sheet


def _read_back(carrier: Carrier, made: BinaryIO, settled: Settled) -> None:
    """Raises VerificationError ``label.read_back`` unless the file holds exactly the label that was meant."""
    detected = detect(made)
    if detected.name != carrier.name:
        raise VerificationError("label.read_back", layer="aigc", detail=f"it became a {detected.name} file")
    carried = carrier.read(made)
    if len(carried) != 1:
        raise VerificationError("label.read_back", layer="aigc", detail=f"{len(carried)} labels instead of one")
    if objects.read(carried[0].text) != objects.Found(settled.aigc):
        raise VerificationError("label.read_back", layer="aigc", detail="another label than was written")


def _digest(file: BinaryIO) -> bytes:
    file.seek(0)
    hashed = sha256()
    while data := file.read(CHUNK):
        hashed.update(data)
    return hashed.digest()
