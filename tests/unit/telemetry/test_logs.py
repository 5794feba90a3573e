# SPDX-License-Identifier: Apache-2.0
import io
import logging
import sys
from collections.abc import Iterator

import msgspec
import pytest

from answerable.errors import Refused
from answerable.telemetry.logs import JsonFormatter, TextFormatter, configure, scrub

CANARY = "canary-prompt-7f3a"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("debug", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_is_one_object_with_known_fields(logged: io.StringIO) -> None:
    logging.getLogger("a.b").info("action %s", "done", extra={"code": "stop.system", "ms": 5, "prompt": CANARY})
    entry = msgspec.json.decode(logged.getvalue())
    assert {k: entry[k] for k in ("level", "logger", "message", "code", "ms")} == {
        "level": "info", "logger": "a.b", "message": "action done", "code": "stop.system", "ms": 5,
    }  # fmt: skip
    assert entry["time"].endswith("Z")
    assert CANARY not in logged.getvalue()


def test_an_exception_s_words_stay_out(logged: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("a").exception("incident %s", "x1")
    try:
        raise Refused("model.unknown", model=CANARY)
    except Refused as error:
        logging.getLogger("a").error("refused", exc_info=error)
    text = logged.getvalue()
    assert CANARY not in text
    first, second = (msgspec.json.decode(line) for line in text.splitlines())
    assert first["exception"]["type"] == "ValueError"
    assert any("test_logs.py" in place for place in first["exception"]["at"])
    assert second["exception"]["code"] == "model.unknown"


def test_what_looks_like_a_credential_is_hidden() -> None:
    token = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ4In0.c2ln"
    text = scrub(f"ans_abcdefgh12345 {token} Authorization: Bearer abc.def")
    assert "ans_" not in text
    assert "eyJ" not in text
    assert "abc.def" not in text


def test_the_form_for_people() -> None:
    record = logging.LogRecord("a", logging.WARNING, "f", 1, "hello", (), None)
    record.code = "stop.system"
    line = TextFormatter().format(record)
    assert line.endswith("warning hello code=stop.system")
    assert sys.stderr is not None
    assert JsonFormatter().format(record).startswith("{")
