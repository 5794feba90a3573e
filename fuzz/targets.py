# SPDX-License-Identifier: Apache-2.0
"""The parsers that meet a stranger's bytes, each as a function of bytes that may raise our errors and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from answerable.admission import envelope, onsite, proof, reports
from answerable.admission import warrant as warrants
from answerable.crypto import canonical, dsse, jwt
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.formats import saved
from answerable.formats.api_text import dialects
from answerable.machines import frames, journal
from answerable.marks import aigc, provider_code
from answerable.model import events
from answerable.model.envelopes import Envelope, EnvelopeCopy
from answerable.model.terms import Audience, Criticality, World
from answerable.protocols.openai.request import read
from answerable.registry import ids
from answerable.warrants.bindings import Binding
from fuzz.av_targets import AV_TARGETS
from fuzz.c2pa_targets import C2PA_TARGETS
from fuzz.cedar_targets import CEDAR_TARGETS
from fuzz.explicit_targets import EXPLICIT_TARGETS
from fuzz.format_targets import FORMAT_TARGETS
from fuzz.hold_targets import HOLD_TARGETS
from fuzz.holder_targets import HOLDER_TARGETS
from fuzz.label_targets import LABEL_TARGETS
from fuzz.log_targets import LOG_TARGETS
from fuzz.mcp_targets import MCP_TARGETS
from fuzz.node_targets import NODE_TARGETS
from fuzz.relay_targets import RELAY_TARGETS
from fuzz.tool_targets import TOOL_TARGETS

Target = Callable[[bytes], object]

_KEY: Final = Key.from_seed(b"fuzz" * 8)
_ENVELOPE: Final = Envelope(
    iss="i",
    site="o",
    aud=("d",),
    system="s",
    party="p",
    grant="g",
    copies=(EnvelopeCopy(cpy="c", key=b64u(bytes(range(32))), sub="s/copy/1"),),
    ancestors=(1,),
    iat_ms=1,
    exp_ms=2,
    bound=2,
    jti="j",
    epoch=0,
    key=b64u(_KEY.public),
    worlds=(World.INFORMATION,),
    max_criticality=Criticality.ORDINARY,
    tier=0,
    audience=Audience.INTERNAL,
)
_DIALECTS: Final = dialects()
_PATHS: Final = ("/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings")


def _text(data: bytes) -> str:
    """Bytes that are no UTF-8 become lone surrogates: text that a careless reader cannot encode again."""
    return data.decode("utf-8", "surrogateescape")


def _requests(data: bytes) -> None:
    for path in _PATHS:
        with contextlib.suppress(AnswerableError):
            parsed = read(path, data)
            _DIALECTS.of(parsed).prepare(parsed.request, "m", stream=parsed.stream)


def _answers(data: bytes) -> None:
    """Cut in two at a place that the bytes choose: what straddles two reads must be understood or refused as well."""
    cut = data[0] * len(data) // 256 if data else 0
    for path in _PATHS:
        for stream in (False, True):
            dialect = _DIALECTS.at(path)
            with contextlib.suppress(AnswerableError):
                decoder, said = dialect.decoder(stream=stream), dialect.content()
                for chunk in (*decoder.feed(data[:cut]), *decoder.feed(data[cut:]), *decoder.end()):
                    dialect.stamp(chunk, "r" * 32, "m")
                    said.add(chunk)
                    dialect.encode(chunk, stream=stream)
                said.body()


def _chains(data: bytes) -> None:
    """Any two texts, and any text under an envelope that is good."""
    text = _text(data)
    first, _, second = text.partition("\n")
    with contextlib.suppress(AnswerableError):
        onsite.read(second, first, {"k": _KEY.public})
    onsite.under(text, _ENVELOPE, "0" * 64)


def _devices(data: bytes) -> None:
    with contextlib.suppress(AnswerableError):
        frames.read_ask(data)
    with contextlib.suppress(AnswerableError):
        frames.read_say(data, _KEY.public)
    journal.read(data, _KEY.public)


def _events(data: bytes) -> None:
    """What a guard or a device tells, whole; and facts that somebody known signed, whatever they are."""
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
        report = msgspec.json.decode(data, type=reports.Report)
        reports.accept(report, origin="o", public=_KEY.public, now_ms=report.event.at)
    with contextlib.suppress(msgspec.MsgspecError):
        fact = events.read(data)
        made = reports.make(fact, system="a" * 32, by="b" * 32, origin="o", key=_KEY, at=1)
        assert reports.accept(made, origin="o", public=_KEY.public, now_ms=1).fact == fact


TARGETS: Final[dict[str, Target]] = {
    "aigc": aigc.read,
    "answers": _answers,
    "binding": lambda data: Binding.parse(_text(data)),
    "canonical": canonical.loads,
    "device": _devices,
    "dsse": lambda data: dsse.verify(data, {"k": _KEY.public}),
    "event": _events,
    "envelope": lambda data: envelope.parse(_text(data), {"k": _KEY.public}),
    "identifier": lambda data: ids.parse(_text(data)),
    "jwt": lambda data: jwt.peek(_text(data)),
    "onsite": _chains,
    "proof": lambda data: proof.kid_of(_text(data)),
    "provider_code": lambda data: provider_code.parse(_text(data)),
    "requests": _requests,
    "saved": saved.read,
    "warrant": lambda data: warrants.parse(_text(data), {"k": _KEY.public}),
    **AV_TARGETS,
    **C2PA_TARGETS,
    **CEDAR_TARGETS,
    **EXPLICIT_TARGETS,
    **FORMAT_TARGETS,
    **HOLD_TARGETS,
    **HOLDER_TARGETS,
    **LABEL_TARGETS,
    **LOG_TARGETS,
    **MCP_TARGETS,
    **NODE_TARGETS,
    **TOOL_TARGETS,
    **RELAY_TARGETS,
}


def run(target: Target, data: bytes) -> None:
    """One input. Raises what is not one of our errors: that is a finding."""
    with contextlib.suppress(AnswerableError):
        target(data)


def seeds() -> Iterator[bytes]:
    """Inputs near what is well formed: every text in the published test vectors, whole and as JSON; what is binary
    stands there in hexadecimal digits."""
    import json
    import re
    from pathlib import Path

    def texts(value: object) -> Iterator[bytes]:
        if isinstance(value, str):
            yield value.encode("utf-8", "surrogatepass")
            if re.fullmatch("(?:[0-9a-f]{2}){64,}", value):
                yield bytes.fromhex(value)
        elif isinstance(value, list | tuple):
            for each in value:
                yield from texts(each)
        elif isinstance(value, dict):
            yield json.dumps(value).encode()
            for each in value.values():
                yield from texts(each)

    for file in sorted((Path(__file__).parents[1] / "docs" / "spec" / "vectors").glob("*.json")):
        yield from texts(json.loads(file.read_text(encoding="utf-8")))
