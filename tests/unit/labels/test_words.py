# SPDX-License-Identifier: Apache-2.0
"""The watermark in words as a layer: what counts as found, and what it may say."""

import math
from typing import Any

import pytest

from answerable.labels import words
from answerable.labels.reading import FileReading, LayerReading
from answerable.model.labels import Reading


def answer(log10_p: float, scored: int = 190, name: str = "m") -> dict[str, Any]:
    return {
        "system": "s" * 32, "name": name, "version": "1", "party": "LEIXG-1", "tokens": 200, "scored": scored,
        "score": 300.0, "log10_p": log10_p,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("log10_p", "scored", "state"),
    [
        (-20.0, 190, "found"),
        (-6.0, 190, "found"),
        (-5.9, 190, "probable"),
        (-3.0, 190, "probable"),
        (-2.9, 190, "absent"),
        (0.0, 49, "too_short"),
        (-4.0, 20, "probable"),
    ],
)
def test_states(log10_p: float, scored: int, state: str) -> None:
    layer = words.layer([answer(log10_p, scored)])
    assert (layer.name, layer.state) == ("text_watermark", state)
    assert ("party" in layer.details) == (state in ("found", "probable")), "nobody is named without evidence"
    assert layer.records == (), "it names a model, never a record"


def test_of_several_models_the_luckiest_pays_for_the_choice() -> None:
    layer = words.layer([answer(-0.1), answer(-3.2, name="lucky"), answer(-1.0), answer(0.0)])
    assert layer.state == "absent"
    assert layer.details["log10_p"] == pytest.approx(-3.2 + math.log10(4), abs=0.01)
    assert words.layer([answer(-9.0, name="it"), answer(0.0)]).details["model"] == "it"
    assert words.layer([answer(0.0), answer(0.0)]).details["p_value"] == 1.0


@pytest.mark.parametrize(
    ("before", "layer", "after"),
    [
        (Reading.NOT_LABELLED, words.layer([answer(-9.0)]), Reading.LABELLED),
        (Reading.NOT_LABELLED, words.layer([answer(-4.0)]), Reading.NOT_LABELLED),
        (Reading.NOT_LABELLED, words.layer([answer(-0.1)]), Reading.NOT_LABELLED),
        (Reading.LABELLED, words.layer([answer(-0.1)]), Reading.LABELLED),
        (Reading.INCONSISTENT, words.layer([answer(-9.0)]), Reading.INCONSISTENT),
        (Reading.NOT_LABELLED, words.unchecked("upstream.busy"), Reading.NOT_LABELLED),
    ],
)
def test_the_verdict(before: Reading, layer: LayerReading, after: Reading) -> None:
    reading = words.with_layer(FileReading("plain", "text/plain", before), layer)
    assert reading.verdict is after
    assert reading.layer("text_watermark") == layer
