# SPDX-License-Identifier: Apache-2.0
"""`answerable label check` as people run it: over golden files, and over what `answerable label` wrote with a service,
which has to be compliant with every book of rules."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from answerable.registry.ids import unassigned_uscc
from tests.e2e.places import ANSWERABLE, Place, cli, running

OPERATOR = unassigned_uscc("checked")
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("checked")
    store = home / "store"
    cli("init", "--store", str(store), "--domain", "checked.invalid", "--operator", OPERATOR, "--name", "Checked Ltd")
    cli("keys", "c2pa-chain", "--store", str(store), "--party", "Checked Ltd")
    config = home / "a.toml"
    config.write_text(f'[labels]\nc2pa = "{store / "c2pa"}"\n')
    with running(("serve", "--port", "0", "--config", str(config)), store) as place:
        place.cli(
            "register", "--name", "painter", "--version", "1", "--kind", "model", "--party", f"{OPERATOR}:deployer"
        )
        place.cli("copy", "endpoint", "painter", "--url", "http://127.0.0.1/")
        yield place


@pytest.fixture(scope="module")
def labelled(service: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    image = Image.effect_noise((400, 320), 90).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
    for name, form in (("a.png", "PNG"), ("b.jpg", "JPEG"), ("c.webp", "WEBP")):
        out = io.BytesIO()
        image.save(out, form, quality=92)
        (folder / name).write_bytes(out.getvalue())
    config = str(service.store.with_name("a.toml"))
    names = [str(folder / name) for name in ("a.png", "b.jpg", "c.webp")]
    words = (
        "--system",
        "painter",
        "--config",
        config,
        "--explicit",
        "both",
        "--require",
        "explicit,aigc,c2pa,watermark",
    )
    service.cli("label", *names, *words, "--out-dir", str(folder / "made"))
    return folder / "made"


def checked(place: Place, *words: str, expect: int) -> Any:
    return place.cli("label", "check", *words, "--anchor", str(place.store / "c2pa" / "root.pem"), expect=expect)


@pytest.mark.parametrize("rules", ["cn", "eu", "ca"])
def test_what_was_labelled_over_a_service_is_compliant(service: Place, labelled: Path, rules: str) -> None:
    found = checked(service, str(labelled), "--rules", rules, expect=0)
    assert [Path(each["file"]).name for each in found["files"]] == ["a.png", "b.jpg", "c.webp"]
    for each in found["files"]:
        assert {finding["verdict"] for finding in each["findings"]} == {"compliant"}, each
    if rules == "ca":
        told = {finding["rule"]: finding["detail"] for finding in found["files"][0]["findings"]}
        assert (told["ca.latent.provider"], told["ca.latent.system"]) == ("Checked Ltd", "painter 1")
    if rules == "cn":
        told = {finding["rule"]: finding["detail"] for finding in found["files"][0]["findings"]}
        assert told["cn.implicit.signature"].startswith(f"signed:{OPERATOR}")


def test_a_label_that_was_changed_is_not(service: Place, labelled: Path, tmp_path: Path) -> None:
    data = (labelled / "b.jpg").read_bytes()
    record = checked(service, str(labelled / "b.jpg"), "--rules", "ca", expect=0)["files"][0]["findings"][3]["detail"]
    assert record.encode() in data
    (tmp_path / "b.jpg").write_bytes(data.replace(record.encode(), record[::-1].encode()))
    for rules in ("cn", "eu"):
        found = checked(service, str(tmp_path / "b.jpg"), "--rules", rules, expect=1)["files"][0]["findings"]
        assert {each["rule"] for each in found if each["verdict"] == "noncompliant"} & {
            "cn.implicit.signature",
            "eu.code.metadata",
        }


def test_all_golden_files_at_once(tmp_path: Path) -> None:
    """In one run: none of them ends it, and each has its verdict."""
    words = ("label", "check", str(GOLDEN), "--rules", "cn", "--json", "--store", str(tmp_path), "--report", "all.html")
    done = subprocess.run([*ANSWERABLE, *words], cwd=tmp_path, capture_output=True, timeout=110)
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"]) == (1, "noncompliant")
    told = {str(Path(each["file"]).relative_to(GOLDEN)): each["verdict"] for each in found["files"]}
    table = json.loads((GOLDEN / "label-check.json").read_text())
    assert {name: told[name] for name in table} == {name: each["cn"].split()[0] for name, each in table.items()}
    assert b"files checked" in done.stderr
    assert (tmp_path / "all.html").stat().st_size > 100_000
