# SPDX-License-Identifier: Apache-2.0
"""For which content a label was signed: an entry of our own beside the guide's in `ReservedCode1` and `ReservedCode2`
(`docs/spec/label.md`, Content). The guide's signature is over members of the label alone, so that a label moved to
another file keeps a good one; this entry is signed over the content's digest, fingerprints and sketch too, by the same
key. Readers that do not know it see the guide's entries as they always stood.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from answerable.marks import signature
from answerable.marks.signature import LabelKey, Signed, State
from answerable.marks.sketch import KEPT, LEAST, enough, within
from answerable.model import prints
from answerable.model.labels import AIGC
from answerable.model.prints import Kind, Print

TYPE: Final = "org.answerable.content"
MAX_PRINTS: Final = 4
_HASH: Final = 8  # hexadecimal digits of one hash of a sketch
_DIGEST: Final = 64
# A film becomes a GIF, a still or a sound track, and these a film: fingerprints of two such kinds say nothing of one
# another. Nobody makes a sound of a picture.
_BECOMES: Final = (frozenset({Kind.VIDEO, Kind.IMAGE}), frozenset({Kind.VIDEO, Kind.AUDIO}))
# States in which the key beside a signature has signed the label: whose it is, is another question.
_HELD: Final = (State.SIGNED, State.SELF_CONSISTENT)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Bound:
    """content: SHA-256 of what it shows, plays or says (`labels.content`), b"" where its format tells none; prints:
    its fingerprints; sketch: of its words."""

    content: bytes = b""
    prints: tuple[Print, ...] = ()
    sketch: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.content or self.prints or self.sketch)


class Match(StrEnum):
    """Of what a label was signed for and a file. SAME: to the last bit; ALIKE: as after a lossy coder or an edit;
    CHANGED: another digest, and nothing tells how far away it is; DIFFERS: something else, or a small part of it."""

    SAME = "same"
    ALIKE = "alike"
    CHANGED = "changed"
    DIFFERS = "differs"


def bind(aigc: AIGC, key: LabelKey, bound: Bound) -> AIGC:
    """`aigc`, signed by `key` already, with what it was signed for beside its `ReservedCode1`."""
    code = _with(aigc.reserved_code1, key, signature.produced(aigc), bound)
    return msgspec.structs.replace(aigc, reserved_code1=code)


def bind_propagation(aigc: AIGC, key: LabelKey, bound: Bound) -> AIGC:
    """The same beside its `ReservedCode2`: what was passed on."""
    code = _with(aigc.reserved_code2, key, signature.propagated(aigc), bound)
    return msgspec.structs.replace(aigc, reserved_code2=code)


def bound_by(aigc: AIGC, signed: Signed, propagation: Signed) -> tuple[tuple[Bound, ...], bool]:
    """(for which content the label was signed, by producer and propagator; whether an entry that says so was changed).
    Entries beside a signature that does not hold say nothing. signed, propagation: as `signature.check` found."""
    found: list[Bound] = []
    broken = False
    codes = (
        (aigc.reserved_code1, signature.produced(aigc), signed),
        (aigc.reserved_code2, signature.propagated(aigc), propagation),
    )
    for code, message, by in codes:
        if by.state not in _HELD:
            continue
        for entry in signature.entries(code):
            if entry.get("Type") != TYPE:
                continue
            its = _read(entry)
            if its is not None and signature.signed_by(by.key, message + _said(its), entry.get("Signature")):
                found.append(its)
            else:
                broken = True
    return tuple(found), broken


def compare(bound: Bound, seen: Bound) -> Match:
    """seen: what was taken of the file. Nothing is said to differ that only went through a lossy coder."""
    if bound.content and bound.content == seen.content:
        return Match.SAME
    found = [_prints(bound.prints, seen.prints), _words(bound.sketch, seen.sketch)]
    for match in (Match.ALIKE, Match.DIFFERS):
        if match in found:
            return match
    return Match.CHANGED


def _prints(kept: tuple[Print, ...], seen: tuple[Print, ...]) -> Match:
    pairs = [(one, other) for one in kept for other in seen]
    far = [prints.distance(*pair) for pair in pairs]
    if any(map(prints.alike, far)):
        return Match.ALIKE
    known = [each for each, pair in zip(far, pairs, strict=True) if _comparable(*pair)]
    return Match.DIFFERS if known and len(known) == len(far) and all(map(prints.unlike, known)) else Match.CHANGED


def _comparable(one: Print, other: Print) -> bool:
    """Whether a distance between them tells anything: of another version, or of a kind that the first may have been
    converted to, it does not."""
    return one.version == other.version and frozenset({one.kind, other.kind}) not in _BECOMES


def _words(kept: tuple[int, ...], seen: tuple[int, ...]) -> Match:
    if len(kept) < LEAST or not seen:
        return Match.CHANGED
    shared = len({*kept} & {*seen})
    if enough(shared, len(kept), within(sorted(seen), kept)):
        return Match.ALIKE
    return Match.CHANGED if shared else Match.DIFFERS


def _with(code: str, key: LabelKey, message: bytes, bound: Bound) -> str:
    value = _decode(code)
    entry: dict[str, Any] = {"Type": TYPE, **_members(bound)}
    entry["Signature"] = signature.made_by(key, message + _said(bound))
    value["SecurityData"]["PubSD"].append(entry)
    return _encode(value).decode("ascii")


def _members(bound: Bound) -> dict[str, str]:
    """As they stand in the entry, and are signed; empty ones are left out."""
    said = {
        "Content": bound.content.hex(),
        "Prints": ",".join(each.tag().hex() for each in bound.prints[:MAX_PRINTS]),
        "Sketch": "".join(f"{each:08x}" for each in bound.sketch[:KEPT]),
    }
    return {name: value for name, value in said.items() if value}


def _said(bound: Bound) -> bytes:
    return "".join(f',"{name}":"{value}"' for name, value in _members(bound).items()).encode()


def _read(entry: Mapping[str, Any]) -> Bound | None:
    """None for one of another form."""
    content, tags, sketch = (entry.get(name, "") for name in ("Content", "Prints", "Sketch"))
    if not (isinstance(content, str) and isinstance(tags, str) and isinstance(sketch, str)):
        return None
    with suppress(ValueError):
        made = tuple(prints.read(bytes.fromhex(tag)) for tag in tags.split(",") if tag)
        whole = [sketch[at : at + _HASH] for at in range(0, len(sketch), _HASH)]
        bound = Bound(
            bytes.fromhex(content), tuple(each for each in made if each is not None), tuple(int(x, 16) for x in whole)
        )
        if len(content) in (0, _DIGEST) and _members(bound) == {
            name: value for name, value in (("Content", content), ("Prints", tags), ("Sketch", sketch)) if value
        }:
            return bound
    return None
