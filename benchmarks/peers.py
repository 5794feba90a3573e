# SPDX-License-Identifier: Apache-2.0
"""How each gateway of the comparison is started over the mock upstream, with one worker and settings for speed."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.processes import ENVIRONMENT, Server

NGINX: Final = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream model {{ server {upstream}; keepalive 512; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""
LITELLM: Final = """
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_base: "{upstream}/v1", api_key: none}}
general_settings: {{master_key: {key}}}
litellm_settings: {{num_retries: 0, request_timeout: 100, telemetry: false}}
"""
LITELLM_ENVIRONMENT: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it would fetch a price list
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOG": "ERROR",
    "NO_DOCS": "True",
    "DISABLE_ADMIN_UI": "True",
}
OURS: Final = "answerable demo --json --port 0 --store {store} --url {upstream}/v1 --model mock --locality local"
LOG_SIZE: Final = "answerable log checkpoint --store {store}"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked (base URL with /v1, key, model), the server behind it, the size of its log if it has one."""

    name: str
    url: str
    key: str
    model: str
    server: Server
    leaves: Callable[[], int] | None = None


def direct(mock: Server, upstream: str) -> Target:
    return Target("direct", upstream + "/v1", "none", "mock", mock)


def nginx(upstream: str, folder: Path) -> Target:
    """Debian's nginx with `proxy_pass`: the floor, it knows nothing of what it carries."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    address = upstream.removeprefix("http://")
    config.write_text(NGINX.format(folder=folder, upstream=address, port=port, user=user), encoding="utf-8")
    server = Server("nginx", [program, "-c", str(config), "-p", str(folder)], folder)
    try:
        server.wait_until_answers(f"http://127.0.0.1:{port}/v1/models", 10)
    except RuntimeError:
        server.stop()
        raise
    return Target("nginx", f"http://127.0.0.1:{port}/v1", "none", "mock", server)


def litellm(program: str, upstream: str, folder: Path) -> Target:
    """The LiteLLM proxy in its own environment, one worker, a master key, no database, no callbacks."""
    port, key = free_port(), "sk-benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "litellm.yaml"
    config.write_text(LITELLM.format(upstream=upstream, key=key), encoding="utf-8")
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    # Its banner goes to stdout: nobody reads that pipe, so the shell sends it to the log.
    server = Server("litellm", ["sh", "-c", f"exec {shlex.join(command)} >&2"], folder, LITELLM_ENVIRONMENT)
    try:
        server.wait_until_answers(f"http://127.0.0.1:{port}/health/liveliness", 120)
    except RuntimeError:
        server.stop()
        raise
    return Target("litellm", f"http://127.0.0.1:{port}/v1", key, "mock", server)


def ours(upstream: str, folder: Path, command: str = OURS, log_size: str = LOG_SIZE) -> Target:
    """This gateway as a real server process, everything on.

    command: a command line that serves a registered system from the OpenAI-compatible `{upstream}` over a new store at
    `{store}`, prints one line of JSON on stdout once it answers, and nothing more there::

        {"gateway": "http://127.0.0.1:PORT/v1", "handle": "ans_...", "model": "auto", ...}

    (`model` may be left out: it is then ``auto``.) log_size: a command that prints the newest checkpoint of `{store}`
    as a C2SP note, whose second line is the number of leaves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    store = str(folder / "store")
    server = Server("ours", shlex.split(command.format(store=store, upstream=upstream)), folder)
    try:
        said = server.first_line(120)
        url = said["gateway"].rstrip("/")
        url = url if url.endswith("/v1") else url + "/v1"

        def leaves() -> int:
            words = shlex.split(log_size.format(store=store))
            note = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=True)
            return int(note.stdout.splitlines()[1])

        leaves()
        return Target("ours", url, said["handle"], said.get("model", "auto"), server, leaves)
    except BaseException:
        server.stop()
        raise


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
