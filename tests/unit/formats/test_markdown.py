# SPDX-License-Identifier: Apache-2.0
"""Markdown: front matter of others stays, whatever form the object had."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import markdown as module
from answerable.formats.markdown import Markdown
from tests.label_files import OLD, TEXT, write

PLACE = "front matter AIGC"
BLOCK = "AIGC:\n  Label: '2'\n  ContentProducer: other # not\n  ProduceID: \"7\"\n  ReservedCode1:\n    Type: x\n"


def found(data: bytes | str) -> list[str]:
    raw = data.encode() if isinstance(data, str) else data
    return [each.text.decode() for each in Markdown().read(io.BytesIO(raw))]


@pytest.mark.parametrize(
    ("front", "text"),
    [
        (f"AIGC: {OLD}\n", OLD),
        (f"AIGC: '{OLD}'\n", OLD),
        ("AIGC: 'it''s'\n", "it's"),
        ('AIGC: "{\\"Label\\":\\"2\\"}"\n', '{"Label":"2"}'),
        (f"AIGC: |\n  {OLD}\n", OLD),
        (f"'AIGC': >-\n  {OLD}\n", OLD),
        ('AIGC: {\n  "Label": "2",\n  "ProduceID": "7"\n}\n', '{ "Label": "2", "ProduceID": "7" }'),
        ('AIGC:\n    Label: AIGC\n    ProduceID: "7"\n', '{"Label":"AIGC","ProduceID":"7"}'),
        ("AIGC: plain\n", "plain"),
    ],
)
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_every_shape_is_read_and_replaced(front: str, text: str, line: str) -> None:
    data = f"---\ntitle: x\n{front}tags:\n  - a\n---\nbody\n".replace("\n", line)
    assert found(data) == [text]
    made = write(data.encode(), carrier=Markdown())
    assert made.decode() == f"---\ntitle: x\nAIGC: {TEXT}\ntags:\n  - a\n---\nbody\n".replace("\n", line)
    assert found(made) == [TEXT]


def test_several_become_one() -> None:
    made = write(f"---\nAIGC: a\nb: c\nAIGC: d\n---\n{BLOCK}".encode(), carrier=Markdown())
    assert made.decode() == f"---\nAIGC: {TEXT}\nb: c\n---\n{BLOCK}"


@pytest.mark.parametrize(
    "body", ["# T\n", "", "---\nnot closed\n", "\ufeff# T", "text\n---\nAIGC: x\n---\n", "----\na\n---\n"]
)
def test_a_file_without_front_matter_gets_one(body: str) -> None:
    assert found(body) == []
    made = write(body.encode(), carrier=Markdown())
    assert found(made) == [TEXT]
    assert made.endswith(body.removeprefix("\ufeff").encode())
    assert made.startswith(b"\xef\xbb\xbf---" if body.startswith("\ufeff") else b"---")


def test_nested_members_and_other_names_are_left_alone() -> None:
    front = "---\nmine:\n  AIGC: x\nAIGCs: y\nxAIGC: z\n---\n"
    assert found(front) == []
    assert write(front.encode(), carrier=Markdown()).decode() == front.replace("z\n", f"z\nAIGC: {TEXT}\n")


@pytest.mark.parametrize("data", [b"+++\na = 1\n+++\n", "---\na: b\n---\n".encode("utf-16")])
def test_other_front_matter_is_unsupported(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        write(data, carrier=Markdown())
    assert caught.value.code == "format.unsupported"


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in ("---\n" + "a: b\n" * 300_000, "---\nAIGC: " + "x" * 200_000 + "\n---\n"):
        with pytest.raises(VerificationError) as caught:
            found(data)
        assert caught.value.code == "format.oversized"
    assert module.MAX_FRONT == 1_048_576
