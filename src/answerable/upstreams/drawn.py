# SPDX-License-Identifier: Apache-2.0
"""An answer whose words we draw ourselves, in the child: the engine gives the distribution of each next token, after
all of its own samplers, and `marks.text_watermark` chooses from it.

The engine offers no place for a sampler of one's own, so each token is a call of its own to the slot that the answer
has to itself; the slot keeps what was said, and the first call forgets whatever was in it before.

Where the engine draws a token that ends inside a character it tells no distribution: that token stands, without a mark.
Where it does not, we choose among those that do not. So every token is as likely as by the engine alone.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from answerable.errors import Unavailable
from answerable.marks.text_watermark import Writer
from answerable.net.endpoint import Endpoint
from answerable.net.limits import Limits
from answerable.net.pool import Pool, head, request
from answerable.upstreams.stopping import Speech

CANDIDATES: Final = 1024  # of the likeliest tokens; by default the engine leaves 40
MAX_ANSWER: Final = 4 << 20
_TRIES: Final = 40  # each tells with 95 in 100
TOO_LONG: Final = "exceed_context_size_error"
# Members that the engine's own samplers take, and nothing else of a request reaches it here.
SAMPLERS: Final = frozenset(
    (
        "temperature", "top_p", "top_k", "min_p", "typical_p", "top_n_sigma", "xtc_probability", "xtc_threshold",
        "dynatemp_range", "dynatemp_exponent", "repeat_last_n", "repeat_penalty", "presence_penalty",
        "frequency_penalty", "dry_multiplier", "dry_base", "dry_allowed_length", "dry_penalty_last_n",
        "dry_sequence_breakers", "mirostat", "mirostat_tau", "mirostat_eta", "min_keep", "logit_bias", "ignore_eos",
        "samplers",
    )
)  # fmt: skip


class Rejected(Exception):
    """The engine refuses: its status and body."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    @property
    def too_long(self) -> bool:
        return TOO_LONG.encode() in self.body


class Token(msgspec.Struct, frozen=True):
    id: int
    bytes: list[int]
    prob: float


class Drawn(Token, frozen=True):
    top_probs: list[Token]


class Step(msgspec.Struct, frozen=True):
    """What the engine says of one token. stop_type: ``eos`` if the one that it drew itself ends the answer; tokens: the
    one that it drew; the probabilities are left out where that one ends inside a character."""

    stop_type: str
    tokens_evaluated: int
    completion_probabilities: list[Drawn] = []
    tokens: list[int] = []


class Engine:
    """The engine's HTTP API, on its Unix socket. Belongs to one event loop."""

    def __init__(self, socket: str, connections: int) -> None:
        endpoint = Endpoint("", 0, "", socket=socket)
        # Below the five seconds after which the engine closes a connection that rests.
        self._pool = Pool(endpoint, "engine", Limits(connections=connections, idle=2.0))
        self._ends: dict[int, bool] = {}
        self._bytes: dict[int, bytes] = {}

    async def ask(self, path: str, body: dict[str, Any]) -> bytes:
        """Raises Rejected, Unavailable ``upstream.*``."""
        made = head("POST", path, self._pool.endpoint, (("content-type", "application/json"),))
        with closing(await self._pool.ask(request(made, msgspec.json.encode(body)))) as reply:
            answer = await reply.whole(MAX_ANSWER)
            if reply.status != 200:
                raise Rejected(reply.status, answer)
        return answer

    async def tokens(self, text: str, *, special: bool) -> list[int]:
        """special: with the tokens that begin a text, and those that a template has written."""
        said = await self.ask("/tokenize", {"content": text, "add_special": special, "parse_special": special})
        return _read(said, _Tokens).tokens

    async def prompt(self, asked: dict[str, Any]) -> str:
        """The turns of a chat as the model reads them."""
        return _read(await self.ask("/apply-template", asked), _Prompt).prompt

    async def step(self, asked: dict[str, Any]) -> Step:
        return _read(await self.ask("/completion", asked), Step)

    async def bytes_of(self, token: int, slot: int) -> bytes:
        """What a token says that ends inside a character: found out once, by having the engine weigh it against a
        letter. Raises Unavailable ``upstream.broken``."""
        if (known := self._bytes.get(token)) is not None:
            return known
        (letter, *_) = await self.tokens("a", special=False) or [token]
        for _ in range(_TRIES):
            step = await self.step(
                {
                    "prompt": [token], "n_predict": 1, "n_probs": 8, "post_sampling_probs": True, "id_slot": slot,
                    "cache_prompt": False, "samplers": ["top_k", "temperature"], "top_k": 2, "temperature": 1.0,
                    "logit_bias": [[token, 1_000.0], [letter, 1_003.0]],
                }
            )  # fmt: skip
            for drawn in step.completion_probabilities:
                for each in drawn.top_probs:
                    if each.id == token:
                        self._bytes[token] = bytes(each.bytes)
                        return self._bytes[token]
        raise Unavailable("upstream.broken", what="a token that says nothing")

    async def ends(self, token: int, slot: int) -> bool:
        """Whether a token that says nothing ends the answer: found out once, by having the engine draw it."""
        known = self._ends.get(token)
        if known is None:
            step = await self.step(
                {
                    "prompt": [token], "n_predict": 1, "n_probs": 1, "post_sampling_probs": True, "id_slot": slot,
                    "cache_prompt": False, "temperature": 0, "logit_bias": [[token, 10_000.0]],
                }
            )  # fmt: skip
            drawn = step.completion_probabilities
            known = self._ends[token] = bool(drawn) and drawn[0].id == token and step.stop_type == "eos"
        return known

    def learn(self, token: int, ends: bool) -> None:
        self._ends[token] = ends

    async def close(self) -> None:
        await self._pool.close()


