# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in: a clear error with a code of ours, recorded under its caller, and a server that goes on."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.e2e.running import DEFECTS, Demo
from tests.e2e.upstream import Upstream

pytestmark = pytest.mark.model

PATH = "/v1/chat/completions"
ANSWER_S = 10.0
GOOD: Any = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
MIB = 1 << 20


@dataclass
class Answer:
    """One HTTP answer, read byte by byte: no client's good manners in between."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found

    @property
    def code(self) -> str:
        return str(self.error["code"])


def connect(demo: Demo, timeout: float = ANSWER_S) -> socket.socket:
    return socket.create_connection(demo.address, timeout=timeout)


def read_answer(stream: Any) -> Answer | None:
    """The next answer on a connection, None at its end."""
    line = stream.readline()
    if not line:
        return None
    status = int(line.split()[1])
    headers: dict[str, str] = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Answer(status, headers, stream.read(int(headers.get("content-length", "0"))))


def send(demo: Demo, data: bytes, quiet: float = 0.3) -> list[Answer]:
    """Everything that is answered until the server hangs up, or says no more for `quiet` seconds."""
    answers = []
    with connect(demo, 3.0) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(data)
        with sock.makefile("rb") as stream, contextlib.suppress(TimeoutError, ConnectionResetError):
            while (answer := read_answer(stream)) is not None:
                answers.append(answer)
                sock.settimeout(quiet)
                if not stream.peek(1) or answer.headers.get("connection") == "close":
                    break
    return answers


def post(demo: Demo, body: bytes, *, key: str | None = None, path: str = PATH, **headers: str) -> Answer:
    sent = {"authorization": f"Bearer {demo.handle if key is None else key}", "content-type": "application/json"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    answer = httpx2.post(demo.root + path, content=body, headers=sent, timeout=ANSWER_S)
    return Answer(answer.status_code, dict(answer.headers), answer.content)


def refused(demo: Demo, answer: Answer, status: int, code: str) -> None:
    """A clear error in OpenAI's shape, recorded under its caller."""
    error = answer.error
    assert (answer.status, error["code"]) == (status, code), error
    assert error["message"]
    assert error["remedy"]
    assert error["zh"]["reason"]
    record = answer.headers["x-answerable-record"]
    leaf = demo.record(record)
    assert (leaf["k"], leaf["dec"], leaf["err"]) == ("open", "refuse", code)
    assert error["answerable"]["record"] == record


@pytest.fixture(scope="module", autouse=True)
def _alive(demo: Demo) -> Iterator[None]:
    """After all of it: it answers, it is ready, it met no defect."""
    yield
    assert post(demo, json.dumps(GOOD).encode()).status == 200
    assert httpx2.get(demo.root + "/readyz").json()["status"] == "ready"
    said = demo.talk()
    assert not [word for word in DEFECTS if word in said], said


# --- slow clients: begun first, looked at last, so that everything else happens beside them ---------------------------


@dataclass
class Slow:
    """A client in a thread that sends a byte now and then. seconds: until it was answered or hung up on."""

    seconds: float = 0.0
    answer: Answer | None = None
    thread: threading.Thread | None = None
    said: list[bytes] = field(default_factory=list)

    def begin(self, demo: Demo, first: bytes, byte: bytes) -> Slow:
        self.thread = threading.Thread(target=self._send, args=(demo, first, byte), daemon=True)
        self.thread.start()
        return self

    def _send(self, demo: Demo, first: bytes, byte: bytes) -> None:
        began = time.monotonic()
        with connect(demo, 0.5) as sock, sock.makefile("rb") as stream:
            sock.sendall(first)
            while time.monotonic() - began < 40:
                try:
                    self.answer = read_answer(stream)
                    break
                except TimeoutError:
                    # A timed-out stream is of no more use, the socket still is.
                    stream = sock.makefile("rb")
                except OSError:
                    break
                with contextlib.suppress(OSError):
                    sock.sendall(byte)
        self.seconds = time.monotonic() - began


