# SPDX-License-Identifier: Apache-2.0
"""From a saved reply to who answers for it: `answerable who`, and `answerable verify` with nothing left but two files.

Exit status: 0 yes, 1 no, 3 not found, 4 could not check.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from openai import BaseModel, OpenAI

from answerable.app.fleet import MAKER, MODEL, OPERATOR, OPERATOR_NAME
from answerable.errors import AnswerableError
from answerable.log import receipt as receipts
from answerable.log.receipt import Proved
from answerable.log.trust import parse
from answerable.marks import provider_code
from answerable.registry.ids import unassigned_uscc
from answerable.verify.receipt import verify
from tests.e2e.running import Demo, answerable
from tests.e2e.upstream import Upstream

pytestmark = pytest.mark.model

ASK = "Name three rivers in Europe."
CURL_S = 60


@dataclass(frozen=True, slots=True)
class Kept:
    """One reply, saved by the SDK, with its receipt and the trust file in a folder of their own."""

    rid: str
    text: str
    reply: Path
    receipt: Path
    trust: Path


@pytest.fixture(scope="module")
def kept(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    with OpenAI(base_url=demo.gateway, api_key=demo.handle) as client:
        answer = client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": ASK}], max_tokens=24, temperature=0
        )
    reply, receipt, trust = folder / "reply.json", folder / "reply.tlog", folder / "trust.txt"
    reply.write_text(answer.model_dump_json())
    done = demo.cli("who", str(reply), "--receipt", str(receipt), "--json")
    assert done.status == 0, done
    shutil.copy(demo.store / "trust.txt", trust)
    content = answer.choices[0].message.content
    assert content is not None
    return Kept(done.json["record"], content, reply, receipt, trust)


def curl(demo: Demo, body: dict[str, object], *options: str, path: str = "/chat/completions") -> bytes:
    """What curl, the program, prints."""
    heads = ("-H", f"authorization: Bearer {demo.handle}", "-H", "content-type: application/json")
    done = subprocess.run(
        ["curl", "-sS", "--max-time", str(CURL_S), *options, *heads, demo.gateway + path, "-d", json.dumps(body)],
        capture_output=True,
        timeout=CURL_S + 10,
        check=True,
    )
    return done.stdout


def who(demo: Demo, data: bytes) -> tuple[int, dict[str, object]]:
    done = demo.cli("who", "-", "--json", stdin=data)
    return done.status, done.json


# --- yes --------------------------------------------------------------------------------------------------------------


def test_one_sentence_says_it_all(demo: Demo, kept: Kept) -> None:
    done = demo.cli("who", str(kept.reply))
    assert done.status == 0, done
    sentence = done.out.decode()
    assert sentence.count("\n") == 1
    pattern = (
        rf"{re.escape(OPERATOR_NAME)} \({OPERATOR}, vouched\) answers for this: made by {re.escape(MODEL)} 1 "
        r"\(of Demo Weights Lab \(invented\)\), asked for by Demo assistant 1, "
        r"at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d, under warrant [a-z2-7]{32}; "
        rf"proven: record {kept.rid} is number \d+ of the \d+ in the log demo\.invalid\.\n"
    )
    assert re.fullmatch(pattern, sentence), sentence
    chinese = answerable("who", str(kept.reply), "--store", str(demo.store), more={"ANSWERABLE_LANG": "zh"})
    assert chinese.status == 0
    assert f"记录 {kept.rid}" in chinese.out.decode()


def test_its_json_says_the_same_and_more(demo: Demo, kept: Kept) -> None:
    found = demo.json("who", str(kept.reply))
    assert found["verified"] is True
    assert (found["record"], found["content"], found["outcome"]) == (kept.rid, "same", "done")
    assert (found["party"]["id"], found["party"]["standing"]) == (OPERATOR, "vouched")
    assert found["made_by"]["id"] == demo.systems[MODEL]
    assert found["asked_by"]["id"] == demo.systems["Demo assistant"]
    leaf = demo.record(kept.rid)
    assert (found["at"], found["warrant"]) == (leaf["t"], leaf["war"])
    assert found["proof"]["disclosed"] == ["name", "out"]


@pytest.mark.parametrize("wrapped", ["", "chatcmpl-"])
def test_a_record_id_alone_is_enough_and_discloses_no_content(
    demo: Demo, kept: Kept, wrapped: str, tmp_path: Path
) -> None:
    receipt = tmp_path / "r.tlog"
    found = demo.json("who", wrapped + kept.rid, "--receipt", str(receipt))
    assert (found["record"], found["content"]) == (kept.rid, "not_compared")
    assert found["proof"]["disclosed"] == ["name"], "a record id opens nobody's answer"
    report = verify(receipt.read_bytes(), parse(kept.trust.read_bytes()))
    assert report.content("out") is None
    done = answerable("verify", str(receipt), "--trust", str(kept.trust), "--content", str(kept.reply))
    assert (done.status, done.code) == (4, "receipt.undisclosed")


@pytest.mark.system("curl")
def test_what_curl_saves(demo: Demo) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": ASK}], "max_tokens": 6}
    for options in ((), ("-i",)):
        saved = curl(demo, body, *options)
        status, found = who(demo, saved)
        assert (status, found.get("content")) == (0, "same"), found
    pretty = json.dumps(json.loads(curl(demo, body)), indent=4, sort_keys=True, ensure_ascii=True).encode()
    assert who(demo, pretty)[0] == 0, "layout is no content"


@pytest.mark.system("curl")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/completions", {"messages": [{"role": "user", "content": ASK}], "max_tokens": 6}),
        ("/chat/completions", {"messages": [{"role": "user", "content": ASK}], "max_tokens": 4, "n": 2}),
        ("/completions", {"prompt": "Once upon", "max_tokens": 6}),
        ("/responses", {"input": ASK, "max_output_tokens": 6}),
    ],
)
def test_what_curl_captures_of_a_stream(demo: Demo, path: str, body: dict[str, object]) -> None:
    capture = curl(demo, {"model": "auto", "stream": True, **body}, "-N", path=path)
    assert capture.startswith((b"data: ", b"event: "))
    status, found = who(demo, capture)
    assert (status, found.get("content")) == (0, "same"), found
    changed = capture.replace(rb"AI-generated\n\n", rb"AI-Generated\n\n")
    assert changed != capture
    assert who(demo, changed)[0] == 1


@pytest.mark.parametrize("path", ["/responses", "/completions", "/embeddings"])
def test_what_the_sdk_saves_of_the_other_endpoints(demo: Demo, client: OpenAI, path: str) -> None:
    asked: dict[str, Callable[[], BaseModel]] = {
        "/responses": lambda: client.responses.create(model="auto", input=ASK, max_output_tokens=6),
        "/completions": lambda: client.completions.create(model="auto", prompt="Once", max_tokens=6),
        "/embeddings": lambda: client.embeddings.create(model="auto", input=["one", "two"]),
    }
    answer = asked[path]()
    status, found = who(demo, answer.model_dump_json(indent=2).encode())
    assert (status, found.get("content")) == (0, "same"), found


def test_what_the_sdk_saves_of_a_stream(demo: Demo, client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": ASK}], max_tokens=6, stream=True
    )
    lines = "\n".join(chunk.model_dump_json() for chunk in stream).encode()
    status, found = who(demo, lines)
    assert (status, found.get("content")) == (0, "same"), found


def test_plain_text_is_found_by_what_it_says(demo: Demo, kept: Kept) -> None:
    for text in (kept.text, kept.text.removeprefix("AI-generated\n\n"), f"  {kept.text}\r\n\r\n"):
        status, found = who(demo, text.encode())
        assert (status, found.get("record"), found.get("content")) == (0, kept.rid, "same"), found


# --- no ---------------------------------------------------------------------------------------------------------------


def test_a_changed_character_is_a_no(demo: Demo, kept: Kept) -> None:
    reply = json.loads(kept.reply.read_text())
    said = reply["choices"][0]["message"]["content"]
    dice = random.Random(1)
    for at in (0, len(said) - 1, dice.randrange(len(said))):
        changed = json.loads(kept.reply.read_text())
        other = "x" if said[at] != "x" else "y"
        changed["choices"][0]["message"]["content"] = said[:at] + other + said[at + 1 :]
        done = demo.cli("who", "-", "--json", stdin=json.dumps(changed).encode())
        assert (done.status, done.code) == (1, "receipt.content"), done
        assert "Traceback" not in done.err
    done = demo.cli("who", "-", stdin=json.dumps(changed).encode())
    assert done.out == b"", "no sentence on stdout where the answer is no"


def test_words_added_or_left_out_are_a_no(demo: Demo, kept: Kept) -> None:
    reply = json.loads(kept.reply.read_text())
    for text in (reply["choices"][0]["message"]["content"] + " ", "", kept.text.removeprefix("AI-generated\n\n")):
        changed = json.loads(kept.reply.read_text())
        changed["choices"][0]["message"]["content"] = text
        assert demo.cli("who", "-", stdin=json.dumps(changed).encode()).status == 1, text
    changed = json.loads(kept.reply.read_text())
    changed["choices"].append({**changed["choices"][0], "index": 1})
    assert demo.cli("who", "-", stdin=json.dumps(changed).encode()).status == 1
    changed = json.loads(kept.reply.read_text())
    changed["choices"][0]["message"]["tool_calls"] = [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]
    assert demo.cli("who", "-", stdin=json.dumps(changed).encode()).status == 1


def test_any_changed_byte_of_the_reply_is_a_no_or_changes_nothing_that_was_said(demo: Demo, kept: Kept) -> None:
    """Never "not found": the record that it names is known. Layout, times and the like are no content."""
    data = kept.reply.read_bytes()
    dice = random.Random(5)
    known = [match.start() for match in re.finditer(kept.rid.encode(), data)]
    for at in dice.sample(range(len(data)), 8):
        if any(start <= at < start + 32 for start in known):
            continue
        changed = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        done = demo.cli("who", "-", "--json", stdin=changed)
        assert done.status in (0, 1), (at, changed[max(0, at - 20) : at + 20], done)
        if done.status == 0:
            assert done.json["content"] == "same"
            before, after = json.loads(data)["choices"], json.loads(changed)["choices"]
            assert before[0]["message"]["content"] == after[0]["message"]["content"]


@pytest.mark.system("curl")
def test_a_refusal_has_somebody_who_answers_for_it_too(demo: Demo) -> None:
    refused = curl(demo, {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]})
    status, found = who(demo, refused)
    assert (status, found["decision"]) == (0, "refuse")
    assert "refused by rule R000" in str(found["sentence"])


def test_anothers_record_id_is_a_no(demo: Demo, kept: Kept, client: OpenAI) -> None:
    other = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "Something else"}], max_tokens=4
    )
    mine = kept.reply.read_text()
    theirs = other.id.removeprefix("chatcmpl-")
    swapped = demo.cli("who", "-", stdin=mine.replace(kept.rid, theirs).encode())
    assert (swapped.status, swapped.code) == (1, "receipt.content")
    half = json.loads(mine)
    half["id"] = other.id
    two = demo.cli("who", "-", stdin=json.dumps(half).encode())
    assert (two.status, two.code) == (1, "receipt.inconsistent")


def _exit_of_verify(kept: Kept, data: bytes, folder: Path) -> tuple[int, str]:
    file = folder / "changed.tlog"
    file.write_bytes(data)
    done = answerable("verify", str(file), "--trust", str(kept.trust))
    assert done.out == b"" or done.status == 0
    return done.status, done.code


def test_a_truncated_proof_is_a_no(kept: Kept, tmp_path: Path) -> None:
    data = kept.receipt.read_bytes()
    assert answerable("verify", str(kept.receipt), "--trust", str(kept.trust)).status == 0
    lines = data.splitlines(keepends=True)
    cuts = [data[: len(data) // 2], b"".join(lines[:-1]), b"".join(lines[1:]), data[:-1], data + b"\n", b""]
    cuts += [b"".join(lines[:at] + lines[at + 1 :]) for at in (1, 3, len(lines) // 2)]
    for cut in cuts:
        status, code = _exit_of_verify(kept, cut, tmp_path)
        # Without its `extra` line it is a proof of a leaf that is not there: that can be neither yes nor no.
        bare = cut.startswith(lines[0]) and b"\nextra " not in cut and cut.count(b"\n\n") == 2
        assert (status, code) == (4, "receipt.leafless") if bare else status == 1, (status, code, len(cut))


def test_a_swapped_party_is_a_no(demo: Demo, kept: Kept, tmp_path: Path) -> None:
    """Rebuilt as a forger would: in the record, in the party's own leaf, in the names that are disclosed."""
    genuine = receipts.parse(kept.receipt.read_bytes())
    other = next(each for each in demo.json("ls", "parties") if each["id"] == MAKER)
    mine = demo.record(kept.rid)["party"]

    def forged(old: str, new: str) -> bytes:
        def swap(proved: Proved) -> Proved:
            return replace(proved, leaf=proved.leaf.replace(old.encode(), new.encode()))

        return receipts.build(swap(genuine.record), map(swap, genuine.leaves), genuine.disclosures, genuine.checkpoint)

    names = {part.rid: part for part in genuine.disclosures if part.group == "name"}
    renamed = [
        replace(part, body=names[other["rid"]].body) if part.rid == mine and part.group == "name" else part
        for part in genuine.disclosures
    ]
    for data in (
        forged(mine, other["rid"]),
        forged(OPERATOR, MAKER),
        receipts.build(genuine.record, genuine.leaves, renamed, genuine.checkpoint),
    ):
        assert data != kept.receipt.read_bytes()
        assert _exit_of_verify(kept, data, tmp_path)[0] == 1


