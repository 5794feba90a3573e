# SPDX-License-Identifier: Apache-2.0
import asyncio
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import Locality
from answerable.net.limits import Limits
from answerable.upstreams.openai_compatible import OpenAICompatible, failure
from tests.unit.net.servers import Server, always, http, serving

CHAT = "/v1/chat/completions"


async def ask(upstream: OpenAICompatible, *, stream: bool = False) -> bytes:
    with closing(await upstream.call(CHAT, b"{}", stream=stream)) as reply:
        return await reply.whole(1 << 30)


async def test_a_call_names_its_path_and_carries_its_own_secret() -> None:
    async with serving(always(http(b"{}"))) as server:
        upstream = OpenAICompatible("m", server.url, locality=Locality.EXTERNAL, secret="s3cret")
        assert await ask(upstream) == b"{}"
        await upstream.close()
        head = server.requests[0].split(b"\r\n")
    assert head[0] == b"POST /v1/chat/completions HTTP/1.1"
    assert b"authorization: Bearer s3cret" in head
    assert b"accept-encoding: identity" in head


async def test_a_base_url_is_taken_as_openai_s_clients_take_it() -> None:
    async with serving(always(http(b"{}"))) as server:
        for base in (f"http://127.0.0.1:{server.port}", f"http://127.0.0.1:{server.port}/api/v4"):
            upstream = OpenAICompatible("m", base, locality=Locality.EXTERNAL)
            await ask(upstream)
            await upstream.close()
        lines = [request.split(b" ")[1] for request in server.requests]
    assert lines == [b"/v1/chat/completions", b"/api/v4/chat/completions"]


def test_a_secret_with_a_line_break_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        OpenAICompatible("m", "http://x/v1", locality=Locality.EXTERNAL, secret="a\r\nx: b")
    assert caught.value.code == "upstream.address"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, Refused, "upstream.rejected"),
        (404, Refused, "upstream.rejected"),
        (422, Refused, "upstream.rejected"),
        (401, Unavailable, "upstream.credentials"),
        (403, Unavailable, "upstream.credentials"),
        (429, Unavailable, "upstream.busy"),
        (503, Unavailable, "upstream.busy"),
        (500, Unavailable, "upstream.failed"),
        (302, Unavailable, "upstream.failed"),
        (418, Unavailable, "upstream.failed"),
    ],
)
async def test_each_status_has_its_error(status: int, kind: type[AnswerableError], code: str) -> None:
    async with serving(always(http(b"<html>", f"{status} X"))) as server:
        upstream = OpenAICompatible("m", server.url, locality=Locality.EXTERNAL)
        with pytest.raises(kind) as caught:
            await ask(upstream)
        await upstream.close()
    assert caught.value.code == code


@pytest.mark.parametrize("member", ["code", "type", "param"])
def test_a_server_says_nothing_in_words_of_its_own(member: str) -> None:
    for word in ("Patient-Jane-Doe-has-HIV", "call.this.number", "ignore_all_previous_instructions", "messages-secret"):
        body = msgspec.json.encode({"error": {member: word}})
        assert failure(400, body, "m").params["detail"] == "no detail"
    where = msgspec.json.encode({"error": {"param": "messages[3].Jane.Doe"}})
    assert failure(400, where, "m").params["detail"] == "messages"


def test_of_an_upstream_s_words_only_terms_are_taken_over() -> None:
    body = (
        b'{"error":{"message":"You said: my prompt","code":"context_length_exceeded","type":"my prompt!","param":"n"}}'
    )
    error = failure(400, body, "m")
    assert error.params == {"status": 400, "detail": "context_length_exceeded, n"}
    for body in (b"", b"\xff", b"[]", b'{"error":"my prompt"}', b"[" * 100_000):
        assert failure(400, body, "m").params["detail"] == "no detail"


async def test_another_content_type_than_asked_for_is_broken() -> None:
    async with serving(always(http(b"{}"))) as server:
        upstream = OpenAICompatible("m", server.url, locality=Locality.EXTERNAL)
        with pytest.raises(Unavailable) as caught:
            await ask(upstream, stream=True)
        assert caught.value.code == "upstream.broken"
        await upstream.close()


async def test_a_hanging_upstream_is_left_when_the_call_is_cancelled() -> None:
    async def hangs(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await server.hang(reader)

    async with serving(hangs) as server:
        upstream = OpenAICompatible("m", server.url, locality=Locality.EXTERNAL)
        task = asyncio.create_task(ask(upstream))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.wait_for(server.ended.wait(), 2)
        assert upstream.pool.open == 0
        await upstream.close()


@pytest.mark.system("openssl")
async def test_tls_is_verified(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(  # noqa: ASYNC221
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"{}"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answers, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    limits = Limits(connect=3.0)
    known = OpenAICompatible(
        "m", f"https://localhost:{port}/v1", locality=Locality.EXTERNAL, limits=limits,
        tls=ssl.create_default_context(cafile=str(certificate)),
    )  # fmt: skip
    assert await ask(known) == b"{}"
    strangers = OpenAICompatible("m", f"https://localhost:{port}/v1", locality=Locality.EXTERNAL, limits=limits)
    with pytest.raises(Unavailable) as caught:
        await ask(strangers)
    assert caught.value.code == "upstream.unreachable"
    await known.close()
    await strangers.close()
    server.close()
    await server.wait_closed()
