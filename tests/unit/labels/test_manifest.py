# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.labels.manifest import COMPOSITE, GENERATED, Said, SoftBinding, definition, settings

SAID = Said("r", "s", "p", 1_795_000_000_999)


def data(said: Said, label: str, *, parent: bool = False) -> dict[str, object]:
    made = definition(said, version="1", parent=parent)
    return {each["label"]: each["data"] for each in made["assertions"]}.get(label, {})


def actions(said: Said, *, parent: bool = False) -> list[dict[str, object]]:
    return data(said, "c2pa.actions.v2", parent=parent)["actions"]  # type: ignore[return-value]


def test_made_by_a_model() -> None:
    assert actions(SAID) == [{"action": "c2pa.created", "when": _when(), "digitalSourceType": GENERATED}]


def test_the_system_that_made_it_by_name_and_version() -> None:
    for agent, told in ((("painter", "1.0"), {"name": "painter", "version": "1.0"}), (("p", ""), {"name": "p"})):
        said = Said("r", "s", "p", 0, agent=agent)
        assert actions(said)[0]["softwareAgent"] == told
        opened, edited = actions(said, parent=True)
        assert ("softwareAgent" in opened, edited["softwareAgent"]) == (False, told), "who edited it, not who opened"
    assert "softwareAgent" not in actions(SAID)[0]


def _when() -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(1_795_000_000, UTC).isoformat().replace("+00:00", "Z")


def test_changed_by_a_model_is_opened_first_and_composite() -> None:
    made = actions(Said("r", "s", "p", 0, edited=True), parent=True)
    assert [each["action"] for each in made] == ["c2pa.opened", "c2pa.edited"]
    assert made[0]["parameters"] == {"ingredientIds": ["parent"]}
    assert made[1]["digitalSourceType"] == COMPOSITE
    assert actions(SAID, parent=True)[1]["digitalSourceType"] == GENERATED


def test_our_assertion_and_the_soft_binding() -> None:
    assert data(SAID, "org.answerable.record") == {"record": "r", "system": "s", "party": "p", "made_at": SAID.made_at}
    assert data(Said("r", "s", "p", 0, b"\xff"), "org.answerable.record")["receipt"] == "_w"
    assert data(SAID, "c2pa.soft-binding") == {}
    marked = Said("r", "s", "p", 0, soft_binding=SoftBinding("org.x.1", b"\0\xff"))
    assert data(marked, "c2pa.soft-binding") == {"alg": "org.x.1", "blocks": [{"scope": {}, "value": [0, 255]}]}
    assert actions(marked)[-1]["action"] == "c2pa.watermarked.bound"
    assert all(each["created"] for each in definition(marked, version="1", parent=False)["assertions"])


def test_no_thumbnails_and_no_network() -> None:
    made = settings()
    assert made["builder"]["thumbnail"]["enabled"] is False
    assert made["verify"] == {"remote_manifest_fetch": False, "ocsp_fetch": False}
    assert made["core"]["allowed_network_hosts"] == []
    assert made["core"]["allow_redirects"] is False
    assert "trust" not in made
    assert settings(b"PEM", ("tsa.invalid",))["trust"] == {"user_anchors": "PEM"}
    assert settings(hosts=("tsa.invalid",))["core"]["allowed_network_hosts"] == ["tsa.invalid"]