@pytest.fixture(scope="module", autouse=True)
def slow(demo: Demo) -> dict[str, Slow]:
    head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {demo.handle}\r\n".encode()
    return {
        "head": Slow().begin(demo, head + b"x-slow: ", b"a"),
        "nothing": Slow().begin(demo, b"", b""),
        "body": Slow().begin(demo, head + b"content-length: 100\r\n\r\n{", b" "),
        "chunks": Slow().begin(demo, head + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        "stranger": Slow().begin(
            demo, f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n".encode(), b" "
        ),
    }


# --- bodies -----------------------------------------------------------------------------------------------------------


def _keys(count: int, between: bytes = b":") -> bytes:
    members = b",".join(b'"k%d"%b1' % (n, between) for n in range(count))
    return b'{"model":"auto","messages":[{"role":"user","content":"x"}],"extra":{' + members + b"}}"


def _text(body: bytes) -> bytes:
    return b'{"model":"auto","messages":[{"role":"user","content":"' + body + b'"}]}'


MALFORMED = {
    "empty": b"",
    "half": b'{"model": "auto", "messages": [',
    "array": b"[]",
    "null": b"null",
    "text": b'"hello"',
    "number": b"1",
    "two objects": b"{}{}",
    "trailing comma": b'{"model":"auto",}',
    "single quotes": b"{'model':'auto'}",
    "invalid utf-8": _text(b"\xff\xfe"),
    "overlong utf-8": _text(b"\xc0\xaf"),
    "utf-16": json.dumps(GOOD).encode("utf-16"),
    "lone surrogate": _text(rb"\ud800"),
    "control character": _text(b"\x00"),
    "nan": b'{"model":"auto","temperature":NaN}',
    "infinity": b'{"model":"auto","temperature":1e999}',
    "zeros": b"\x00" * 4096,
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    "form": b"model=auto&messages=x",
}
COMPLEX = {
    "a million keys": _keys(300_000),
    "keys that hide from the first count": _keys(250_000, b" :"),
    "deep lists": b'{"model":"auto","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"model":"auto","x":' + b'{"a":' * 40_000 + b"1" + b"}" * 40_000 + b"}",
    "a little too deep": b'{"model":"auto","x":' + b"[" * 64 + b"]" * 64 + b"}",
    "too many elements": b'{"model":"auto","x":[' + b"1," * 1_048_577 + b"1]}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_object(demo: Demo, body: bytes) -> None:
    refused(demo, post(demo, body), 400, "request.malformed")


@pytest.mark.parametrize("body", COMPLEX.values(), ids=COMPLEX.keys())
def test_what_is_too_complex(demo: Demo, body: bytes) -> None:
    assert len(body) < 4 * MIB
    began = time.monotonic()
    refused(demo, post(demo, body), 400, "request.too_complex")
    assert time.monotonic() - began < 5


def test_a_really_million_keys(demo: Demo) -> None:
    body = _keys(1_000_000)
    refused(demo, post(demo, body), 413, "request.too_large")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": 5}, "model"),
        ({"model": "m" * 600}, "model"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": 5}]}, "messages[0]"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": 5}, "stream_options"),
        ({"user": "u" * 600}, "user"),
        ({"user": {}}, "user"),
    ],
)
def test_members_of_another_kind(demo: Demo, change: dict[str, Any], param: str) -> None:
    answer = post(demo, json.dumps({**GOOD, **change}).encode())
    refused(demo, answer, 400, "request.invalid")
    assert answer.error["param"] == param


@pytest.mark.parametrize("tool", [5, {"type": "web_search"}, {"type": "mcp", "server_url": "https://x.invalid"}])
def test_tools_that_nobody_here_would_see_called(demo: Demo, tool: Any) -> None:
    refused(demo, post(demo, json.dumps({**GOOD, "tools": [tool]}).encode()), 403, "tool.hosted")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings"])
def test_members_that_are_missing(demo: Demo, path: str) -> None:
    refused(demo, post(demo, b"{}", path=path), 400, "request.missing")
    refused(demo, post(demo, b'{"model":"auto"}', path=path), 400, "request.missing")


