# SPDX-License-Identifier: Apache-2.0
import json

from answerable.formats.mcp_result import McpResult
from answerable.model.actions import Chunk
from answerable.model.labels import AIGC, Label, Place, Reading

RID = "a" * 32
AI = AIGC("1", "001191110000MA0000001X10000", RID)


def label(notice: str = "") -> Label:
    return Label("AI-generated", Place.FIELD, AI, RID, "s", "p", "en", notice=notice)


def labelled(notice: str = "") -> dict[str, object]:
    chunk = Chunk({"content": [], "_meta": {"answerable/record": RID}})
    McpResult().writer(label(notice)).feed(chunk)
    return chunk.body


def test_the_label_stands_beside_the_record_and_not_in_the_words() -> None:
    body = labelled("I am no person.")
    assert body["content"] == []
    assert body["_meta"] == {
        "answerable/record": RID,
        "answerable/aigc": {
            "Label": "1", "ContentProducer": AI.content_producer, "ProduceID": RID, "ReservedCode1": "",
            "ContentPropagator": "", "PropagateID": "", "ReservedCode2": "",
        },
        "answerable/explicit": "AI-generated",
        "answerable/notice": "I am no person.",
    }  # fmt: skip


def test_it_is_read_again_from_a_result_and_from_its_message() -> None:
    for data in (labelled(), {"jsonrpc": "2.0", "id": 1, "result": labelled()}):
        reading = McpResult().read(json.dumps(data).encode())
        assert (reading.verdict, reading.record, reading.explicit) == (Reading.LABELLED, RID, "AI-generated")


def test_what_is_not_labelled_or_cannot_be_read_is_said() -> None:
    read = McpResult().read
    assert read(b'{"content":[]}').verdict is Reading.NOT_LABELLED
    assert read(b'{"result":[]}').verdict is Reading.NOT_LABELLED
    assert read(b"\xff").verdict is Reading.UNCHECKED
    other = labelled()
    other["_meta"]["answerable/record"] = "b" * 32  # type: ignore[index]
    assert read(json.dumps(other).encode()).verdict is Reading.INCONSISTENT
    other["_meta"]["answerable/aigc"] = 3  # type: ignore[index]
    assert "aigc_malformed" in read(json.dumps(other).encode()).problems
