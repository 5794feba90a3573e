# SPDX-License-Identifier: Apache-2.0
"""What a scripted model does next: a function of the conversation alone, whichever protocol it came by.

A task carries its script as one line, `script: [...]`: a list of steps in JSON, done in order, one call a turn.

| member | what |
| --- | --- |
| `call`, `with` | tool and arguments |
| `find` | a pattern that is looked for in the results so far; `$found` in the arguments stands for its first group |
| `while`, `times` | the step is done again while this pattern is found in its result, so many times at most |
| `pause` | seconds before it is done; of one that is done again, before each time but the first |
| `say` | what is said to the user, in place of a call; `$last` stands for the last result |

A script that has ended says `Finished: ` and the last result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

MARK: Final = "script: "
FINAL: Final = "final_answer"  # the tool by which smolagents' agents end


@dataclass(frozen=True, slots=True)
class Heard:
    """A conversation so far: the newest task, what tools answered since, the names of the tools on offer."""

    task: str
    results: tuple[str, ...]
    tools: frozenset[str]


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model says: a call, or words. pause: seconds that it thinks."""

    text: str = ""
    call: str = ""
    arguments: str = ""
    pause: float = 0.0


def next_turn(heard: Heard) -> Turn:
    """The next turn. A task without a script is answered with a greeting."""
    line = next((line for line in heard.task.splitlines() if line.startswith(MARK)), "")
    steps = json.loads(line.removeprefix(MARK)) if line else [{"say": "Hello."}]
    taken = 0
    for step in steps:
        rounds, limit = 0, int(step.get("times", 60)) if "while" in step else 1
        while rounds < limit and taken < len(heard.results) and "call" in step:
            result = heard.results[taken]
            taken += 1
            rounds += 1
            if "while" not in step or not re.search(step["while"], result):
                break
        else:
            if "say" in step:
                return _said(heard, step["say"].replace("$last", _last(heard)))
            if rounds < limit:
                pause = float(step.get("pause", 0.0)) if rounds or "while" not in step else 0.0
                return Turn(call=step["call"], arguments=_arguments(step, heard.results), pause=pause)
    return _said(heard, f"Finished: {_last(heard)}")


def _last(heard: Heard) -> str:
    return heard.results[-1] if heard.results else ""


def _said(heard: Heard, text: str) -> Turn:
    if FINAL in heard.tools:
        return Turn(call=FINAL, arguments=json.dumps({"answer": text}))
    return Turn(text=text)


def _arguments(step: dict[str, Any], results: Sequence[str]) -> str:
    given = json.dumps(step.get("with", {}))
    if "find" not in step:
        return given
    found = next((match[1] for result in reversed(results) if (match := re.search(step["find"], result))), "")
    return given.replace("$found", json.dumps(found)[1:-1])


def of_chat(body: dict[str, Any]) -> Heard:
    """From a request of ``/v1/chat/completions``."""
    turns = [(str(turn.get("role")), _text(turn.get("content"))) for turn in body["messages"]]
    tools = frozenset(tool["function"]["name"] for tool in body.get("tools") or ())
    # smolagents tells a tool's answer in a message of the user's.
    heard = [
        ("tool", text) if role == "user" and text.startswith("Observation") else (role, text) for role, text in turns
    ]
    return _heard(heard, tools)


def of_responses(body: dict[str, Any]) -> Heard:
    """From a request of ``/v1/responses``."""
    asked = body["input"]
    turns = []
    for item in [{"role": "user", "content": asked}] if isinstance(asked, str) else asked:
        if item.get("type") == "function_call_output":
            turns.append(("tool", _text(item["output"])))
        elif "role" in item:
            turns.append((item["role"], _text(item.get("content"))))
    return _heard(turns, frozenset(tool["name"] for tool in body.get("tools") or () if "name" in tool))


def _heard(turns: Sequence[tuple[str, str]], tools: frozenset[str]) -> Heard:
    tasks = [at for at, (role, text) in enumerate(turns) if role == "user" and MARK in text]
    begun = tasks[-1] if tasks else -1
    results = tuple(text for role, text in turns[begun + 1 :] if role == "tool")
    return Heard(turns[begun][1] if tasks else "", results, tools)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
