# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from answerable.log import trust
from answerable.log.statement import sign
from answerable.model.leaves import ReadLeaf
from answerable.model.terms import Purpose
from answerable.privacy.grants import grant_statement
from answerable.verify.receipt import verify
from tests.unit.cli.conftest import Run
from tests.unit.control.house import OPERATOR, House


@pytest.fixture(scope="module")
def operators_key(house: House) -> tuple[object, str]:
    return house.key_of(OPERATOR)


def granted(house: House, record: str, key: tuple[object, str], to: str = "admin") -> str:
    """A grant of the operator, who answers, to a person here; its record id."""
    signer, kid = key
    person = house.core.book.admin(house.person(to).kid)
    assert person is not None
    leaf = grant_statement(record, person.person, Purpose.COMPLAINT, house.core.now + 60_000, kid)
    sig = sign(leaf, house.core.origin, signer, kid)  # type: ignore[arg-type]
    signed = msgspec.structs.replace(leaf, x={"answerable.sigs": [msgspec.to_builtins(sig)]})
    return str(house.post("/data/grants", {"grant": msgspec.to_builtins(signed)})["rid"])


def test_contents_are_disclosed_under_a_grant_and_the_reading_is_recorded(
    house: House, run: Run, tmp_path: Path, operators_key: tuple[object, str]
) -> None:
    record, file = house.act("Between two."), tmp_path / "out.tlog"
    plain = ("who", record, "--receipt", str(file))
    assert run(*plain).status == 0
    assert b"Between two." not in (verify(file.read_bytes(), trust.parse(house.core.trust)).content("out") or b"")
    assert run(*plain, "--disclose", "out").status == 4
    grant = granted(house, record, operators_key)
    before = house.run(house.core.reader.size())
    said = run(*plain, "--disclose", "out", "--grant", grant)
    assert said.status == 0, said.err
    report = verify(file.read_bytes(), trust.parse(house.core.trust))
    assert b"Between two." in (report.content("out") or b"")
    read = house.run(house.core.reader.tail(before, before + 1))[0]
    leaf = msgspec.json.decode(read, type=ReadLeaf)
    assert (leaf.of, leaf.grant, leaf.grps) == (record, grant, ["out"])
    # What is not kept is not promised.
    assert run(*plain, "--disclose", "ctx", "--grant", grant).status in {3, 4}


def test_a_grant_for_another_record_or_person_opens_nothing(
    house: House, run: Run, tmp_path: Path, operators_key: tuple[object, str]
) -> None:
    record, other, file = house.act("Mine."), house.act("Yours."), tmp_path / "out.tlog"
    grant = granted(house, other, operators_key)
    foreign = granted(house, record, operators_key, "officer-1")
    for wrong in (grant, foreign, "a" * 32, "none"):
        said = run("who", record, "--receipt", str(file), "--disclose", "out", "--grant", wrong)
        assert said.status in {1, 3}, said
        assert not file.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--disclose", "out"),
        ("--format", "cose"),
        ("--receipt", "f", "--disclose", "name"),
        ("--receipt", "f", "--format", "cose", "--disclose", "out"),
    ],
)
def test_usage(house: House, run: Run, words: tuple[str, ...]) -> None:
    assert run("who", "a" * 32, *words).status == 2


def test_a_cose_receipt_is_checked_before_it_is_written(house: House, run: Run, tmp_path: Path) -> None:
    record, file = house.act("In COSE."), tmp_path / "out.cbor"
    assert run("who", record, "--receipt", str(file), "--format", "cose").status == 0
    assert run("verify", str(file), "--json").data["record"] == record