def test_any_flipped_byte_of_the_receipt_is_a_no(kept: Kept, tmp_path: Path) -> None:
    """The whole file in this process, a sample of it by the command."""
    data = kept.receipt.read_bytes()
    trust = parse(kept.trust.read_bytes())
    dice = random.Random(2)
    for at in sorted(dice.sample(range(len(data)), 400)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << dice.randrange(8)
        with pytest.raises(AnswerableError):
            verify(bytes(flipped), trust)
    for at in dice.sample(range(len(data)), 4):
        flipped = bytearray(data)
        flipped[at] ^= 1 << dice.randrange(8)
        assert _exit_of_verify(kept, bytes(flipped), tmp_path)[0] == 1


def test_another_logs_receipt_is_a_no(kept: Kept, tmp_path: Path, scripted: tuple[Demo, Upstream]) -> None:
    """Same origin, same words, another key: what a forger with a gateway of his own would show."""
    theirs, _ = scripted
    done = answerable("verify", str(kept.receipt), "--trust", str(theirs.store / "trust.txt"))
    assert done.status == 1, done
    done = theirs.cli("who", str(kept.reply))
    assert done.status == 3, done


# --- not found, could not check ---------------------------------------------------------------------------------------


def test_unknown_words_are_not_found(demo: Demo) -> None:
    for text in (b"Nobody ever said this.", b"a" * 32, "从未有人说过这句话。".encode()):
        done = demo.cli("who", "-", "--json", stdin=text)
        assert done.status == 3, done
        assert done.json["error"]["code"] in ("admin.nobody", "admin.not_found")
    assert demo.cli("who", "a" * 32).status == 3
    assert demo.cli("who", "no-such-file.json").status == 3


# Not `{}`: the model of this demo may well have answered that in JSON mode, and then it is somebody's text.
NO_REPLIES = [
    b"",
    b"\xff\xfe\x00",
    b'{"not": "a reply"}',
    b'["not a reply"]',
    b"{" * 5000,
    b"data: {\n\n",
    b"\x00" * 100,
]


@pytest.mark.parametrize("data", NO_REPLIES)
def test_what_is_no_reply_gets_a_clear_answer(demo: Demo, data: bytes) -> None:
    done = demo.cli("who", "-", stdin=data)
    assert done.status == 3, done
    assert done.out == b""
    assert done.code


def test_the_label_alone_is_nobodys_text(demo: Demo) -> None:
    assert demo.cli("who", "-", stdin=b"AI-generated\n\n").status == 3


def test_a_server_that_is_away_is_not_a_no(
    start: Callable[..., Demo], scripted_upstream: Upstream, tmp_path: Path
) -> None:
    gone = start("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local")
    with OpenAI(base_url=gone.gateway, api_key=gone.handle) as client:
        answer = client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "Hi"}])
    reply, receipt = tmp_path / "reply.json", tmp_path / "reply.tlog"
    reply.write_text(answer.model_dump_json())
    assert gone.cli("who", str(reply), "--receipt", str(receipt)).status == 0
    gone.end()
    done = gone.cli("who", str(reply), "--json")
    assert (done.status, done.json["error"]["code"]) == (4, "admin.unreachable"), done
    assert gone.cli("verify", str(receipt), "--content", str(reply)).status == 0
    nowhere = answerable("who", str(reply), "--store", str(tmp_path / "nowhere"))
    assert (nowhere.status, nowhere.code) == (4, "admin.no_store")


