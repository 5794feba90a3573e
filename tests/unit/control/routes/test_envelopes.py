# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.admission.envelope import bound_ms, parse
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from tests.fleet import key
from tests.unit.control.house import House

LIFE = 60_000


def test_an_officer_who_agrees_to_the_bound_gets_one(house: House) -> None:
    rid, _ = house.start_copy("other")
    asked = {
        "audiences": ["spiffe://demo.invalid/gateway/main"],
        "bound": bound_ms(LIFE),
        "copies": [rid],
        "key": b64u(key("site").public),
        "life": LIFE,
        "site": "hall",
    }
    done = house.post("/envelopes", {"envelope": asked}, "officer-1")
    issuer = house.services.issuer
    envelope = parse(done["token"], {issuer.kid: issuer.public})
    assert (envelope.copies[0].cpy, envelope.bound, done["bound"]) == (rid, bound_ms(LIFE), bound_ms(LIFE))
    with pytest.raises(AnswerableError) as error:
        house.post("/envelopes", {"envelope": {**asked, "bound": LIFE}}, "officer-1")
    assert (error.value.code, error.value.params["bound"]) == ("envelope.bound", bound_ms(LIFE))
