# SPDX-License-Identifier: Apache-2.0
"""The response headers that carry record id and implicit label, for those who read headers alone."""

from __future__ import annotations

import msgspec

from answerable.model.labels import Label

RECORD = "x-answerable-record"
AIGC_HEADER = "aigc"

_encode = msgspec.json.Encoder().encode


def headers(label: Label) -> dict[str, str]:
    """ASCII names and values: the AIGC object holds 0x21-0x7E alone, so its JSON needs no escape."""
    return {RECORD: label.record, AIGC_HEADER: _encode(label.aigc).decode("ascii")}