@pytest.mark.parametrize(
    "body",
    [
        {**GOOD, "max_tokens": -(2**62)},
        {**GOOD, "n": 10**9},
        {**GOOD, "temperature": -1e308},
        {**GOOD, "messages": [{"role": "\x00", "content": None}]},
        {**GOOD, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        {**GOOD, "logit_bias": {"a": "b"}},
        {**GOOD, "response_format": {"type": "json_schema", "json_schema": {"schema": {"$ref": "#"}}}},
        {**GOOD, "grammar": "root ::= ((((((("},
        {**GOOD, "messages": [{"role": "user", "content": "a " * 100_000}]},
    ],
)
def test_what_only_the_model_can_judge_is_its_clear_error(demo: Demo, body: dict[str, Any]) -> None:
    answer = post(demo, json.dumps(body).encode())
    record = answer.headers["x-answerable-record"]
    close = demo.close_of(record)
    assert close is not None
    if answer.status == 200:  # some of it the model takes
        assert close["st"] == "done"
        return
    assert answer.code.startswith(("upstream.", "redline.")), answer.error
    assert close["err"] == answer.code
    assert 400 <= answer.status < 600


def test_too_large_by_its_announcement_by_its_chunks_and_by_a_lie(demo: Demo) -> None:
    refused(demo, post(demo, b" " * (4 * MIB + 1)), 413, "request.too_large")
    head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {demo.handle}\r\n".encode()
    announced = send(demo, head + b"content-length: 999999999999999\r\n\r\n{")
    refused(demo, announced[0], 413, "request.too_large")
    chunk = b"%x\r\n%b\r\n" % (MIB, b" " * MIB)
    chunked = send(demo, head + b"transfer-encoding: chunked\r\n\r\n" + chunk * 6)
    if chunked:  # the connection may be reset under the rest of what we send
        refused(demo, chunked[0], 413, "request.too_large")


def test_compressed_bodies(demo: Demo) -> None:
    for encoding in ("gzip", "br", "zstd", "deflate", "gzip, gzip", "x"):
        refused(demo, post(demo, b"\x1f\x8b\x08", content_encoding=encoding), 415, "request.encoding")
    assert post(demo, json.dumps(GOOD).encode(), content_encoding="identity").status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", _keys(60_000), b'{"model":5}', b" " * (4 * MIB + 1)])
def test_a_stranger_learns_nothing_of_what_is_wrong_with_his_request(demo: Demo, body: bytes) -> None:
    before = len(demo.records())
    answer = post(demo, body, key="ans_" + "A" * 43)
    assert (answer.status, answer.code) == (401, "handle.unknown")
    assert "x-answerable-record" not in answer.headers
    assert all(e["kind"] != "open" or e["leaf"]["dec"] == "permit" for e in demo.records()[before:])


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("answerable-world", "lunar"),
        ("answerable-criticality", "very"),
        ("answerable-data-class", "x" * 5000),
        ("answerable-principal", "p" * 300),
        ("answerable-hold", "not a record id"),
    ],
)
def test_headers_of_ours_that_say_nothing_known(demo: Demo, header: str, value: str) -> None:
    answer = post(demo, json.dumps(GOOD).encode(), **{header: value})
    refused(demo, answer, 400, "request.header")


# --- heads ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_methods_that_a_path_does_not_take(demo: Demo, method: str) -> None:
    for path, other in ((PATH, "GET"), ("/v1/models", "POST"), ("/metrics", "POST"), ("/healthz", "DELETE")):
        wrong = method if path == PATH else other
        answer = httpx2.request(wrong, demo.root + path, headers={"authorization": f"Bearer {demo.handle}"})
        assert answer.status_code == 405
        assert answer.json()["error"]["code"] == "request.method"


NOWHERE = ("/", "/v1", "/v1/", "//v1/models", "/v1/chat/completions/", "/v2/models", "/v1/files", "/control/v1/who")
NOWHERE_ODD = (
    "/v1/%63hat",
    "/../etc/passwd",
    "/v1/..%2f..%2fetc%2fpasswd",
    "/" + "a" * 8000,
    "/v1/models?x=" + "y" * 8000,
)


@pytest.mark.parametrize("path", NOWHERE + NOWHERE_ODD)
def test_paths_where_nothing_is(demo: Demo, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {demo.handle}\r\n\r\n"
    answer = send(demo, head.encode())[0]
    if path.startswith("/v1/models?"):
        assert answer.status == 200
        return
    assert (answer.status, answer.code) == (404, "request.not_found")


def test_models_of_strange_names(demo: Demo) -> None:
    for name in ("", "%00", "..", "%2e%2e%2f", "a" * 5000, "%F0%9F%92%A9", "%ff"):
        head = f"GET /v1/models/{name} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {demo.handle}\r\n\r\n"
        answer = send(demo, head.encode())[0]
        assert (answer.status, answer.code) == (404, "model.unknown"), (name, answer)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "169.254.169.254"])
def test_hosts_that_are_not_ours(demo: Demo, host: str) -> None:
    head = f"GET /v1/models HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {demo.handle}\r\n\r\n"
    answer = send(demo, head.encode())[0]
    assert (answer.status, answer.code) == (421, "request.host")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "file://"])
def test_web_pages_may_not_call(demo: Demo, origin: str) -> None:
    answer = post(demo, json.dumps(GOOD).encode(), origin=origin)
    assert (answer.status, answer.code) == (403, "request.origin")
    assert not any(name.startswith("access-control") for name in answer.headers)


