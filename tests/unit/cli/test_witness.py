# SPDX-License-Identifier: Apache-2.0
"""`answerable witness` as its user runs it; `serve` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request as Ask
from urllib.request import urlopen

import pytest

from answerable.log import note as notes
from answerable.log.note import Kind, VerifierKey
from answerable.log.witness import Request, write
from tests.ledger import ORIGIN
from tests.unit.cli.conftest import Run
from tests.witnesses import LOG_KEYS, Growing


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> str:
    made = str(tmp_path / "w")
    said = run("witness", "init", made, "--name", "w1.invalid", "--json")
    assert said.status == 0
    return made


@pytest.fixture
def serving(folder: str, run: Run) -> Iterator[str]:
    for key in LOG_KEYS:
        assert run("witness", "watch", folder, str(key)).out == f"{ORIGIN}\n"
    words = [sys.executable, "-m", "answerable.cli", "witness", "serve", folder, "--port", "0", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert (told["name"], told["logs"]) == ("w1.invalid", [ORIGIN])
    yield told["url"]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err


def ask(url: str, request: Request) -> tuple[int, bytes]:
    from urllib.error import HTTPError

    try:
        with urlopen(Ask(url + "/add-checkpoint", data=write(request)), timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def test_its_keys_are_told_when_it_is_made_and_later(folder: str, run: Run) -> None:
    shown = run("witness", "show", folder, "--json").data
    keys = [VerifierKey.parse(text) for text in shown["vkeys"]]
    assert [key.kind for key in keys] == [Kind.COSIGNATURE, Kind.MLDSA]
    assert shown["logs"] == []
    assert "witness NAME VKEY" in run("witness", "init", folder + "2", "--name", "w2.invalid").out


def test_what_it_has_seen_is_shown(folder: str, serving: str, run: Run) -> None:
    log = Growing().grow(5)
    status, body = ask(serving, log.request(0))
    assert status == 200
    keys = tuple(VerifierKey.parse(text) for text in run("witness", "show", folder, "--json").data["vkeys"])
    assert notes.verified(notes.Note(log.head.text, notes.signatures(body.decode())), keys) == keys
    assert run("witness", "show", folder).out.splitlines()[-1] == f"{5:>12}  {ORIGIN}  {log.head.root.hex()}"


def test_a_log_with_two_faces_is_shown_with_both(folder: str, serving: str, run: Run) -> None:
    log, fork = Growing().grow(5), Growing("other").grow(5, shared=4)
    assert run("witness", "evidence", folder).out == "None.\n"
    assert ask(serving, log.request(0))[0] == 200
    assert ask(serving, Request(5, (), fork.note))[0] == 422
    assert ask(serving, fork.grow(9).request(5))[0] == 422
    said = run("witness", "evidence", folder)
    assert said.status == 1
    assert log.head.root.hex() in said.out
    assert "it showed two faces" in said.out
    assert "the proof between them did not hold" in said.out
    first, second = run("witness", "evidence", folder, "--json").data
    assert (first["conclusive"], first["verified"], second["conclusive"], second["verified"]) == (
        True,
        True,
        False,
        True,
    )
    assert notes.verified(notes.parse(first["shown"].encode()), LOG_KEYS) == LOG_KEYS
    file = Path(first["file"])
    file.write_text(file.read_text().replace("\\n5\\n", "\\n6\\n"))
    assert "somebody changed the file" in run("witness", "evidence", folder).out
    file.write_text(file.read_text().replace("\\n\\n", "\\n"))  # not even a note any more
    said = run("witness", "evidence", folder)
    assert "somebody changed the file" in said.out
    assert "the proof between them did not hold" in said.out


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("init", "{}", "--name", "w1.invalid"), 5, "witness.exists"),
        (("init", "{}x", "--name", "a b"), 1, "log.note"),
        (("watch", "{}", "rubbish"), 4, "log.trust"),
        (("show", "{}x"), 3, "witness.missing"),
        (("serve", "{}x"), 3, "witness.missing"),
        (("serve", "{}", "--host", "0.0.0.0"), 2, "config.unsafe_bind"),
    ],
)
def test_what_it_refuses(folder: str, run: Run, words: tuple[str, ...], status: int, code: str) -> None:
    said = run("witness", *(word.format(folder) for word in words))
    assert said.status == status
    assert code in said.err


@pytest.mark.parametrize("option", ["--name", "--host"])
def test_a_name_that_no_host_has_is_a_matter_of_usage(folder: str, run: Run, option: str) -> None:
    said = run("witness", "serve", folder, "--port", "0", option, "a..b")
    assert said.status == 2
    assert "config.value" in said.err
    assert "a..b" in said.err
    assert "internal" not in said.err
