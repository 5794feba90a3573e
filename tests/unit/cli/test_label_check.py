# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from answerable.crypto import keyfiles
from answerable.marks.pins import parse
from answerable.marks.signature import public_info
from tests.small_media import PARTY
from tests.unit.cli.conftest import Run
from tests.unit.labels.rules.files import ISSUED, KEY, SECRET, TRUST, labelled, noise


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file in every layer, one without any and one that is none; keys beside it. No store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSWERABLE_STORE_PATH", str(tmp_path / "none"))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.png").write_bytes(labelled())
    (folder / "b.png").write_bytes(noise())
    (tmp_path / "root.pem").write_bytes(ISSUED.root)
    (tmp_path / "secret").write_bytes(SECRET)
    return folder


KEYS = ("--anchor", "root.pem", "--watermark-key", "secret")


def test_what_is_compliant(there: Path, run: Run) -> None:
    for rules in ("cn", "eu", "ca"):
        said = run("label", "check", "files/a.png", "--rules", rules, *KEYS, "--json")
        assert said.status == 0, said
        assert (said.data["verdict"], said.data["rules"], len(said.data["files"])) == ("compliant", rules, 1)
        assert said.err == ""
    assert "C2PA (trusted)" in run("label", "check", "files/a.png", "--rules", "eu", *KEYS).out


def test_a_folder_and_its_status(there: Path, run: Run) -> None:
    said = run("label", "check", "files", "--rules", "cn", "--jobs", "2")
    assert said.status == 3
    assert "files/b.png: not found (png)" in said.out
    assert said.out.splitlines()[-1] == "cn: compliant 1; not found 1"
    assert "2/2 files checked" in said.err
    (there / "c.bin").write_bytes(b"\0")
    assert run("label", "check", "files", "--rules", "cn").status == 4
    said = run("label", "check", "files", "--rules", "cn", "--ai")
    assert (said.status, "→ Run answerable label FILE." in said.out) == (1, True)
    assert run("label", "check", "files/a.png", "files/missing.png", "--rules", "cn").status == 4
    (there.parent / "empty").mkdir()
    assert run("label", "check", "empty", "--rules", "cn").status == 3


@pytest.mark.parametrize("form", ["html", "md", "txt"])
def test_a_page_of_its_own(there: Path, run: Run, form: str) -> None:
    said = run("label", "check", "files", "--rules", "eu", "--ai", "--report", f"out.{form}")
    text = Path(f"out.{form}").read_text(encoding="utf-8")
    assert said.status == 1
    assert "files/b.png" in text
    assert "sub-measure 1.1.2" in text
    assert text.startswith({"html": "<!doctype html>", "md": "# ", "txt": "files/a.png"}[form])


def test_in_chinese(there: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    said = run("label", "check", "files/b.png", "--rules", "cn", "--ai")
    assert "不符合" in said.out
    assert "元数据" in said.out


def test_whose_keys_are_pinned(there: Path, run: Run) -> None:
    import base64

    line = f"{PARTY} Ed25519 {base64.b64encode(KEY.public).decode()}\n"
    assert parse(line.encode()) == {public_info(KEY): PARTY} == dict(TRUST.label_keys)
    Path("pins.txt").write_text(line)
    said = run("label", "check", "files/a.png", "--rules", "cn", "--pins", "pins.txt")
    assert f"signed:{PARTY}" in said.out
    assert keyfiles  # the key itself is never asked for


def test_a_file_of_the_name_check(there: Path, run: Run) -> None:
    Path("check").write_bytes(noise())
    said = run("label", "check", "./check", "--rules", "ca", "--json")
    assert (said.status, said.data["files"][0]["file"]) == (3, "./check")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check",), "needs a file"),
        (("check", "files"), "--rules"),
        (("check", "files", "--rules", "cn", "--jobs", "-1"), "--jobs"),
        (("check", "files", "--rules", "cn", "--report", "x.pdf"), ".html"),
        (("check", "files", "--rules", "cn", "--in-place"), "--in-place is for labelling"),
        (("check", "files", "--rules", "cn", "--system-version", "1"), "--system-version is for labelling"),
        (("files/a.png", "--rules", "cn"), "--rules is for answerable label check"),
        (("files/a.png", "--watermark-key", "x"), "--watermark-key is for answerable label check"),
        (("files/a.png", "--ai"), "--ai is for answerable label check"),
    ],
)
def test_what_does_not_go_together(there: Path, run: Run, words: tuple[str, ...], told: str) -> None:
    said = run("label", *words)
    assert (said.status, told in said.err) == (2, True), said


def test_keys_and_pages_that_cannot_be_opened(there: Path, run: Run) -> None:
    Path("short").write_bytes(b"x")
    for words in (("--watermark-key", "short"), ("--watermark-key", "none"), ("--pins", "none"), ("--anchor", "none")):
        said = run("label", "check", "files", "--rules", "cn", *words)
        assert said.err.startswith("label.source"), said
    said = run("label", "check", "files/a.png", "--rules", "cn", "--report", "no/such.html", "--json")
    assert json.loads(said.out)["error"]["code"] == "label.target"
