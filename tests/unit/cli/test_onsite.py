# SPDX-License-Identifier: Apache-2.0
"""`answerable onsite` over a real control plane; `run` as a process of its own: `tests/e2e/test_machines.py`."""

from __future__ import annotations

from pathlib import Path

from answerable.admission.envelope import bound_ms
from answerable.machines.site_file import read
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def issued(house: House, run: Run, folder: Path, *more: str) -> tuple[int, str, str]:
    rid, _ = house.start_copy("other")
    public = run("onsite", "key", str(folder / "site.key")).out.strip()
    words = ("onsite", "issue", rid, "--key", public, "--site", "hall", "--for", "spiffe://demo.invalid/guard/1")
    said = run(*words, "--life", "60", "--out", str(folder / "site.envelope"), "--as", "officer-1", *more)
    return said.status, said.out, said.err


def test_the_bound_is_printed_first_and_agreed_to_by_naming_it(house: House, run: Run, tmp_path: Path) -> None:
    bound = bound_ms(60_000)
    status, _, err = issued(house, run, tmp_path)
    assert status == 5
    assert f"within {bound / 1000:g} s, not within 2 s" in err
    assert f"--bound {bound}" in err
    assert not (tmp_path / "site.envelope").exists()
    (tmp_path / "site.key").unlink()
    status, out, err = issued(house, run, tmp_path, "--bound", str(bound))
    assert (status, "spiffe://demo.invalid/onsite/hall" in out) == (0, True), err
    site = read(tmp_path / "site.envelope")
    envelope = site.envelope()
    assert envelope.bound == bound
    assert len(site.officers) >= 2
    shown = run("onsite", "show", str(tmp_path / "site.envelope"))
    assert f"within {bound / 1000:g} s" in shown.out
    assert envelope.copies[0].sub in shown.out


def test_only_an_officer_asks(house: House, run: Run, tmp_path: Path) -> None:
    status, _, err = issued(house, run, tmp_path, "--as", "admin", "--bound", str(bound_ms(60_000)))
    assert status != 0 or (tmp_path / "site.envelope").exists()
    rid, _ = house.start_copy("other")
    words = ("onsite", "issue", rid, "--key", "A" * 43, "--site", "h", "--for", "x", "--life", "1")
    said = run(*words, "--bound", "3250", "--out", str(tmp_path / "no"), "--as", "admin")
    assert (said.status, "admin.role" in said.err or "admin.no_key" in said.err) == (1, True), err + said.err


def test_what_cannot_be_run_or_told(run: Run, tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    for words in (
        ("show", missing),
        ("run", missing, "--key", missing, "--socket", missing),
        ("tell", missing, "--socket", missing),
    ):
        said = run("onsite", *words)
        assert (said.status, "config.value" in said.err) == (2, True), said.err
