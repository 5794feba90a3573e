# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.log import trust
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Trust, Witness
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_saved import reply
from tests.unit.control.house import OPERATOR, House


def test_a_saved_reply_leads_to_who_answers(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act("Answered.")
    file = tmp_path / "reply.json"
    file.write_bytes(reply(record, "Answered."))
    said = run("who", str(file))
    assert said.status == 0
    assert OPERATOR in said.out
    data = run("who", str(file), "--json").data
    assert (data["record"], data["content"], data["made_by"]["name"]) == (record, "same", "small")


def test_a_record_id_in_any_form_is_enough(house: House, run: Run) -> None:
    record = house.act("By id.")
    for text in (record, f"chatcmpl-{record}", f"resp_{record}"):
        assert run("who", text, "--json").data["record"] == record
    close = house.run(house.core.reader.close_of(record))
    assert run("who", str(close), "--json").data["record"] == record


def test_plain_text_is_found_again(house: House, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    record = house.act("Plain words, copied.")
    monkeypatch.setattr("sys.stdin", argparse.Namespace(buffer=io.BytesIO(b"Plain words,\ncopied.\n")))
    assert run("who", "-", "--json").data["record"] == record


def test_words_that_had_more_beside_them_name_who_answers_and_are_not_called_checked(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.act("Words with a thought.", thought="Kept to itself.")
    monkeypatch.setattr("sys.stdin", argparse.Namespace(buffer=io.BytesIO(b"Words with a thought.")))
    said = run("who", "-")
    assert said.status == 4
    assert OPERATOR in said.out
    assert "Kept to itself" not in said.out + said.err


def test_a_changed_character_is_a_no_and_a_strangers_text_not_found(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act("Original words.")
    file = tmp_path / "reply.json"
    file.write_bytes(reply(record, "Original w0rds."))
    said = run("who", str(file), "--json")
    assert (said.status, said.data["error"]["code"]) == (1, "receipt.content")
    file.write_bytes(reply("a" * 32, "Original words."))
    assert run("who", str(file)).status == 3
    file.write_bytes(b"Never said here.")
    assert run("who", str(file)).status == 3
    file.write_bytes(b"\xff\xfe\x00")
    assert run("who", str(file)).status == 3
    assert run("who", "neither-file-nor-id").status == 3
    folder = run("who", str(tmp_path), "--json")
    assert (folder.status, folder.data["error"]["code"]) == (3, "label.source")


def test_what_is_no_text_is_asked_about_by_its_digest(house: House, run: Run, tmp_path: Path) -> None:
    """However large: it is no reply that somebody kept, and goes nowhere."""
    for name, data in (("zeros", bytes(8 << 20)), ("cut.gif", b"GIF89a\x10\x00"), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
        found = run("who", str(tmp_path / name), "--json")
        assert (found.status, found.data["error"]["code"]) == (3, "admin.nobody"), name


def test_the_receipt_as_cose(house: House, run: Run, tmp_path: Path) -> None:
    record, file = house.act("Answered."), tmp_path / "out.cbor"
    assert run("who", record, "--receipt", str(file), "--format", "cose").status == 0
    data = run("verify", str(file), "--json").data
    assert (data["record"], data["party"]["id"], data["party"]["name"]) == (record, OPERATOR, "")
    assert data["made_by"]["version"] == "1"


def test_where_readers_demand_witnesses_their_trust_file_is_named(house: House, run: Run, tmp_path: Path) -> None:
    record, file = house.act("Watched."), tmp_path / "out"
    readers = house.store / "trust-witnessed.txt"
    witness = VerifierKey.of("w.invalid", Key.generate().public, Kind.COSIGNATURE)
    readers.write_bytes(trust.format(Trust(trust.parse(house.core.trust).logs, (Witness("w", witness),), quorum="w")))
    try:
        # No witness saw this log: what its readers could not verify is not handed out.
        said = run("who", record, "--receipt", str(file))
        assert (said.status, "log.quorum" in said.err, file.exists()) == (4, True, False)
        said = run("who", record, "--receipt", str(file), "--format", "cose")
        assert (said.status, "no place for cosignatures" in said.err, str(readers) in said.err) == (0, True, True)
    finally:
        readers.unlink()
    said = run("who", record, "--receipt", str(file))
    assert (said.status, str(house.store / "trust.txt") in said.err) == (0, True)


def test_two_ids_in_one_reply_are_a_no(house: House, run: Run, tmp_path: Path) -> None:
    data = json.loads(reply(house.act("Mine."), "Mine."))
    data["answerable"] = {"record": house.act("Yours.")}
    file = tmp_path / "reply.json"
    file.write_text(json.dumps(data))
    assert run("who", str(file)).status == 1


def test_a_service_that_is_away_could_not_be_asked(run: Run, tmp_path: Path, house: House) -> None:
    (tmp_path / "people").mkdir()
    for name in ("trust.txt", "people/admin.json", "people/admin.key"):
        (tmp_path / name).write_bytes((house.store / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    said = run("who", "a" * 32, "--store", str(tmp_path))
    assert (said.status, "admin.unreachable" in said.err) == (4, True)


def test_a_service_that_shows_another_record_is_not_believed(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = house.act("Mine."), house.act("Other.")
    import answerable.cli.session as sessions

    honest = sessions.Session.post
    monkeypatch.setattr(
        sessions.Session, "post", lambda self, path, body: honest(self, path, {**body, "record": other})
    )
    said = run("who", mine, "--json")
    assert (said.status, said.data["error"]["code"]) == (1, "receipt.inconsistent")
