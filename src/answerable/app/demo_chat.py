# SPDX-License-Identifier: Apache-2.0
"""The demo's application: asks the model one question through the gateway, with nothing but the standard library.

    python -m answerable.app.demo_chat "What is a lighthouse?"

It reads OPENAI_BASE_URL and OPENAI_API_KEY as OpenAI's own clients do.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_S = 120.0


def ask(base_url: str, credential: str, question: str, *, model: str = "auto", tokens: int = 64) -> dict[str, Any]:
    """The reply as the gateway gave it. Raises OSError, urllib.error.HTTPError for a refusal."""
    body = {"model": model, "max_tokens": tokens, "messages": [{"role": "user", "content": question}]}
    request = urllib.request.Request(  # noqa: S310  the URL is the user's own setting
        base_url.rstrip("/") + "/chat/completions",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {credential}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310  as above
        reply: dict[str, Any] = json.load(response)
    return reply


def main(words: list[str]) -> int:
    try:
        reply = ask(os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"], " ".join(words) or "Hello!")
    except urllib.error.HTTPError as error:
        print(error.read().decode("utf-8", "replace"), file=sys.stderr)
        return 1
    except (KeyError, OSError) as error:
        print(f"no gateway: {error}", file=sys.stderr)
        return 4
    print(json.dumps(reply, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
