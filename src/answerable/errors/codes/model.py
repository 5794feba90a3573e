# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with model."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {

}
