# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.crypto.b64 import b64u
from answerable.redlines.credentials import Credentials, find

HANDLE = "ans_q7WcVx2-ZtR4mN8bL0kJ5hG3fD1sA9pO6iU_yT2eRw4"
WARRANT = ".".join(
    (
        b64u(b'{"alg":"Ed25519","kid":"k","typ":"answerable-warrant+jwt"}'),
        b64u(b'{"iss":"spiffe://x/y","aud":"z"}'),
        "s",
    )
)
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIGhpZGRlbiBzZWNyZXQgaGVyZSBh\n-----END PRIVATE KEY-----"
ANY: Any = None


@pytest.mark.parametrize(("secret", "kind"), [(HANDLE, "handle"), (WARRANT, "warrant"), (KEY, "private_key")])
@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_credential_is_found_however_it_is_cut_and_before_it_is_complete(secret: str, kind: str, size: int) -> None:
    watch = Credentials().watch(ANY)
    text = "Sure, here it is: " + secret
    sent = ""
    for start in range(0, len(text), size):
        finding = watch.see(text[start : start + size])
        if finding is not None:
            break
        sent += text[start : start + size]
    assert finding is not None
    assert (finding.code, finding.params) == ("redline.credential", {"kind": kind})
    assert secret not in sent


def test_a_long_text_before_it_hides_nothing() -> None:
    watch = Credentials().watch(ANY)
    for _ in range(50):
        assert watch.see("lorem ipsum " * 20) is None
    assert watch.see(HANDLE[:20]) is None
    assert watch.see(HANDLE[20:]) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Use a handle (ans_...) as the key.",
        "ans_sum_of_all_the_elements_in_the_list = 0",
        "plans_abcdefghijklmnopqrstuvwxyz",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x",  # the example of every manual
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
        "eyJ!!!.eyJ",
    ],
)
def test_what_is_no_credential(text: str) -> None:
    assert find(text) == ""
