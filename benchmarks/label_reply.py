# SPDX-License-Identifier: Apache-2.0
"""What the label of one chat reply costs in CPU time, without the text watermark: all that the gateway would not do if
it labelled nothing.

    python -m benchmarks.label_reply [--rounds 2000] [--pieces 200]
"""

from __future__ import annotations

import argparse
import time
from types import SimpleNamespace
from typing import Any, Final

from answerable.formats.api_text import dialects
from answerable.marks.aigc import as_json
from answerable.marks.asked import words_mark
from answerable.marks.compose import compose
from answerable.model.actions import Action
from answerable.model.labels import EngineMarks
from answerable.model.terms import Act, Audience
from answerable.model.warrants import Credential, Peer
from answerable.protocols.openai.request import CHAT
from answerable.protocols.openai.sampling import sampling, without_opt_out

BAR_US: Final = 50.0
RECORD: Final = "a" * 32
REQUEST: Final[dict[str, Any]] = {"model": "m", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
ACTION: Final = Action(Act.GENERATION, Credential("x", Peer()), "m", REQUEST, b"", False, "en")
WHOLE: Final = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":'
    b'"assistant","content":"Because of Rayleigh scattering."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,'
    b'"completion_tokens":6,"total_tokens":15}}'
)
_EVENT: Final = (
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",' + '"choices":[{"index":0,%s}]}'
)


def stream(pieces: int) -> bytes:
    """A stream of that many words."""
    events = [_EVENT % '"delta":{"role":"assistant","content":""},"finish_reason":null']
    events += [_EVENT % f'"delta":{{"content":" word{n}"}},"finish_reason":null' for n in range(pieces)]
    events.append(_EVENT % '"delta":{},"finish_reason":"stop"')
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()


def reply(data: bytes, *, streamed: bool, labelled: bool) -> float:
    """CPU seconds of decoding, labelling and encoding one answer."""
    dialect = dialects_.at(CHAT)
    caller: Any = SimpleNamespace(
        warrant=SimpleNamespace(audience=Audience.PUBLIC, party="p"), system=SimpleNamespace(kind="application")
    )
    model: Any = SimpleNamespace(system=SimpleNamespace(rid="m", kind="model"))
    body = dict(REQUEST)
    started = time.process_time_ns()
    decoder = dialect.decoder(stream=streamed)
    mark = None
    if labelled:
        without_opt_out(body)
        said = words_mark(EngineMarks.UNKNOWN, sampling(CHAT, REQUEST))
        label = compose(
            action=ACTION, caller=caller, model=model, record=RECORD, provider="001191110000802100433B10001",
            words_mark=said,
        )  # fmt: skip
        mark = dialect.label_format(stream=streamed).writer(label)
        as_json(label.aigc)
    out = []
    for chunk in [*decoder.feed(data), *decoder.end()]:
        marked = mark.feed(chunk) if mark is not None else chunk
        dialect.stamp(marked, RECORD, "m")
        out.append(dialect.encode(marked, stream=streamed))
    return (time.process_time_ns() - started) / 1e9


dialects_ = dialects()


def cost(data: bytes, rounds: int, *, streamed: bool) -> tuple[float, float]:
    """Microseconds, least of all rounds, that a reply takes without and with its label: by turns."""
    best = {False: 1.0, True: 1.0}
    for _ in range(rounds):
        for labelled in best:
            best[labelled] = min(best[labelled], reply(data, streamed=streamed, labelled=labelled))
    return best[False] * 1e6, best[True] * 1e6


def table(rounds: int = 2000, pieces: int = 200) -> str:
    """Each kind of reply."""
    lines = ["| reply | without, µs of CPU | with label, µs of CPU | the label costs |", "| --- | --- | --- | --- |"]
    for name, data, streamed in (("whole", WHOLE, False), (f"stream of {pieces} pieces", stream(pieces), True)):
        bare, labelled = cost(data, rounds, streamed=streamed)
        lines.append(f"| {name} | {bare:.1f} | {labelled:.1f} | {labelled - bare:.1f} µs (bar: {BAR_US:.0f}) |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--pieces", type=int, default=200)
    args = parser.parse_args()
    print(table(args.rounds, args.pieces))


if __name__ == "__main__":
    main()
