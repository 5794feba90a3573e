# SPDX-License-Identifier: Apache-2.0
"""The watermark in the words of a text, as a layer of its reading. The key is secret, so whoever has it is asked: a
service says, for each of its models, how likely the text would be without the mark (`docs/spec/label.md`).

A text is "found" below one in a million, "probable" below one in a thousand; between that and chance it says nothing.
It names a model, never a record: "probably written by", with the p-value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from answerable.labels.reading import ABSENT, FOUND, UNCHECKED, FileReading, LayerReading
from answerable.model.labels import Reading

NAME: Final = "text_watermark"
PROBABLE: Final = "probable"
SHORT: Final = "too_short"
FOUND_AT: Final = -6.0  # common logarithms of p-values
PROBABLE_AT: Final = -3.0
LEAST_TOKENS: Final = 50  # fewer than that tell nothing either way


def layer(answers: Sequence[Mapping[str, Any]]) -> LayerReading:
    """answers: as ``POST /labels/words`` gives them, at least one."""
    best = min(answers, key=lambda each: float(each["log10_p"]))
    # Of several models the luckiest is looked at.
    log10_p = min(0.0, float(best["log10_p"]) + math.log10(len(answers)))
    details = {
        "log10_p": round(log10_p, 2),
        "p_value": 10.0**log10_p,
        "tokens": int(best["tokens"]),
        "scored": int(best["scored"]),
    }
    if log10_p <= PROBABLE_AT:
        named = {"model": best["name"], "version": best["version"], "system": best["system"], "party": best["party"]}
        return LayerReading(NAME, FOUND if log10_p <= FOUND_AT else PROBABLE, details={**named, **details})
    return LayerReading(NAME, SHORT if details["scored"] < LEAST_TOKENS else ABSENT, details=details)


def unchecked(code: str) -> LayerReading:
    """code: of the error for which nobody could say."""
    return LayerReading(NAME, UNCHECKED, problems=(code,))


def with_layer(reading: FileReading, words: LayerReading) -> FileReading:
    """The reading with this layer too. A mark that is found says that a model wrote it; one that is probable, or that
    could not be looked for, changes no verdict."""
    labelled = words.state == FOUND and reading.verdict in (Reading.NOT_LABELLED, Reading.UNCHECKED)
    return replace(reading, layers=(*reading.layers, words), verdict=Reading.LABELLED if labelled else reading.verdict)
