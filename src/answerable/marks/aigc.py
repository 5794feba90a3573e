# SPDX-License-Identifier: Apache-2.0
"""The implicit label of GB 45438-2025 Appendix E: a strict writer, and a reader that accepts and reports.

Seven keys in their order, all strings of 0x21-0x7E without a bare backslash, plain compact JSON. In the wild the object
also stands inside ``{"AIGC": ...}``, encoded twice, glued behind the letters ``AIGC``, with objects where the reserved
fields have strings, or in one vendor's own schema: those are read and named among the problems, never written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec

from answerable.errors import VerificationError
from answerable.model.labels import AIGC

KEYS: Final = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
KINDS: Final = ("1", "2", "3")
# A signature with its certificate stays far below this; a label is no place for content.
MAX_BYTES: Final = 16_384

_VENDOR_KEYS = frozenset({"ServiceProvider", "ServiceUser", "Time", "ContentId"})
_VALUE = re.compile(r"[\x21-\x5b\x5d-\x7e]*\Z")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Found:
    """A label as it was read. problems: terms, "" none; what was wrong with its form."""

    aigc: AIGC
    problems: tuple[str, ...] = ()


def check(aigc: AIGC) -> AIGC:
    """`aigc`, if it may be written. Raises VerificationError ``label.malformed`` for an unknown kind, a value outside
    0x21-0x7E or with a backslash, or a label without producer or id."""
    if aigc.label not in KINDS:
        raise VerificationError("label.malformed", detail="Label is not 1, 2 or 3")
    values = msgspec.structs.astuple(aigc)
    if _VALUE.match("".join(values)) is None:
        key = next(key for key, value in zip(KEYS, values, strict=True) if _VALUE.match(value) is None)
        raise VerificationError("label.malformed", detail=f"{key} has characters outside 0x21-0x7E")
    if not aigc.content_producer or not aigc.produce_id:
        raise VerificationError("label.malformed", detail="ContentProducer or ProduceID is empty")
    return aigc


@lru_cache(maxsize=64)
def _producer(code: str) -> str:
    check(AIGC(KINDS[0], code, "record"))
    return code


def generated(producer: str, record: str) -> AIGC:
    """The label of what AI made. producer: a provider code. Raises VerificationError ``label.malformed`` as `check`."""
    if not record or _VALUE.match(record) is None:
        raise VerificationError("label.malformed", detail="ProduceID is empty or has characters outside 0x21-0x7E")
    return AIGC(KINDS[0], _producer(producer), record)


def write(aigc: AIGC) -> str:
    """The object as ASCII JSON. Raises VerificationError ``label.malformed`` as `check` does, and for one longer than
    16,384 bytes."""
    data = _encode(check(aigc))
    if len(data) > MAX_BYTES:
        raise VerificationError("label.malformed", detail=f"longer than {MAX_BYTES} bytes")
    return data.decode("ascii")


def as_json(aigc: AIGC) -> bytes:
    """The object as JSON, all of it in 0x21-0x7E: so that it may stand in a header. Of one that `check` let pass."""
    return _encode(aigc)


def read(data: bytes | str) -> Found:
    """The label in `data`: JSON bytes or text. Raises VerificationError ``label.malformed`` for anything else."""
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        raise VerificationError("label.malformed", detail=f"longer than {MAX_BYTES} bytes")
    problems: list[str] = []
    raw = raw.strip(b" \t\r\n\x00\xef\xbb\xbf")
    if raw.startswith(b"AIGC"):
        problems.append("glued")
        raw = raw[4:].lstrip(b" :=\x00")
    value = _json(raw)
    if isinstance(value, str):
        problems.append("encoded_twice")
        value = _json(value.encode("utf-8", "replace"))
    found = of_object(value)
    return Found(found.aigc, (*problems, *found.problems))


def of_object(value: Any) -> Found:
    """The label in a decoded JSON value, bare or inside ``{"AIGC": ...}``. Raises VerificationError
    ``label.malformed``."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("AIGC"), dict | str):
        value = value["AIGC"] if isinstance(value["AIGC"], dict) else _json(value["AIGC"].encode("utf-8", "replace"))
    if not isinstance(value, dict):
        raise VerificationError("label.malformed", detail="not an object")
    if not value.keys() & {"Label", "ContentProducer", "ProduceID"}:
        detail = "another vendor's schema" if value.keys() & _VENDOR_KEYS else "no member of Appendix E"
        raise VerificationError("label.malformed", detail=detail)
    problems: list[str] = []
    fields: list[str] = []
    for key in KEYS:
        member = value.get(key)
        if isinstance(member, str):
            if _VALUE.match(member) is None:
                problems.append(f"characters:{key}")
            fields.append(member)
        elif member is None:
            problems.append(f"missing:{key}")
            fields.append("")
        elif isinstance(member, dict) and key.startswith("ReservedCode"):
            problems.append(f"object:{key}")
            fields.append(_encode(member).decode("utf-8"))
        elif isinstance(member, int) and not isinstance(member, bool) and key == "Label":
            problems.append("number:Label")
            fields.append(str(member))
        else:
            raise VerificationError("label.malformed", detail=f"{key} is not a string")
    if fields[0] not in KINDS:
        problems.append("kind")
    if spare := sum(key not in KEYS for key in value):
        problems.append(f"unknown_members:{spare}")
    return Found(AIGC(*fields), tuple(problems))


def _json(raw: bytes) -> Any:
    try:
        return _decode(raw)
    except (ValueError, RecursionError):  # msgspec's DecodeError and UnicodeDecodeError are ValueErrors
        raise VerificationError("label.malformed", detail="not JSON") from None
