# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.terms import Audience, World
from answerable.registry import requests
from answerable.registry.requests import RegisterSystem


def test_each_request_has_words_and_a_schema() -> None:
    _, schemas = msgspec.json.schema_components(requests.REQUESTS)
    for request in requests.REQUESTS:
        assert request.__doc__ or request is requests.EndCopy
        assert request.__name__ in schemas
    assert set(requests.REQUESTS) == {
        entry
        for entry in vars(requests).values()
        if isinstance(entry, type) and issubclass(entry, requests.Request) and not entry.__name__.endswith("Spec")
    } - {requests.Request}


def test_reading_is_strict_and_bounded() -> None:
    body = b'{"name":"m","version":"1","kind":"model","parties":[{"party":"p","role":"provider"}]}'
    read = msgspec.json.decode(body, type=RegisterSystem)
    assert (read.audience, read.worlds, read.parties[0].party) == (Audience.INTERNAL, (World.INFORMATION,), "p")
    for bad in (
        body.replace(b'"model"', b'"god"'),
        body.replace(b'"name":"m"', b'"name":"m","tier":0'),
        body.replace(b'"m"', b'"' + b"m" * 401 + b'"'),
        body.replace(b"[{", b"[" + b'{"party":"p","role":"provider"},' * 8 + b"{"),
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(bad, type=RegisterSystem)
