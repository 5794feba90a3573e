# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from answerable.cli import session, words
from answerable.errors import Refused, Unavailable
from answerable.labels.reading import FileReading, LayerReading
from answerable.model.labels import Reading

ARGS = argparse.Namespace()
FOUND = {
    "system": "s" * 32, "name": "house-model", "version": "1", "party": "LEIXG-1", "tokens": 200, "scored": 190,
    "score": 400.0, "log10_p": -20.0,
}  # fmt: skip


class Service:
    def __init__(self, said: Any) -> None:
        self.said = said
        self.asked: list[dict[str, Any]] = []

    def post(self, path: str, body: dict[str, Any]) -> Any:
        assert path == "/labels/words"
        self.asked.append(body)
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service([FOUND])
    monkeypatch.setattr(session, "session", lambda _: made)
    return made


def test_the_longest_text_is_asked_about(service: Service) -> None:
    layer = words.ask(ARGS, ("one", "the longest", "two"))
    assert layer is not None
    assert layer.state == "found"
    assert service.asked == [{"text": "the longest"}]
    assert "house-model 1, for which LEIXG-1 answers" in words.sentence(layer)
    assert "1.0e-20" in words.sentence(layer)
    assert words.ask(ARGS, ("  ",)) is None
    assert words.sentence(LayerReading("text_watermark", "absent")) == ""


def test_who_cannot_say_says_so_and_who_does_not_mark_is_left_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.said = Unavailable("upstream.unreachable", upstream="m")
    layer = words.ask(ARGS, ("text",))
    assert layer is not None
    assert (layer.state, layer.problems) == ("unchecked", ("upstream.unreachable",))
    service.said = Unavailable("label.watermark_off", model="m")
    assert words.ask(ARGS, ("text",)) is None

    def nobody(_: object) -> Any:
        raise Refused("admin.nobody")

    monkeypatch.setattr(session, "session", nobody)
    assert words.ask(ARGS, ("text",)) is None


def test_only_words_are_read(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("AI-generated\n\nThe sea is wide.\n", encoding="utf-8")
    reading = words.read(ARGS, str(path), FileReading("plain", "text/plain", Reading.NOT_LABELLED))
    assert reading.verdict is Reading.LABELLED
    assert "The sea is wide." in service.asked[0]["text"]
    for other in (FileReading("png", "image/png", Reading.NOT_LABELLED), FileReading("", "", Reading.UNCHECKED)):
        assert words.read(ARGS, str(path), other) is other
    missing = FileReading("plain", "text/plain", Reading.NOT_LABELLED)
    assert words.read(ARGS, str(tmp_path / "no"), missing) is missing
    path.write_bytes(b"x" * (words.MAX_TEXT + 1))
    assert words.read(ARGS, str(path), missing) is missing


def test_who_wrote_what_no_record_is_known_of(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The sea is wide.", encoding="utf-8")
    for source in (str(path), b"The sea is wide."):
        found = words.probably(ARGS, source)
        assert found is not None
        assert found[0]["text_watermark"]["model"] == "house-model"
        assert found[1] == words.sentence(words.ask(ARGS, ("x",)))  # type: ignore[arg-type]
    assert words.probably(ARGS, b"\x00\x01") is None
    service.said = [{**FOUND, "log10_p": -1.0}]
    assert words.probably(ARGS, b"The sea is wide.") is None
