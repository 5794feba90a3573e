# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest

from answerable.cli.party import certificates
from answerable.errors import Refused
from answerable.registry.ids import unassigned_lei
from tests.unit.cli.conftest import Run, Said
from tests.unit.control.house import REGISTRAR, House


def test_a_party_is_registered_keyed_vouched_and_shown(house: House, run: Run, tmp_path: Path) -> None:
    new = unassigned_lei("cli")
    assert run("party", "register", "--id", new, "--name", "New Ltd").status == 0
    assert run("party", "register", "--id", new, "--name", "New Ltd").status == 5
    assert run("party", "vouch", new, "--registrar", REGISTRAR).status == 2, "its key is not in the store"
    card = run("party", "key", REGISTRAR, "--registrar", "--out", str(tmp_path)).out.strip()
    assert Path(card).with_suffix(".key").stat().st_mode & 0o777 == 0o600
    assert run("party", "vouch", new, "--key", card).status == 0
    shown = run("party", "show", new, "--json").data
    assert (shown["party"]["standing"], shown["party"]["voucher"]) == ("vouched", "Registrar")
    assert "vouched (by Registrar)" in run("party", "show", new).out
    assert new in run("party", "ls").out
    assert run("party", "withdraw-key", Path(card).stem).status == 0


def test_a_challenge_is_written_and_a_wrong_answer_refused(house: House, run: Run, tmp_path: Path) -> None:
    text, pem, signature = tmp_path / "text", tmp_path / "pem", tmp_path / "sig"
    nonce = run("party", "challenge", REGISTRAR, "--out", str(text)).out.strip()
    assert text.read_bytes().startswith(b"answerable/challenge/v1\x00")
    pem.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    signature.write_bytes(b"x" * 64)
    said = run(
        "party", "prove", REGISTRAR, "--challenge", nonce, "--certificates", str(pem), "--signature", str(signature)
    )
    assert said.status == 1
    assert "party.certificate" in said.err


def test_a_challenge_signed_by_a_certificates_key_proves_an_identifier(house: House, run: Run, tmp_path: Path) -> None:
    firm = unassigned_lei("proven")
    assert run("party", "register", "--id", firm, "--name", "Proven Ltd").status == 0
    certificate, key = house.authority.issue(firm, house.core.now)
    text, pem, signature = tmp_path / "text", tmp_path / "pem", tmp_path / "sig"
    pem.write_text(ssl.DER_cert_to_PEM_cert(certificate))

    def prove(nonce: str) -> Said:
        told = ("--challenge", nonce, "--certificates", str(pem), "--signature", str(signature))
        return run("party", "prove", firm, *told)

    nonce = run("party", "challenge", firm, "--out", str(text)).out.strip()
    signature.write_bytes(key.sign(b"something else"))
    assert "party.certificate" in prove(nonce).err
    signature.write_bytes(key.sign(text.read_bytes()))
    assert prove(nonce).status == 0
    assert run("party", "show", firm, "--json").data["party"]["standing"] == "proven"
    again = prove(nonce)
    assert (again.status, "party.standing" in again.err) == (5, True)


def test_certificates_are_read_in_order() -> None:
    pem = b"".join(
        b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der) + b"\n-----END CERTIFICATE-----\n"
        for der in (b"1", b"2")
    )
    assert certificates(pem) == [b"1", b"2"]
    for bad in (b"", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"):
        with pytest.raises(Refused):
            certificates(bad)


def test_a_natural_persons_identifier_is_drawn(house: House, run: Run) -> None:
    said = run("party", "register", "--id", "PERSON", "--name", "Anna", "--json")
    assert said.data["id"].startswith("PERSON-")
    assert "Anna" not in said.data["id"]
