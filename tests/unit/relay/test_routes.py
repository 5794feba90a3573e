# SPDX-License-Identifier: Apache-2.0
"""What a route takes, and what a call says of itself."""

from __future__ import annotations

from answerable.relay.routes import Answer, Call, Route


async def nothing(call: Call) -> Answer:
    return Answer(b"")


def test_a_route_takes_its_path_or_what_lies_under_it() -> None:
    assert Route("GET", "/a", nothing).takes("/a")
    assert not Route("GET", "/a", nothing).takes("/a/b")
    assert Route("GET", "/a/", nothing).takes("/a/b/c")
    assert not Route("GET", "/a/", nothing).takes("/a")


def test_the_target_is_what_a_proof_is_over() -> None:
    assert Call("GET", "/a", "b=c", {}, b"", "").target == "/a?b=c"
    assert Call("GET", "/a", "", {}, b"", "").target == "/a"
