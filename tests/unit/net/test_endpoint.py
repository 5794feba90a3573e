# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.errors import Refused
from answerable.net.endpoint import Endpoint, parse


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8080/v1/", Endpoint("localhost", 8080, "/v1")),
        ("https://api.example.com/v1", Endpoint("api.example.com", 443, "/v1", tls=True)),
        ("http://[::1]:9000", Endpoint("::1", 9000, "")),
        ("unix:///run/model.sock", Endpoint("", 0, "", socket="/run/model.sock")),
    ],
)
def test_addresses_are_understood(url: str, expected: Endpoint) -> None:
    assert parse(url) == expected


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x/", "http://", "http://a b/", "http://x:0/", "http://x:99999/", "http://u:p@x/", "http://x/?q=1",
     "http://x/#f", "unix://host/path", "http://x\r\nhost: y/", "//x/"],
)  # fmt: skip
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(url)
    assert caught.value.code == "upstream.address"


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(Refused) as caught:
        parse("http://user:hunter2@x/")
    assert "hunter2" not in str(caught.value)


def test_authority_leaves_out_the_scheme_s_own_port() -> None:
    assert parse("https://x/v1").authority == "x"
    assert parse("http://x:443/v1").authority == "x:443"
    assert parse("http://[::1]:1/v1").authority == "[::1]:1"
    assert parse("unix:///s").authority == "localhost"
