# SPDX-License-Identifier: Apache-2.0
"""What a request says about how words are chosen: whether they can carry a mark, and no way of asking for none.

Opt-outs are those that servers of this protocol document: vLLM's `watermarking` (features/watermarking), SGLang's
`watermark` with `enabled` (advanced_features/text_watermarking), text-generation-inference's `watermark`.
"""

from __future__ import annotations

from typing import Any, Final

from answerable.model.labels import Sampling

CHAT: Final = "/v1/chat/completions"
COMPLETIONS: Final = "/v1/completions"
EMBEDDINGS: Final = "/v1/embeddings"

MAX_CHOICES: Final = 8  # of one answer, drawn one after the other
CONTROLS: Final = frozenset({"watermark", "watermarking", "watermark_config", "watermarking_config"})
# Places in which servers look for sampling parameters too.
NESTED: Final = ("sampling_params", "parameters", "vllm_xargs", "custom_params", "extra_body")
# With one of these the answer is more than words that are drawn one by one.
_FORMED: Final = frozenset(
    (
        "tools", "functions", "function_call", "response_format", "grammar", "json_schema", "guided_json",
        "guided_regex", "guided_choice", "guided_grammar", "structured_outputs", "logprobs", "top_logprobs", "n_probs",
        "suffix", "echo", "best_of", "audio", "modalities", "prediction", "t_max_predict_ms", "lora", "input_prefix",
        "continue_final_message", "add_generation_prompt", "thinking_budget_tokens", "reasoning_format",
    )
)  # fmt: skip


def without_opt_out(body: dict[str, Any]) -> None:
    """Take out of `body` whatever would talk a watermark away or choose another: what is left is none or a plain yes.
    Nested values are replaced, never changed in place."""
    for place in NESTED:
        nested = body.get(place)
        if type(nested) is dict and not CONTROLS.isdisjoint(nested):
            body[place] = {name: value for name, value in nested.items() if name not in CONTROLS or _plain_yes(value)}
    if not CONTROLS.isdisjoint(body):
        for name in CONTROLS & body.keys():
            if not _plain_yes(body[name]):
                del body[name]


def _plain_yes(value: Any) -> bool:
    return value is True or (type(value) is dict and value.keys() == {"enabled"} and value["enabled"] is True)


def sampling(path: str, request: dict[str, Any]) -> Sampling:
    """How the answer's words are chosen. request: as `request.read` checked it."""
    if path == EMBEDDINGS:
        return Sampling.NONE
    if _greedy(request):
        return Sampling.GREEDY
    if path == CHAT:
        return Sampling.FREE if _drawn(request) and _said(request.get("messages")) else Sampling.FORMED
    if path == COMPLETIONS:
        return Sampling.FREE if _drawn(request) and type(request.get("prompt")) is str else Sampling.FORMED
    return Sampling.FORMED


def _greedy(request: dict[str, Any]) -> bool:
    temperature: Any = request.get("temperature")
    if type(temperature) in (int, float) and temperature <= 0:
        return True
    return request.get("top_k") == 1 or request.get("top_p") == 0 or request.get("use_beam_search") is True


def _drawn(request: dict[str, Any]) -> bool:
    for name in _FORMED & request.keys():
        value = request[name]
        if value and not (name == "response_format" and type(value) is dict and value.get("type") == "text"):
            return False
    n: Any = request.get("n")
    seed, stop = request.get("seed"), request.get("stop")
    if not (n is None or (type(n) is int and 1 <= n <= MAX_CHOICES)) or not (seed is None or type(seed) is int):
        return False
    if not (stop is None or type(stop) is str or (type(stop) is list and all(type(each) is str for each in stop))):
        return False
    most = [request.get(name) for name in ("max_tokens", "max_completion_tokens", "n_predict")]
    return all(each is None or (type(each) is int and each > 0) for each in most)


def _said(messages: Any) -> bool:
    """Whether the turns are words alone, and the last is not the model's own that it is to continue."""
    if type(messages) is not list or not messages:
        return False
    said = all(type(turn) is dict and _words(turn.get("content")) and not turn.get("tool_calls") for turn in messages)
    return said and messages[-1].get("role") != "assistant"


def _words(content: Any) -> bool:
    if type(content) is list:
        return all(type(part) is dict and part.get("type") == "text" for part in content)
    return type(content) is str
