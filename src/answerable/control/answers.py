# SPDX-License-Identifier: Apache-2.0
"""Answers that several routes share."""

from __future__ import annotations

import msgspec


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what the control plane answers with."""


class Recorded(Answer, frozen=True, kw_only=True):
    """It stands in the log. rid: of its leaf; id: its public id, where it has one; index: its place; at: the instant of
    the commit, ms UTC."""

    rid: str
    id: str
    index: int
    at: int
