# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.labels.manifest import GENERATED
from answerable.labels.manifest_report import INVALID, TRUSTED, UNTRUSTED, VALID, C2paReading, reading

MANIFEST = {
    "claim_generator_info": [{"name": "answerable", "version": "1"}],
    "assertions": [
        {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": GENERATED}]}},
        {"label": "org.answerable.record", "data": {"record": "r", "system": "s", "party": "p", "made_at": 5}},
        {"label": "c2pa.soft-binding", "data": {"alg": "org.x.1", "blocks": [{"scope": {}, "value": "AQI="}]}},
    ],
    "signature_info": {"alg": "Ed25519", "issuer": "示例 Ltd", "time": "2026-11-22T00:00:00Z"},
}


def report(*failures: str, manifest: Any = MANIFEST) -> dict[str, Any]:
    return {
        "active_manifest": "b",
        "manifests": {"a": {}, "b": manifest},
        "validation_results": {
            "activeManifest": {"failure": [{"code": code} for code in failures]},
            "ingredientDeltas": [{"validationDeltas": {"failure": [{"code": "x"}]}}],
        },
    }


def test_what_is_told() -> None:
    found = reading(report(), "Trusted")
    assert found == C2paReading(
        TRUSTED, "示例 Ltd", "answerable", "Ed25519", "r", "s", "p", 5, b"", found.soft_binding, (GENERATED,),
        "2026-11-22T00:00:00Z", 1, ("ingredient:x",),
    )  # fmt: skip
    assert found.soft_binding is not None
    assert (found.soft_binding.alg, found.soft_binding.value) == ("org.x.1", b"\1\2")
    assert found.by_ai


def test_untrusted_stands_among_the_failures_and_is_none() -> None:
    assert reading(report(UNTRUSTED), "Valid").problems == ("ingredient:x",)
    assert reading(report(UNTRUSTED), "Valid").state == VALID
    broken = reading(report(UNTRUSTED, "assertion.dataHash.mismatch"), "Invalid")
    assert broken.state == INVALID
    assert broken.problems[:2] == (UNTRUSTED, "assertion.dataHash.mismatch")
    assert not broken.by_ai, "what a broken manifest says is said by nobody"


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ({"name": "painter", "version": "1.0"}, ("painter", "1.0")),
        ({"name": "painter"}, ("painter",)),
        ("painter 1.0", ("painter 1.0",)),
        ({"version": "1.0"}, ()),
        (7, ()),
        (None, ()),
    ],
)
def test_the_system_that_made_it(agent: Any, told: tuple[str, ...]) -> None:
    acts = [{"action": "c2pa.opened", "softwareAgent": "an editor"},
            {"action": "c2pa.edited", "digitalSourceType": GENERATED, "softwareAgent": agent}]  # fmt: skip
    manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": acts}}]}
    assert reading(report(manifest=manifest), "Valid").agent == told


@pytest.mark.parametrize("state", [None, "", "Unheard", "valid"])
def test_a_state_that_is_not_known_is_invalid(state: str | None) -> None:
    assert reading(report(), state).state == INVALID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["manifests", "active_manifest", "assertions", "label", "data", "blocks", "value", "actions",
                         "code", "failure", "activeManifest", "receipt", "made_at", "issuer"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300)
@given(JSON, JSON, JSON)
def test_members_of_other_types_say_nothing(whole: Any, manifest: Any, data: Any) -> None:
    assert isinstance(reading(whole, "Valid"), C2paReading)
    assert isinstance(reading(report(manifest=manifest), "Valid"), C2paReading)
    labels = ("c2pa.actions", "org.answerable.record", "c2pa.soft-binding")
    inside = {"assertions": [{"label": label, "data": data} for label in labels]}
    assert isinstance(reading(report(manifest=inside), "Valid"), C2paReading)


def test_a_soft_binding_with_foreign_values() -> None:
    for value in ([256], [-1], ["a"], "=", 2**70, {"a": 1}, None):
        inside = {"assertions": [{"label": "c2pa.soft-binding", "data": {"alg": "a", "blocks": [{"value": value}]}}]}
        found = reading(report(manifest=inside), "Valid").soft_binding
        assert found is None or found.value == b""