# --- with nothing left but the files ----------------------------------------------------------------------------------


@pytest.mark.system("netns")
def test_it_verifies_with_the_store_deleted_in_an_empty_network_namespace(
    start: Callable[..., Demo], scripted_upstream: Upstream, tmp_path: Path
) -> None:
    gone = start("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local")
    with OpenAI(base_url=gone.gateway, api_key=gone.handle) as client:
        answer = client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "Hi"}])
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "reply.json").write_text(answer.model_dump_json())
    assert gone.cli("who", str(folder / "reply.json"), "--receipt", str(folder / "reply.tlog")).status == 0
    shutil.copy(gone.store / "trust.txt", folder)
    gone.end()
    shutil.rmtree(gone.store)
    command = ("verify", "reply.tlog", "--trust", "trust.txt", "--content", "reply.json")
    done = answerable(*command, "--json", prefix=("unshare", "--net"), cwd=folder)
    assert done.status == 0, done
    assert done.json["record"] in answer.id
    assert done.json["content"] == "same"
    changed = answer.model_dump_json().replace("Hello there", "Hello where")
    (folder / "reply.json").write_text(changed)
    assert answerable(*command, prefix=("unshare", "--net"), cwd=folder).status == 1


# Refuses every file that is not one of the two, once the program itself is loaded, and every socket.
_GUARDED = """
import os, sys
from answerable.cli.command import run
import answerable.cli.verify, answerable.cli.sentence, answerable.cli.where, answerable.cli.saved
import answerable.log.trust, answerable.log.receipt, answerable.verify.receipt
allowed, touched = set(sys.argv[1].split(":")), []
def watch(event, args):
    if event == "open" and isinstance(args[0], str) and not args[0].endswith((".py", ".pyc")):
        touched.append(args[0])
        if os.path.abspath(args[0]) not in allowed and not args[0].startswith(sys.prefix):
            raise PermissionError(args[0])
    if event.startswith(("socket.", "sqlite3.", "subprocess.", "os.exec", "os.fork")):
        raise PermissionError(event)
sys.addaudithook(watch)
status = run(sys.argv[2:])
print("touched", sorted(touched), file=sys.stderr)
sys.exit(status)
"""


