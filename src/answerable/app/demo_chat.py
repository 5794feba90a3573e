# SPDX-License-Identifier: Apache-2.0
"""The demo's application: asks the model one question through the gateway, with nothing but the standard library.

    python -m answerable.app.demo_chat "What is a lighthouse?"

It reads OPENAI_BASE_URL and OPENAI_API_KEY as OpenAI's own clients do.
"""

from __future__ import annotations

import json
import os
import sys

from answerable.app.demo_asking import Reply, post


def ask(base_url: str, credential: str, question: str, *, model: str = "auto", tokens: int = 64) -> Reply:
    """The reply as the gateway gave it. Raises OSError."""
    body = {"model": model, "max_tokens": tokens, "messages": [{"role": "user", "content": question}]}
    return post(base_url.rstrip("/") + "/chat/completions", credential, body)


def main(words: list[str]) -> int:
    try:
        reply = ask(os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"], " ".join(words) or "Hello!")
        if reply.ok:
            print(json.dumps(reply.json(), ensure_ascii=False, indent=1))
            return 0
    except (KeyError, OSError) as error:
        print(f"no gateway: {error}", file=sys.stderr)
        return 4
    print(reply.text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
