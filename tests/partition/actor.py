# SPDX-License-Identifier: Apache-2.0
"""The program under the guard: it acts as often as it may, forks, and leaves a detached child behind that acts on. Run
as ``actor.py NAME EVERY_S``; the standard library alone. It pays no heed to SIGTERM: what ends it is the guard.

What it does is a call of the model at OPENAI_BASE_URL, whose text says who acts: ``NAME role pid count``.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit


def act(name: str, role: str, every: float) -> None:
    base = urlsplit(os.environ["OPENAI_BASE_URL"])
    path = base.path.rstrip("/") + "/chat/completions"
    link: http.client.HTTPConnection | None = None
    count = 0
    while True:
        count += 1
        body = {"model": "auto", "messages": [{"role": "user", "content": f"{name} {role} {os.getpid()} {count}"}]}
        if role == "stream":
            body["stream"] = True
        try:
            if link is None:
                link = http.client.HTTPConnection(base.hostname or "", base.port, timeout=10)
            headers = {"content-type": "application/json"}
            if token := _token():
                headers["authorization"] = f"Bearer {token}"
            link.request("POST", path, json.dumps(body), headers)
            link.getresponse().read()
        except (OSError, http.client.HTTPException):
            link = None
        select.select([], [], [], every)  # time.sleep fails where the guard's clock is faked


def _token() -> str:
    """Where no guard adds it: the warrant's file, or a handle."""
    if file := os.environ.get("ANSWERABLE_WARRANT_FILE"):
        return Path(file).read_text(encoding="ascii").strip()
    return os.environ.get("OPENAI_API_KEY", "")


def main() -> None:
    name, every = sys.argv[1], float(sys.argv[2])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for role in ("child", "stream"):
        if os.fork() == 0:
            act(name, role, every)
    if os.fork() == 0:  # detached: a session of its own, its parent gone
        os.setsid()
        if os.fork() == 0:
            act(name, "detached", every)
        os._exit(0)
    act(name, "main", every)


if __name__ == "__main__":
    main()