def test_it_verifies_in_a_process_that_can_reach_nothing_else(kept: Kept) -> None:
    files = (kept.receipt, kept.trust, kept.reply)
    command = ("verify", str(kept.receipt), "--trust", str(kept.trust), "--content", str(kept.reply))
    done = subprocess.run(
        [sys.executable, "-c", _GUARDED, ":".join(map(str, files)), *command],
        capture_output=True,
        timeout=30,
        check=False,
        cwd=kept.receipt.parent,
        env={"PATH": os.environ["PATH"], "ANSWERABLE_LANG": "en"},
    )
    assert done.returncode == 0, done
    assert b"answers for this" in done.stdout
    assert all(str(file).encode() in done.stderr for file in files)


def test_it_verifies_from_standard_input(kept: Kept) -> None:
    done = answerable("verify", "-", "--trust", str(kept.trust), "--json", stdin=kept.receipt.read_bytes())
    assert done.status == 0, done
    assert done.json["record"] == kept.rid
    assert done.json["party"]["name"] == OPERATOR_NAME


def test_a_label_that_names_another_producer_is_a_no(demo: Demo, kept: Kept) -> None:
    code = re.search(r'"ContentProducer": ?"([^"]+)"', kept.reply.read_text())
    assert code is not None
    other = provider_code.make(unassigned_uscc("somebody else").removeprefix("NTRCN-"), "0000")
    told = demo.cli("who", "-", stdin=kept.reply.read_text().replace(code[1], other).encode())
    assert (told.status, told.code) == (1, "receipt.inconsistent")
