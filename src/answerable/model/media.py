# SPDX-License-Identifier: Apache-2.0
"""Pictures, sound and files in a piece of an answer: where they stand, and what labelling made of them."""

from __future__ import annotations

import binascii
from binascii import a2b_base64, b2a_base64
from enum import StrEnum
from typing import Any, Final

import msgspec

from answerable.model.prints import Print

BASE64_MARK: Final = ";base64,"


class Coding(StrEnum):
    """How the bytes stand where they stand."""

    RAW = "raw"
    BASE64 = "base64"
    URL = "url"  # of the scheme data: (RFC 2397)


class Medium:
    """One of them, at `holder[member]`. must: it is refused where it turns out to be no medium; wanted: beginning of
    the media type that was asked for, "" for any."""

    __slots__ = ("_coding", "_holder", "_member", "must", "wanted")

    def __init__(self, holder: Any, member: str | int, coding: Coding, *, must: bool = False, wanted: str = "") -> None:
        self._holder = holder
        self._member = member
        self._coding = coding
        self.must = must
        self.wanted = wanted

    def read(self) -> bytes:
        """The file. Raises ValueError for what is no base64."""
        value = self._holder[self._member]
        if self._coding is Coding.RAW:
            return bytes(value)
        if self._coding is Coding.URL:
            value = value[value.index(BASE64_MARK) + len(BASE64_MARK) :]
        try:
            return a2b_base64(value.encode("ascii"), strict_mode=True)
        except binascii.Error:
            # Without its padding, as some write it.
            return a2b_base64(value.encode("ascii") + b"=" * (-len(value) % 4), strict_mode=True)

    def write(self, data: bytes, media: str) -> None:
        """Put `data`, of the type `media`, in its place."""
        if self._coding is Coding.RAW:
            self._holder[self._member] = data
            return
        text = b2a_base64(data, newline=False).decode("ascii")
        self._holder[self._member] = f"data:{media}{BASE64_MARK}{text}" if self._coding is Coding.URL else text


class LabelledMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled file. media: its type, by content; aigc: the AIGC object as it was written; before, digest: SHA-256 of
    the file as it came and as it leaves; layers: names of those that were written or kept; played_ms: how long what
    came plays, 0 where nothing does. By the rest it is found again (`labels.tracing`): content: digest of what it shows
    or plays; prints, sketch, watermark."""

    data: bytes
    media: str
    aigc: str
    before: bytes
    digest: bytes
    layers: tuple[str, ...]
    played_ms: int = 0
    content: bytes = b""
    prints: tuple[Print, ...] = ()
    sketch: tuple[int, ...] = ()
    watermark: int | None = None
