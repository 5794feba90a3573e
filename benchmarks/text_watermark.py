# SPDX-License-Identifier: Apache-2.0
"""The watermark in words: how often it is found, how often it accuses a text without it, and what it costs.

    python -m benchmarks.text_watermark [--texts 60] [--passages 10000] [--synthetic 2000] [--page FILE]

(1) a source of exactly one bit a token; (2) the real local model, through the same child process and wire as the
gateway's; (3) passages of what people wrote: texts and docstrings of the packages and documents on this machine.
Prints Markdown; `docs/reference/text-watermark.md` is what `--page` writes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import math
import os
import platform
import random
import statistics
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.marks.text_watermark import Score, Writer, sampling_key, score
from answerable.upstreams.local import LocalModel
from answerable.upstreams.weights import SMOLLM2, obtain
from benchmarks import label_reply

KEY: Final = bytes(range(32))
LENGTHS: Final = (50, 100, 200, 400)
RATES: Final = (1e-3, 1e-6)
SUFFIXES: Final = frozenset({".md", ".rst", ".txt", ".py", ".html"})
CHARACTERS: Final = 900  # of a passage: some 200 tokens
PER_FILE: Final = 4
# Each of one bit a token: two tokens alike; one that is likely and eight that are not; none and two in turn.
SOURCES: Final[dict[str, tuple[tuple[float, ...], ...]]] = {
    "two alike": ((0.5, 0.5),),
    "one likely, eight rare": ((0.861, *(0.139 / 8,) * 8),),
    "certain and free in turn": ((1.0,), (0.25,) * 4),
}
ASKED: Final = (
    "Tell me a story about a {} and the sea.",
    "Explain to a child how a {} works.",
    "Write a letter to a friend about a {}.",
    "What should I know before I buy a {}?",
    "Describe the history of the {}.",
)
ABOUT: Final = ("lighthouse", "bicycle", "garden", "clock", "bridge", "library", "kitchen", "train", "piano", "mirror")


def upper(hits: int, of: int, confidence: float = 0.95) -> float:
    """Upper end of the one-sided exact (Clopper-Pearson) interval of a rate."""
    if hits >= of:
        return 1.0
    low, high = hits / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        logs = [
            math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
            + k * math.log(middle) + (of - k) * math.log1p(-middle)
            for k in range(hits + 1)
        ]  # fmt: skip
        low, high = (low, middle) if math.fsum(map(math.exp, logs)) < 1 - confidence else (middle, high)
    return high


def lower(hits: int, of: int) -> float:
    """Lower end, likewise."""
    return 1 - upper(of - hits, of)


def synthetic(texts: int) -> str:
    lines = [
        f"One bit a token, {texts} texts a cell: share found at p < 0.001 (p < 0.000001).",
        "",
        "| source | bits | " + " | ".join(f"{length} tokens" for length in LENGTHS) + " |",
        "| --- | --- |" + " --- |" * len(LENGTHS),
    ]
    for name, shapes in SOURCES.items():
        bits = statistics.mean(-sum(p * math.log2(p) for p in shape) for shape in shapes)
        found = {length: [0] * len(RATES) for length in LENGTHS}
        for seed in range(texts):
            chance = random.Random(seed)
            writer = Writer(KEY, chance.random)
            said = [
                writer.next([(chance.randrange(1 << 16), p) for p in shapes[place % len(shapes)]])
                for place in range(max(LENGTHS))
            ]
            for length in LENGTHS:
                p_value = score(KEY, said[:length]).p_value
                for at, rate in enumerate(RATES):
                    found[length][at] += p_value < rate
        cells = [f"{found[length][0] / texts:.4f} ({found[length][1] / texts:.4f})" for length in LENGTHS]
        lines.append(f"| {name} | {bits:.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def passages(most: int) -> Iterator[str]:
    """Pieces of texts that stand on this machine, none twice."""
    seen: set[bytes] = set()
    roots = (Path(sysconfig.get_paths()["purelib"]), Path(sysconfig.get_paths()["stdlib"]), Path("/usr/share/doc"))
    for root in roots:
        for folder, _, names in sorted(os.walk(root)):
            for name in sorted(names):
                path = Path(folder, name)
                if path.suffix not in SUFFIXES and name != "METADATA" and name != "copyright":
                    continue
                try:
                    text = path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError):
                    continue
                for start in range(0, min(len(text), PER_FILE * CHARACTERS), CHARACTERS):
                    piece = text[start : start + CHARACTERS]
                    digest = hashlib.sha256(piece.strip().encode()).digest()
                    if len(piece) < CHARACTERS or digest in seen:
                        continue
                    seen.add(digest)
                    yield piece
                    if len(seen) >= most:
                        return


async def unmarked(model: LocalModel, most: int) -> str:
    started, scores = time.perf_counter(), []
    for number, passage in enumerate(passages(most)):
        scores.append(await model.find_mark(passage))
        if number % 1000 == 0:
            print(f"\rpassages: {number}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    spent = (time.perf_counter() - started) / len(scores)
    lines = [
        f"{len(scores)} passages that people wrote, {statistics.mean(each.scored for each in scores):.0f} scored "
        f"tokens each ({spent * 1000:.1f} ms each, tokenising included):",
        "",
        "| p below | accused | rate | 95 % upper bound |",
        "| --- | --- | --- | --- |",
    ]
    for rate in (1e-2, *RATES):
        hits = sum(each.p_value < rate for each in scores)
        lines.append(f"| {rate:g} | {hits} | {hits / len(scores):.2e} | {upper(hits, len(scores)):.2e} |")
    return "\n".join(lines)


async def ask(model: LocalModel, question: str, tokens: int, **more: Any) -> tuple[str, int, float]:
    """(words, tokens, tokens a second)."""
    body = {"messages": [{"role": "user", "content": question}], "max_tokens": tokens, **more}
    started = time.perf_counter()
    with closing(await model.call("/v1/chat/completions", msgspec.json.encode(body), stream=False)) as reply:
        answer = msgspec.json.decode(await reply.whole(1 << 24))
    spent = answer["usage"]["completion_tokens"]
    return answer["choices"][0]["message"]["content"], spent, spent / (time.perf_counter() - started)


async def real(marking: LocalModel, plain: LocalModel, texts: int, tokens: int) -> str:
    """Answers by turns, so that whatever else the machine does falls on both."""
    found: dict[str, list[Score]] = {"marked": [], "not marked": []}
    speed: dict[str, list[float]] = {"marked": [], "not marked": []}
    for number in range(texts * 4):
        question = ASKED[number % len(ASKED)].format(ABOUT[number // len(ASKED) % len(ABOUT)])
        for name, model in (("marked", marking), ("not marked", plain)):
            if len(found[name]) >= texts:
                continue
            words, said, rate = await ask(model, question, tokens, seed=number)
            speed[name].append(rate)
            if said >= tokens:  # shorter answers are no texts of that length
                found[name].append(await marking.find_mark(words))
        print(f"\ranswers: {len(found['marked'])}", end="", file=sys.stderr, flush=True)
        if all(len(each) >= texts for each in found.values()):
            break
    print(file=sys.stderr)
    lines = [
        f"{SMOLLM2.name}, answers of {tokens} tokens with the engine's own settings (temperature 0.8, top_k 40):",
        "",
        "| words | texts | p < 0.001 | 95 % bound | p < 0.000001 | median log10 p | tokens/s, median |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, scores in found.items():
        hits = [sum(each.p_value < rate for each in scores) for rate in RATES]
        bound = (
            f"at least {lower(hits[0], len(scores)):.4f}"
            if name == "marked"
            else f"at most {upper(hits[0], len(scores)):.4f}"
        )
        lines.append(
            f"| {name} | {len(scores)} | {hits[0] / len(scores):.4f} | {bound} | {hits[1] / len(scores):.4f} | "
            f"{statistics.median(each.log10_p for each in scores):.1f} | {statistics.median(speed[name]):.1f} |"
        )
    return "\n".join(lines)


async def run(texts: int, most: int, tokens: int) -> list[str]:
    path = await asyncio.to_thread(obtain, SMOLLM2)
    key = sampling_key(KEY, SMOLLM2.digest)
    made: Sequence[LocalModel] = [
        LocalModel(name, "generation", SMOLLM2, path, model=name, threads=2, context=1024, slots=1, sampling=sampling)
        for name, sampling in (("marking", key), ("plain", b""))
    ]
    try:
        for model in made:
            await model.start()
        parts = [await real(*made, texts, tokens)] if texts else []
        return parts + ([await unmarked(made[0], most)] if most else [])
    finally:
        for model in made:
            await model.close()


def page(parts: Sequence[str]) -> str:
    """The page of a whole run."""
    made, told, read = parts
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Printed by `python -m benchmarks.text_watermark --page`; measure again instead of editing. -->
# The watermark in words: what was measured

With CPython {platform.python_version()} on {os.cpu_count()} cores under other load: speeds are lower bounds, and
compare with each other alone (answers with and without the mark were asked for by turns). How it is done:
[label](../spec/label.md#watermark-in-words).

## A source of one bit a token

{made}

To reach: 0.99 at 200 tokens, p < 0.001.

## The local model

{told}

Each token is a call of its own to the engine, marked or not, and the engine keeps what was said. Answers in a script
whose characters are several tokens (Chinese, with this model) bear less of the mark: tokens that end inside a character
are drawn by the engine.

## What people wrote

{read}

The p-value is exact, so each rate should be near its limit or below; 0.000001 is what `answerable read` calls *found*.

## The label of a reply without it

`python -m benchmarks.label_reply`, CPU time of decoding, labelling and encoding one reply, the least of many rounds:

{label_reply.table()}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=60)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--synthetic", type=int, default=2_000)
    parser.add_argument("--page", type=Path, help="write the page of a whole run here")
    args = parser.parse_args()
    if args.page and not (args.synthetic and args.texts and args.passages):
        parser.error("a page is of a whole run")
    parts = [synthetic(args.synthetic)] if args.synthetic else []
    if args.texts or args.passages:
        parts += asyncio.run(run(args.texts, args.passages, args.tokens))
    print("\n\n".join(parts))
    if args.page:
        args.page.write_text(page(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