def _raw(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


GARBAGE = {
    "noise": random.Random(3).randbytes(4096),
    "nothing but newlines": b"\r\n" * 2000,
    "a tls hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "http 0.9": b"GET /v1/models\r\n\r\n",
    "http 9": _raw("GET /v1/models HTTP/9.9", "host: localhost"),
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "no host": _raw("GET /v1/models HTTP/1.1"),
    "two hosts": _raw("GET /v1/models HTTP/1.1", "host: localhost", "host: localhost"),
    "length and chunks": _raw(
        f"POST {PATH} HTTP/1.1", "host: localhost", "content-length: 5", "transfer-encoding: chunked", body=b"0\r\n\r\n"
    ),
    "two lengths": _raw(
        f"POST {PATH} HTTP/1.1", "host: localhost", "content-length: 2", "content-length: 3", body=b"{}"
    ),
    "negative length": _raw(f"POST {PATH} HTTP/1.1", "host: localhost", "content-length: -1", body=b"{}"),
    "no number": _raw(f"POST {PATH} HTTP/1.1", "host: localhost", "content-length: 0x2", body=b"{}"),
    "plus": _raw(f"POST {PATH} HTTP/1.1", "host: localhost", "content-length: +2", body=b"{}"),
    "huge length": _raw(f"POST {PATH} HTTP/1.1", "host: localhost", "content-length: " + "9" * 40, body=b"{}"),
    "wrong chunk": _raw(
        f"POST {PATH} HTTP/1.1", "host: localhost", "transfer-encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"
    ),
    "unknown coding": _raw(f"POST {PATH} HTTP/1.1", "host: localhost", "transfer-encoding: gzip", body=b"{}"),
    "space before the colon": _raw("GET /v1/models HTTP/1.1", "host : localhost"),
    "folded": _raw("GET /v1/models HTTP/1.1", "host: localhost", "x-a: b", " c"),
    "zero byte": _raw("GET /v1/models HTTP/1.1", "host: localhost", "x-a: b\0c"),
    "bare newline in a value": _raw("GET /v1/models HTTP/1.1", "host: localhost", "x-a: b\nx-c: d"),
    "two keys": _raw(
        "GET /v1/models HTTP/1.1", "host: localhost", "authorization: Bearer a", "authorization: Bearer b"
    ),
    "large head": _raw("GET /v1/models HTTP/1.1", "host: localhost", "x-a: " + "b" * 100_000),
    "many headers": _raw("GET /v1/models HTTP/1.1", "host: localhost", *(f"x-{n}: y" for n in range(20_000))),
    "large line": b"GET /" + b"a" * 200_000,
    "endless trailer": _raw(
        f"POST {PATH} HTTP/1.1", "host: localhost", "transfer-encoding: chunked", body=b"0\r\nx: " + b"y" * 400_000
    ),
    "endless chunk extension": _raw(
        f"POST {PATH} HTTP/1.1", "host: localhost", "transfer-encoding: chunked", body=b"1;" + b"x" * 400_000
    ),
    "absolute form": _raw("GET http://evil.example/v1/models HTTP/1.1", "host: evil.example"),
    "connect": _raw("CONNECT evil.example:443 HTTP/1.1", "host: evil.example:443"),
    "websocket": _raw(
        "GET /v1/models HTTP/1.1",
        "host: localhost",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_hardly_http(demo: Demo, data: bytes) -> None:
    for answer in send(demo, data):
        assert 400 <= answer.status < 500, answer
        assert answer.code.split(".")[0] in ("request", "warrant"), answer.error
        assert answer.error["remedy"]
    assert httpx2.get(demo.root + "/healthz").status_code == 200


def test_pipelined_requests_are_answered_in_order_and_garbage_ends_it(demo: Demo) -> None:
    key = f"authorization: Bearer {demo.handle}"
    models = _raw("GET /v1/models HTTP/1.1", "host: localhost", key)
    health = _raw("GET /healthz HTTP/1.1", "host: localhost")
    ask = json.dumps(GOOD).encode()
    chat = _raw(f"POST {PATH} HTTP/1.1", "host: localhost", key, f"content-length: {len(ask)}", body=ask)
    answers = send(demo, models + chat + models + b"\x00\x01garbage\r\n\r\n" + health, quiet=3.0)
    assert [answer.status for answer in answers[:3]] in ([200, 200, 200], [200, 200, 400], [200, 400], [400]), answers
    if len(answers) >= 3:
        assert json.loads(answers[0].body)["object"] == "list"
        assert json.loads(answers[1].body)["object"] == "chat.completion"
    assert len(answers) <= 4, "nothing after the garbage is answered"
    asked = send(demo, health + chat, quiet=3.0)
    assert [answer.status for answer in asked] == [200], "who says nothing of himself is answered once a connection"


def test_a_smuggled_request_is_not_answered(demo: Demo) -> None:
    """Two lengths for one body: whichever is believed, what follows must not count as a request of its own."""
    inner = _raw("GET /healthz HTTP/1.1", "host: localhost")
    data = _raw(
        f"POST {PATH} HTTP/1.1",
        "host: localhost",
        f"content-length: {len(inner) + 5}",
        "transfer-encoding: chunked",
        body=b"0\r\n\r\n" + inner,
    )
    assert not any(b'"ok"' in answer.body for answer in send(demo, data))


# --- clients that go away ---------------------------------------------------------------------------------------------


def _reset(sock: socket.socket) -> None:
    """Close with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_clients_that_go_away_at_any_point(demo: Demo) -> None:
    ask = json.dumps({**GOOD, "max_tokens": 200, "stream": True}).encode()
    whole = _raw(
        f"POST {PATH} HTTP/1.1",
        "host: localhost",
        f"authorization: Bearer {demo.handle}",
        f"content-length: {len(ask)}",
        body=ask,
    )
    dice = random.Random(4)
    cuts = [0, 1, whole.index(b"\r\n\r\n"), len(whole) - 1, *(dice.randrange(len(whole)) for _ in range(12))]
    for cut in cuts:
        sock = connect(demo)
        sock.sendall(whole[:cut])
        if dice.random() < 0.5:
            _reset(sock)
        else:
            sock.close()
    for _ in range(3):
        sock = connect(demo)
        sock.sendall(whole)
        assert sock.recv(10) == b"HTTP/1.1 2"
        _reset(sock)
    until = time.monotonic() + 10
    while _flights(demo) and time.monotonic() < until:
        time.sleep(0.1)
    assert _flights(demo) == 0, "what a client left is not carried on"
    ends = [entry["leaf"] for entry in demo.records() if entry["kind"] == "close"]
    assert sum(leaf.get("err") == "request.disconnected" for leaf in ends) >= 3


def _flights(demo: Demo) -> int:
    page = httpx2.get(demo.root + "/metrics").text
    line = next(line for line in page.splitlines() if line.startswith("answerable_flights "))
    return int(float(line.split()[1]))


def test_many_idle_connections_do_not_keep_others_out(demo: Demo) -> None:
    idle = [connect(demo) for _ in range(300)]
    try:
        assert post(demo, json.dumps(GOOD).encode()).status == 200
    finally:
        for sock in idle:
            sock.close()


@pytest.mark.system("prlimit")
def test_strangers_cannot_use_up_the_files_that_log_and_officers_need(
    start: Callable[..., Demo], scripted_upstream: Upstream
) -> None:
    flags = ("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local")
    small = start(*flags, prefix=("prlimit", "--nofile=256:256"))
    held = []
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                held.append(connect(small, 1.0))
        time.sleep(0.3)
        stopped = small.cli("stop", "scripted", "--reason", "flood", "--as", "officer-1", "--as", "officer-2")
        assert stopped.status == 0, stopped
    finally:
        for sock in held:
            sock.close()
    assert "error" not in small.talk()


# --- and the slow ones, at last ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["body", "chunks"])
def test_a_body_that_does_not_come_is_refused_and_recorded(demo: Demo, slow: dict[str, Slow], kind: str) -> None:
    one = slow[kind]
    assert one.thread is not None
    one.thread.join(45)
    assert one.answer is not None
    refused(demo, one.answer, 408, "request.slow")
    assert 14 < one.seconds < 25


def test_a_stranger_who_is_slow_is_a_stranger(slow: dict[str, Slow]) -> None:
    one = slow["stranger"]
    assert one.thread is not None
    one.thread.join(45)
    assert one.answer is not None
    assert one.answer.status == 401


@pytest.mark.parametrize("kind", ["head", "nothing"])
def test_a_head_that_does_not_come_is_hung_up_on(slow: dict[str, Slow], kind: str) -> None:
    one = slow[kind]
    assert one.thread is not None
    one.thread.join(45)
    assert one.seconds < 30
    assert one.answer is None or one.answer.status in (400, 408)
