# SPDX-License-Identifier: Apache-2.0
"""Structured logs: one JSON object a line on standard error.

An exception's own words may repeat what a caller sent, so a record holds its type and the places it passed, never its
message nor source lines. What looks like a credential is taken out wherever it stands: a last net, not the rule.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from types import TracebackType
from typing import Any, Final, TextIO

import msgspec

from answerable.errors import AnswerableError

FIELDS: Final = ("act", "outcome", "code", "record", "ms", "incident", "upstream", "port", "step")
MAX_MESSAGE: Final = 2000
_SECRETS: Final = re.compile(r"ans_[A-Za-z0-9_-]{8,}|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}|Bearer\s+\S+")


def scrub(text: str) -> str:
    """`text` without anything that has the form of a handle or a token."""
    return _SECRETS.sub("[hidden]", text)


class JsonFormatter(logging.Formatter):
    """``{"time", "level", "logger", "message", …}``; of a record's extras those in `FIELDS`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage())[:MAX_MESSAGE],
        }
        for name in FIELDS:
            if (value := record.__dict__.get(name)) not in (None, ""):
                entry[name] = scrub(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            entry["exception"] = _described(record.exc_info[1], record.exc_info[2])
        return msgspec.json.encode(entry, enc_hook=str).decode()


class TextFormatter(JsonFormatter):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        entry = msgspec.json.decode(super().format(record))
        rest = " ".join(f"{name}={entry[name]}" for name in FIELDS if name in entry)
        line = f"{entry['time']} {entry['level']:<7} {entry['message']} {rest}".rstrip()
        return f"{line}\n  {entry['exception']}" if "exception" in entry else line


def configure(level: str = "info", *, text: bool = False, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream`, standard error by default. level: a name of `logging`'s levels."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def _described(error: BaseException, trace: TracebackType | None) -> dict[str, Any]:
    frames = traceback.extract_tb(trace, limit=-20)
    places = [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in frames]
    described: dict[str, Any] = {"type": type(error).__name__, "at": places}
    if isinstance(error, AnswerableError):
        described["code"] = error.code
    return described