_Told = TypeVar("_Told")


def _read(data: bytes, kind: type[_Told]) -> _Told:
    """Raises Unavailable ``upstream.broken``."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unavailable("upstream.broken", what="the engine's answer") from None


def unfinished(said: bytes) -> bool:
    """Whether it ends inside a character of UTF-8, as the engine sees that: by the last four bytes."""
    for back in range(1, min(4, len(said)) + 1):
        byte = said[-back]
        if byte & 0xC0 != 0x80:  # no continuation
            needs = 2 if byte & 0xE0 == 0xC0 else 3 if byte & 0xF0 == 0xE0 else 4 if byte & 0xF8 == 0xF0 else 1
            return back < needs
    return False


class _Tokens(msgspec.Struct):
    tokens: list[int]


class _Prompt(msgspec.Struct):
    prompt: str


@dataclass(slots=True)
class Spent:
    """Tokens of the prompt, and of all choices."""

    prompt: int = 0
    answer: int = 0


class Choice:
    """One choice of an answer. `why`: "" until it has ended, then ``stop`` or ``length``."""

    __slots__ = ("_body", "_most", "_prompt", "_seed", "_slot", "_spent", "_stops", "_writer", "why")

    def __init__(self, asked: dict[str, Any], prompt: list[int], most: int, seed: int | None, key: bytes) -> None:
        """asked: the request, with its slot; most: tokens that it may have; seed: of what is drawn without a mark."""
        chance: Callable[[], float] = (random.SystemRandom() if seed is None else random.Random(seed)).random  # noqa: S311  a seed asks for the same again
        stop = asked.get("stop") or ()
        self._stops = (stop,) if isinstance(stop, str) else tuple(stop)
        self._slot = int(asked["id_slot"])
        self._body = {name: value for name, value in asked.items() if name in SAMPLERS and value is not None} | {
            "n_predict": 1,
            "n_probs": CANDIDATES,
            "post_sampling_probs": True,
            "return_tokens": True,
            "id_slot": self._slot,
        }
        self._prompt = prompt
        self._most = most
        self._writer = Writer(key, chance)
        self._seed = seed
        self.why = ""

    async def speak(self, engine: Engine, spent: Spent) -> AsyncGenerator[str, None]:
        """The text, piece by piece, none empty. Raises Rejected before the first, Unavailable."""
        speech = Speech(self._stops)
        said: list[int] = []
        while not self.why:
            asked = {**self._body, "prompt": [*self._prompt, *said], "cache_prompt": bool(said)}
            if self._seed is not None:
                asked["seed"] = (self._seed + len(said)) % 2**32
            try:
                step = await engine.step(asked)
            except Rejected as refusal:
                if not said or not refusal.too_long:
                    raise
                self.why = "length"
                break
            spent.prompt = spent.prompt or step.tokens_evaluated
            token, says, ends = await self._chosen(engine, step)
            said.append(token)
            spent.answer += 1
            if ends:
                self.why = "stop"
            elif piece := speech.feed(says):
                yield piece
            if speech.stopped:
                self.why = "stop"
            elif not self.why and len(said) >= self._most:
                self.why = "length"
        if piece := speech.end():
            yield piece

    async def _chosen(self, engine: Engine, step: Step) -> tuple[int, bytes, bool]:
        """(the next token, what it says, whether it ends the answer)."""
        if not step.completion_probabilities:
            if len(step.tokens) != 1:
                raise Unavailable("upstream.broken", what="no probabilities")
            (theirs,) = step.tokens
            self._writer.heard(theirs)
            return theirs, await engine.bytes_of(theirs, self._slot), False
        drawn = step.completion_probabilities[0]
        likely = [each for each in drawn.top_probs if each.prob > 0 and not unfinished(bytes(each.bytes))]
        candidates = {each.id: each for each in likely} or {drawn.id: drawn}
        if not drawn.bytes:
            engine.learn(drawn.id, step.stop_type == "eos")
        token = candidates[self._writer.next([(each.id, each.prob) for each in candidates.values()])]
        return token.id, bytes(token.bytes), not token.bytes and await engine.ends(token.id, self._slot)
