# SPDX-License-Identifier: Apache-2.0
"""What was said through the gateway is erased while it runs: no byte of it is left in any file of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from openai import OpenAI

from answerable.stores.payload_form import HEAD, NO_KEY, listed, open_names, walk
from answerable.stores.view import SqliteView
from tests.e2e.running import Demo
from tests.e2e.upstream import Upstream, streamed, whole

PROMPT, ANSWER, USER = "erase-prompt-7f3a", "erase-answer-91bc", "erase-user-d05e"
OFFICERS = ("--as", "officer-1", "--as", "officer-2")


def files(store: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of the store and of its guard, as they lie there while the service runs."""
    for folder in (store, store.with_name(store.name + ".guard")):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


def payloads(store: Path, key: bytes) -> dict[tuple[str, str], tuple[bytes, bytes, list[bytes]]]:
    """By record id and group: key, sealed bytes and tags, as the payload files hold them."""
    found: dict[tuple[str, str], tuple[bytes, bytes, list[bytes]]] = {}
    for _, _, path in listed(store / "payloads"):
        with path.open("rb") as file:
            for at, first, length, body in walk(file.fileno()):
                file.seek(at + HEAD.size)
                names, data = open_names(key, first, file.read(length)), file.read(body)
                start = 0
                for rid, group, its_key, size, _, tags in names:
                    found[rid, group] = (its_key, data[start : start + size], tags)
                    start += size
    return found


def test_no_byte_of_it_is_left_in_any_file(start: Callable[..., Demo], scripted_upstream: Upstream) -> None:
    demo = start("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local")
    handle, _ = demo.issue()
    key = (demo.store / "keys" / "payload.secret").read_bytes()
    with OpenAI(base_url=demo.gateway, api_key=handle, max_retries=0) as client:
        scripted_upstream.answer = lambda _: [whole(f"It is {ANSWER}.")]
        asked = {"model": "scripted", "messages": [{"role": "user", "content": PROMPT}], "user": USER}
        reply = client.chat.completions.create(**asked)  # type: ignore[call-overload]
        scripted_upstream.answer = lambda _: streamed("It ", "is ", ANSWER)
        chunks = list(client.chat.completions.create(**asked, stream=True))  # type: ignore[call-overload]
    assert demo.close_of(chunks[0].id.removeprefix("chatcmpl-"))
    records = [reply.id.removeprefix("chatcmpl-"), chunks[0].id.removeprefix("chatcmpl-")]
    assert demo.cli("who", "-", stdin=f"It is {ANSWER}.".encode()).status in (0, 3)  # the index of tags is built
    view = SqliteView(demo.store, key)
    gone: list[bytes] = [PROMPT.encode(), ANSWER.encode(), USER.encode()]
    before = payloads(demo.store, key)
    for record in records:
        close = view.close_of(record)
        assert close is not None
        for rid, group in ((record, "in"), (record, "pri"), (close, "out")):
            kept = view.payload(rid, group)
            assert kept is not None
            its_key, sealed, tags = before[rid, group]
            gone += [kept[0], its_key, sealed, *tags]
    view.close()
    for record in records:
        done = demo.cli("log", "erase", record, "--basis", "asked for", "--law", "gdpr-17", *OFFICERS, "--json")
        assert (done.status, done.json["payloads"]) == (0, 3)
    for life in range(2):
        after = payloads(demo.store, key)
        listed_now = b"|".join(part for own, sealed, tags in after.values() for part in (own, sealed, *tags))
        for path, data in files(demo.store):
            assert not [part for part in gone if part in data], path
        assert not [part for part in gone if part in listed_now]
        assert sum(own == NO_KEY for own, _, _ in after.values()) == 6
        for record in records:
            said = demo.cli("who", record)
            assert said.status == 0
            assert "was erased" in said.out.decode()
        if not life:
            demo.kill()  # what a crash leaves, and what the next start makes of it
            demo = start("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local", store=demo.store)
