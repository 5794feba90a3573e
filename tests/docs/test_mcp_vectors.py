# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/mcp.md`: the code does what the vectors say, checked without the code's own writer, and the page names
every method, member, limit and code."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from answerable.errors import AnswerableError
from answerable.errors.codes.mcp import ENTRIES
from answerable.gateway import mcp_asking, mcp_listing
from answerable.protocols.mcp import errors, head, held, message, mirrored, replies, results, revisions, strict
from answerable.protocols.mcp.revisions import Revision
from answerable.protocols.mcp.sessions import Able, Sessions
from tools import vectors

SPEC = Path(__file__).parents[2] / "docs" / "spec"
VECTORS: dict[str, Any] = json.loads((SPEC / "vectors" / "mcp.json").read_text("utf-8"))
PAGE = (SPEC / "mcp.md").read_text("utf-8")


def test_the_file_is_what_the_writer_writes() -> None:
    assert (SPEC / "vectors" / "mcp.json").read_text("utf-8") == vectors.text("mcp")


@pytest.mark.parametrize("row", VECTORS["messages"], ids=lambda row: row["why"])
def test_messages(row: dict[str, Any]) -> None:
    told = head.read({name.encode(): value.encode() for name, value in row["headers"].items()})
    found = message.read(row["body"].encode(), told)
    if "code" in row:
        assert found.fault is not None
        assert (found.fault.code, errors.code(found.fault)) == (row["code"], row["number"])
        assert f"`{row['code']}`" in PAGE
        return
    assert (found.fault, found.id, found.revision, found.method) == (None, row["id"], row["revision"], row["method"])
    if "sent" in row:
        params = json.loads(row["body"])["params"]
        asked = {"arguments": params.get("arguments") or {}, "name": params["name"]}
        assert row["sent"].encode() == rfc8785.dumps(asked)


@pytest.mark.parametrize("row", VECTORS["results"], ids=lambda row: row["why"])
def test_results(row: dict[str, Any]) -> None:
    if "code" in row:
        with pytest.raises(AnswerableError) as caught:
            results.piece(results.result(row["reply"].encode()))
        assert caught.value.code == row["code"]
        return
    kept = json.loads(row["content"])
    assert row["content"].encode() == rfc8785.dumps(kept)
    assert kept["_meta"]["answerable/record"] == "r" * 32
    reply = json.loads(row["reply"])
    if "result" in reply:
        assert kept["content"] == reply["result"]["content"]
    for block in kept["content"]:
        assert block["text"] in row["examined"]


def test_sessions_by_the_words_of_the_page() -> None:
    said = VECTORS["sessions"]
    key = hmac.digest(bytes.fromhex(said["index_key"]), b"answerable mcp session 1\0", "sha256")
    for row in said["ids"]:
        first = bytes([row["form"] | row["url"] << 1]) + bytes.fromhex(said["nonce"])
        mark = hmac.digest(key, b"\0".join((said["server"].encode(), said["copy"].encode(), first)), "sha256")[:16]
        assert row["id"] == base64.urlsafe_b64encode(first + mark).rstrip(b"=").decode()
        read = Sessions(bytes.fromhex(said["index_key"])).read(row["id"], said["server"], said["copy"])
        assert read == Able(form=row["form"], url=row["url"])


def test_arguments_in_heads() -> None:
    said = VECTORS["mirrored"]
    which = mirrored.mirrored(said["schema"])
    for row in said["calls"]:
        mirrored.check(which, row["arguments"], row["headers"])
        assert mirrored.written(which, row["arguments"]) == row["headers"]


def test_the_page_names_what_there_is() -> None:
    words = [
        *ENTRIES, *Revision, held.RESULT_TOOL, revisions.RECORD, revisions.AIGC, revisions.EXPLICIT, revisions.NOTICE,
        revisions.HOLD, revisions.ERROR, revisions.UPSTREAM, revisions.AGAIN, revisions.VERSION, revisions.CAPABILITIES,
        "tool.nowhere", replies.PRIVATE,
    ]  # fmt: skip
    for members in message._PARAMS.values():
        words += [*members, *(each for inner in members.values() for each in inner)]
    for word in words:
        assert word in PAGE, word
    for number in (
        *errors._CODES.values(),
        replies.FRESH_MS,
        mcp_listing.PAGE,
        int(mcp_asking.ASK_S),
        strict.MAX_DEPTH,
    ):
        assert str(number) in PAGE, number
