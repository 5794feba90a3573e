# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
from pathlib import Path

from answerable.control.openapi import document, page
from answerable.control.routes import ROUTES
from answerable.control.routing import PREFIX, By
from tests.unit.control.house import House

DOC = document(ROUTES)


def references(value: object) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))


def test_every_route_is_described_with_its_role() -> None:
    assert DOC["openapi"].startswith("3.1")
    for route in ROUTES:
        operation = DOC["paths"][PREFIX + route.path][route.method.lower()]
        assert operation["x-needs"] == route.needs.value
        assert (operation["security"] == []) is (route.needs is By.ANYONE)
        assert ("requestBody" in operation) is (route.body is not None)
    names = [op["operationId"] for path in DOC["paths"].values() for op in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)


def test_every_reference_leads_somewhere() -> None:
    assert references(DOC) <= set(DOC["components"]["schemas"])


def test_bodies_are_strict() -> None:
    for route in ROUTES:
        for name in references(DOC["paths"][PREFIX + route.path][route.method.lower()].get("requestBody", {})):
            assert DOC["components"]["schemas"][name]["additionalProperties"] is False, name


def test_what_is_served_is_the_same(house: House) -> None:
    assert house.get("/openapi.json") == json.loads(json.dumps(DOC))


def test_the_page_names_each_route_and_links_hold() -> None:
    text = page(ROUTES)
    for route in ROUTES:
        assert f"## {route.method} {PREFIX}{route.path}\n" in text
    headings = {line[3:].lower() for line in text.splitlines() if line.startswith("## ")}
    assert {link.lower() for link in re.findall(r"\]\(#([^)]+)\)", text)} <= headings
    committed = Path(__file__).parents[3] / "docs" / "reference" / "control-api.md"
    assert committed.read_text(encoding="utf-8").endswith(text), "run `make reference`"
