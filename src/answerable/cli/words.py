# SPDX-License-Identifier: Apache-2.0
"""The watermark in the words of a text, asked of the service here: a part of `answerable read` and `who`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.talk import pick

if TYPE_CHECKING:
    from answerable.labels.reading import FileReading, LayerReading

MAX_TEXT: Final = 1 << 20  # characters, and bytes that are read
TEXTS: Final = frozenset({"text/plain", "text/markdown"})
OFF: Final = "label.watermark_off"


def ask(args: argparse.Namespace, texts: tuple[str, ...]) -> LayerReading | None:
    """What the service says of the longest text; None where no service answers here, or none of its models marks."""
    from answerable.cli.session import session
    from answerable.errors import AnswerableError
    from answerable.labels import words

    text = max(texts, key=len, default="")[:MAX_TEXT]
    if not text.strip():
        return None
    try:
        here = session(args)
    except AnswerableError:
        return None
    try:
        return words.layer(here.post("/labels/words", {"text": text}))
    except AnswerableError as error:
        return None if error.code == OFF or error.code.startswith("admin.") else words.unchecked(error.code)


def read(args: argparse.Namespace, name: str, reading: FileReading) -> FileReading:
    """The reading of a file, with this layer where its words are at hand."""
    from pathlib import Path

    from answerable.errors import AnswerableError
    from answerable.formats import saved
    from answerable.labels import words

    if reading.media not in TEXTS and not reading.format.startswith("api-"):
        return reading
    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_TEXT + 1)
        found = ask(args, saved.read(data).texts) if len(data) <= MAX_TEXT else None
    except (AnswerableError, OSError):
        return reading
    return reading if found is None else words.with_layer(reading, found)


def probably(args: argparse.Namespace, source: str | bytes) -> tuple[dict[str, Any], str] | None:
    """For a text that no record is known of: which model probably wrote it, as JSON and as a sentence; None where
    nothing speaks for one. source: a path, or the bytes."""
    from pathlib import Path

    from answerable.formats import saved

    if isinstance(source, str):
        with Path(source).open("rb") as file:
            source = file.read(MAX_TEXT + 1)
    if len(source) > MAX_TEXT or b"\0" in source:
        return None
    found = ask(args, saved.read(source).texts)
    if found is None or not (said := sentence(found)):
        return None
    return {"text_watermark": {"state": found.state, **found.details}}, said


def sentence(layer: LayerReading) -> str:
    """Who probably wrote it, and how sure that is; "" for a layer that says nothing."""
    said: Any = layer.details
    if "model" not in said:
        return ""
    return pick(
        f"Its words were probably drawn by {said['model']} {said['version']}, for which {said['party']} answers: "
        f"without its mark they would be as they are with a chance of {said['p_value']:.1e}.",
        f"该文本很可能由 {said['model']} {said['version']} 生成，负责方为 {said['party']}："
        f"若无其水印，出现此结果的概率仅为 {said['p_value']:.1e}。",
    )
