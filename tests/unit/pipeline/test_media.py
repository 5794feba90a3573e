# SPDX-License-Identifier: Apache-2.0
"""Pictures and sound on the path: labelled before they leave, refused where they cannot be, cut by a stop order."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.formats.api_text import dialects
from answerable.model.labels import Label
from answerable.model.media import LabelledMedium
from answerable.model.prints import Kind, Print
from answerable.model.terms import Audience, SystemKind
from answerable.pipeline.carry import carry
from answerable.pipeline.found import file_tag, watermark_tag
from answerable.pipeline.media import MAX_FILES
from answerable.protocols.openai.request import Parsed
from tests.unit.pipeline.scripted import Recorder, Stage, bearer

PICTURES = "/v1/images/generations"
SAID = {"prompt": "a hill", "model": "model"}


class Labeller:
    """ports.MediaLabeller that writes a letter. labels: what it was asked; before: runs while it works."""

    def __init__(self, before: Any = None) -> None:
        self.labels: list[Label] = []
        self.before = before
        self.more: dict[str, Any] = {}

    def kind(self, data: bytes, *, must: bool) -> str:
        return "png" if data.startswith(b"PNG") else ""

    async def label(self, data: bytes, label: Label, **more: Any) -> LabelledMedium:
        self.labels.append(label)
        self.more = more
        if self.before is not None:
            await self.before()
        if b"broken" in data:
            raise Refused("label.media", detail="broken")
        made = data + b"+" + label.record.encode()
        return LabelledMedium(
            data=made, media="image/png", aigc="{}", before=sha256(data).digest(), digest=sha256(made).digest(),
            layers=("aigc", "explicit"), prints=(Print(Kind.IMAGE, 1, (7, 8, 9)),), watermark=5,
        )  # fmt: skip


def pictures(*files: bytes) -> bytes:
    data = [{"b64_json": base64.b64encode(file).decode()} for file in files]
    return msgspec.json.encode({"created": 1, "data": data})


async def run(stage: Stage, labeller: Labeller | None, *files: bytes) -> Recorder:
    stage.deps = replace(stage.deps, media=labeller)
    stage.upstream.script = stage.says(pictures(*files))
    parsed = Parsed(PICTURES, dict(SAID), "model", False, "en", True, False, "", stage.ask().sampling)
    async with asyncio.timeout(5):
        await carry(stage.ask(request=dict(SAID)), dialects().of(parsed), stage.deps, stage.out)
    return stage.out


def sent(out: Recorder) -> list[bytes]:
    return [base64.b64decode(entry["b64_json"]) for entry in msgspec.json.decode(out.data)["data"]]


async def test_each_file_leaves_labelled_and_is_committed_to_and_found() -> None:
    stage, labeller = Stage(carry), Labeller()
    out = await run(stage, labeller, b"PNG1", b"PNG2", b"PNG1")
    rid = out.record.encode()
    assert sent(out) == [b"PNG1+" + rid, b"PNG2+" + rid, b"PNG1+" + rid]
    assert labeller.more == {"agent": ("model", "1"), "original": b""}
    assert len(labeller.labels) == 2, "the same file again is the same labelled file"
    (close,) = stage.closes
    assert close.st == "done"
    (payload,) = stage.ledger.units[-1].payloads
    body = msgspec.json.decode(payload.body)
    assert [file["digest"] for file in body["files"]] == [sha256(data).hexdigest() for data in sent(out)[:2]]
    assert file_tag(sha256(sent(out)[0]).digest(), stage.deps.index_key) in payload.tags
    assert file_tag(sha256(b"PNG1").digest(), stage.deps.index_key) in payload.tags
    assert watermark_tag(5, stage.deps.index_key) in payload.tags
    assert len(set(payload.tags)) == len(payload.tags)


@pytest.mark.parametrize(
    ("audience", "seen"), [(Audience.PUBLIC, True), (Audience.INTERNAL, True), (Audience.MACHINE, False)]
)
async def test_people_are_told_in_what_they_see_and_machines_beside_it(audience: Audience, seen: bool) -> None:
    stage, labeller = Stage(carry), Labeller()
    stage.desk.callers["ans_good"] = bearer(stage.app, audience=audience)
    await run(stage, labeller, b"PNG1")
    assert [label.seen for label in labeller.labels] == [seen]


async def test_a_digital_human_says_so_in_each_answer() -> None:
    stage, labeller = Stage(carry), Labeller()
    stage.desk.callers["ans_good"] = bearer(msgspec.structs.replace(stage.app, kind=SystemKind.DIGITAL_HUMAN))
    out = await run(stage, labeller, b"PNG1")
    assert labeller.labels[0].notice == "AI-generated digital human: not a person"
    assert out.notice == labeller.labels[0].notice
    assert msgspec.json.decode(out.data)["answerable"]["notice"] == out.notice
    other = Stage(carry)
    assert (await other.run()).notice == ""


@pytest.mark.parametrize("files", [(b"<html>",), (b"PNG1", b"PNGbroken"), (b"PNG1", b"GIF")])
async def test_what_cannot_be_labelled_does_not_leave(files: tuple[bytes, ...]) -> None:
    stage = Stage(carry)
    out = await run(stage, Labeller(), *files)
    assert out.error.code == "label.media"
    assert out.data == b""
    assert [(close.st, close.err) for close in stage.closes] == [("refused", "label.media")]


async def test_without_a_labeller_no_picture_leaves() -> None:
    stage = Stage(carry)
    out = await run(stage, None, b"PNG1")
    assert (out.error.code, out.data) == ("label.media", b"")


async def test_a_stop_order_that_comes_while_it_is_labelled_is_obeyed() -> None:
    stage = Stage(carry)

    async def stop() -> None:
        stage.gate.stopped[3] = "order"

    out = await run(stage, Labeller(stop), b"PNG1")
    assert (out.error.code, out.data) == ("stop.system", b"")
    assert stage.closes[0].st == "stopped"


async def test_a_stop_order_does_not_wait_for_the_label() -> None:
    stage, left = Stage(carry), asyncio.Event()

    async def stop() -> None:
        stage.gate.stopped[3] = "order"
        stage.flights.stops_changed()
        try:
            await asyncio.sleep(30)
        finally:
            left.set()

    out = await run(stage, Labeller(stop), b"PNG1")
    assert (out.error.code, out.data) == ("stop.system", b"")
    assert left.is_set(), "the labelling was cut"
    assert stage.closes[0].st == "stopped"


async def test_labelling_ends_with_the_actions_time() -> None:
    stage = Stage(carry, deadline_s=0.05)

    async def sleep() -> None:
        await asyncio.sleep(30)

    out = await run(stage, Labeller(sleep), b"PNG1")
    assert (out.error.code, out.data) == ("upstream.timeout", b"")


async def test_another_type_than_was_asked_for_is_refused() -> None:
    stage = Stage(carry)

    class Liar(Labeller):
        async def label(self, data: bytes, label: Label, **more: Any) -> LabelledMedium:
            made = await super().label(data, label, **more)
            return msgspec.structs.replace(made, media="audio/wav")

    assert (await run(stage, Liar(), b"PNG1")).error.code == "label.media"


async def test_so_many_files_are_too_many() -> None:
    """The protocol allows fewer pictures; chats may hold more."""
    stage = Stage(carry)
    stage.deps = replace(stage.deps, media=Labeller())
    links = [
        {"image_url": {"url": "data:image/png;base64," + base64.b64encode(b"PNG" + bytes((n,)) * 90).decode()}}
        for n in range(MAX_FILES + 1)
    ]
    message = {"role": "assistant", "content": "see", "images": links}
    stage.upstream.script = stage.says(
        msgspec.json.encode({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})
    )
    out = await stage.run()
    assert out.error.code == "label.media"
