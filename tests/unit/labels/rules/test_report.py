# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from answerable.labels.rules import report
from answerable.labels.rules.book import book
from answerable.labels.rules.checking import check_label
from answerable.labels.rules.report import Report, as_json, lines, markdown, page
from answerable.labels.rules.verdicts import Checked, Verdict
from tests.unit.labels.rules.files import TRUST, labelled, noise

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/spec/label-check.schema.json").read_text())
STRANGE = "<img src=x onerror=alert(1)>|`[a](b)`\udcff.png"


def made(language: str = "en", rules: str = "cn") -> Report:
    files = [
        ("a.png", check_label(labelled(), rules, trust=TRUST)),
        ("b.png", check_label(noise(), rules, ai=True)),
        (STRANGE, check_label(b"\0", rules)),
        ("d.txt", check_label(b"A text.", "ca")),
    ]
    return Report(book(rules), files, date(2026, 11, 22), True, False, language)


def fits(value: Any, schema: dict[str, Any], at: str = "") -> None:
    """The words of JSON Schema that ours uses."""
    if "oneOf" in schema:
        schema = schema["oneOf"][0 if value is None else 1]
    if "enum" in schema:
        assert value in schema["enum"], at
    if "const" in schema:
        assert value == schema["const"], at
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), at
    if schema.get("type") == "object":
        assert set(value) == set(schema["required"]) == set(schema["properties"]), at
        for key, member in value.items():
            fits(member, schema["properties"][key], f"{at}.{key}")
    for number, each in enumerate(value if schema.get("type") == "array" else ()):
        fits(each, schema["items"], f"{at}[{number}]")
    assert set(schema) <= {
        "oneOf", "enum", "const", "type", "required", "properties", "items", "additionalProperties", "format",
        "minimum", "title", "$schema",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("rules", ["cn", "eu", "ca"])
def test_json_is_what_its_schema_says(rules: str, language: str) -> None:
    data = json.loads(json.dumps(as_json(made(language, rules))))
    fits(data, SCHEMA)
    assert (data["verdict"], data["counts"]["inconclusive"]) == ("noncompliant", 1)
    assert sum(data["counts"].values()) == len(data["files"]) == 4
    assert all(each["remedy"] for each in data["files"][1]["findings"] if each["verdict"] != "compliant")
    assert data["files"][2]["problem"]["code"] == "format.unknown"
    assert data["duties"]


def test_each_finding_has_its_clause_and_its_remedy_in_every_form() -> None:
    for form in (lambda each: "\n".join(lines(each)), markdown, page):
        text = form(made())
        assert "GB 45438-2025, section 6 and Appendix E" in text
        assert "Run answerable label FILE" in text
        assert "noncompliant" in text
        assert "inconclusive" in text
        zh = form(made("zh"))
        assert "不符合" in zh
        assert "运行 answerable label" in zh


def test_what_strangers_named_is_no_markup() -> None:
    text = page(made())
    assert "<img" not in text
    assert "default-src 'none'" in text
    assert "<script" not in text
    text = markdown(made())
    assert "<img" not in text
    assert "[a](b)" not in text
    text.encode()  # a name that is no text has become one


def test_the_verdict_on_all_is_the_worst() -> None:
    assert made().verdict is Verdict.NONCOMPLIANT
    alone = Report(book("cn"), [("a", Checked("plain", "text", False, ()))], date(2026, 1, 1), False, False, "en")
    assert alone.verdict is Verdict.COMPLIANT
    assert any("no clause" in line for line in lines(alone))
    assert report.summary(alone) == "cn: compliant 1"


def test_how_far_a_clause_was_read_stands_beside_it() -> None:
    assert "notes alone" in markdown(made())
    assert "public reprint" in page(made(rules="ca"))
