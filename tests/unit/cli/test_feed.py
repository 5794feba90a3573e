# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run
from tests.unit.control.house import MAKER, OPERATOR, House


def test_it_is_published_pulled_and_goes_on_where_it_was(house: House, run: Run, tmp_path: Path) -> None:
    trust = tmp_path / "trust.txt"
    trust.write_bytes(house.core.trust)
    web, mine = str(tmp_path / "web"), str(tmp_path / "mine")
    said = run("feed", "publish", web, "--as", "admin")
    assert said.status == 0
    assert "page 1" in said.out
    pull = ("feed", "pull", web, "--trust", str(trust), "--into", mine)
    first = run(*pull, "--json")
    assert first.status == 0
    assert [page["number"] for page in first.data["pages"]] == [1]
    again = run(*pull, "--json")
    assert again.data["pages"] == []
    register = ("register", "--name", "fresh", "--version", "1", "--kind", "model", "--party", f"{MAKER}:provider")
    assert run(*register, "--as", "admin").status == 0
    assert run("feed", "publish", web, "--as", "admin").status == 0
    more = run(*pull, "--json")
    assert [entry["leaf"]["k"] for page in more.data["pages"] for entry in page["entries"]][-1] == "system"
    checked = run("feed", "verify", mine, "--trust", str(trust))
    assert (checked.status, "2 pages verified" in checked.out) == (0, True)


def test_a_changed_page_is_no(house: House, run: Run, tmp_path: Path) -> None:
    trust = tmp_path / "trust.txt"
    trust.write_bytes(house.core.trust)
    web = tmp_path / "web"
    assert run("feed", "publish", str(web), "--as", "admin").status == 0
    page = web / "1.json"
    page.write_bytes(page.read_bytes().replace(b'"sig":"', b'"sig":"A', 1))
    for words in (("verify", str(web)), ("pull", str(web), "--into", str(tmp_path / "mine"))):
        assert run("feed", *words, "--trust", str(trust)).status == 1
    assert not list((tmp_path / "mine").glob("*.json"))


def test_an_authority_asks_the_service_itself(house: House, run: Run, tmp_path: Path) -> None:
    trust = tmp_path / "trust.txt"
    trust.write_bytes(house.core.trust)
    assert run("party", "key", MAKER, "--as", "admin").status == 0
    pull = ("feed", "pull", "--party", MAKER, "--trust", str(trust), "--into", str(tmp_path / "own"))
    refused = run(*pull, "--as", "officer-1")
    assert (refused.status, "privacy.authority" in refused.err) == (1, True)
    parties = ("--party", f"{OPERATOR}:provider", "--party", f"{MAKER}:authority")
    made = run("register", "--name", "watched", "--version", "1", "--kind", "model", *parties, "--as", "admin")
    assert made.status == 0, made.err
    assert run(*pull, "--as", "officer-1").status == 0
    assert (tmp_path / "own" / "1.json").exists()


def test_one_source(house: House, run: Run, tmp_path: Path) -> None:
    trust = tmp_path / "trust.txt"
    trust.write_bytes(house.core.trust)
    both = ("feed", "pull", "x", "--party", MAKER, "--trust", str(trust), "--into", str(tmp_path))
    assert run(*both).status == 2
    assert run("feed", "pull", "--trust", str(trust), "--into", str(tmp_path)).status == 2
    assert run("feed", "publish", str(tmp_path), "--as", "officer-1").status == 1
