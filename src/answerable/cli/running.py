# SPDX-License-Identifier: Apache-2.0
"""`demo`, `init` and `serve`: what makes a store and what runs over one. All they do stands in `answerable.app`."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, say
from answerable.model.terms import Locality

EXAMPLES: Final = {
    "demo": """\
  answerable demo                      prints what to try next; Ctrl-C ends it, the store is found again
  answerable demo --port 0 --json      a free port; the first line on stdout says where everything is
  answerable demo --url https://llm.example/v1 --model name --api-key-file key.txt
""",
    "init": """\
  answerable init --store ./store --domain ai.example.com --operator LEIXG-... --name "Example Ltd"
  answerable init --store ./store --store-url postgresql:///records --domain ... (log and state in a database)
""",
    "serve": """\
  answerable serve --store ./store --config answerable.toml
  answerable serve --store ./store --port 8400
""",
}

DEMO_PORT: Final = 8400


def add(parser: Parser) -> None:
    verb = parser.prog.rpartition(" ")[2]
    parser.examples = EXAMPLES[verb]
    if verb in ("init", "serve"):
        parser.add_argument(
            "--store-url", metavar="URL", help="a PostgreSQL database, without a password; also ANSWERABLE_STORE_URL"
        )
    if verb == "init":
        parser.add_argument("--domain", required=True, help="the trust domain of every id made here, for ever")
        parser.add_argument("--operator", required=True, metavar="PARTY_ID", help="the party that runs this gateway")
        parser.add_argument("--name", required=True, help="the operator's name")
        parser.set_defaults(run=init)
        return
    parser.add_argument("--port", type=int, help="of the gateway; 0 takes a free one")
    if verb == "serve":
        parser.add_argument("--host", help="address to bind; loopback if not told")
        parser.add_argument(
            "--unsafe-bind",
            action="store_true",
            default=None,
            help="bind beyond loopback although there is no TLS here",
        )
        parser.set_defaults(run=serve)
        return
    own = parser.add_argument_group("your own model instead of the local one")
    own.add_argument("--url", default="", help="base URL of any OpenAI-compatible server, with /v1")
    own.add_argument("--model", default="", help="what that server calls the model")
    own.add_argument("--api-key-file", default="", metavar="FILE", help="where its API key stands")
    own.add_argument("--locality", choices=[each.value for each in Locality], default=Locality.EXTERNAL.value)
    parser.set_defaults(run=demo)


def init(args: argparse.Namespace) -> int:
    import asyncio

    from answerable.app.create import Founding, create
    from answerable.cli.where import settings

    config = settings(args, more={"store.url": args.store_url}).config

    async def make() -> list[str]:
        core = await create(config, Founding(args.domain, args.operator, args.name))
        try:
            return [f"{admin.name} ({', '.join(admin.roles)})" for admin in core.book.admins()]
        finally:
            await core.close()

    people = asyncio.run(make())
    store = config.store_path
    named = f"--store {store}" + (f" --store-url '{config.store.url}'" if config.store.url else "")
    emit(
        args,
        {"store": str(store), "guard": str(config.guard_path), "domain": args.domain, "people": people},
        [
            pick(
                f"Made {store}, guarded at {config.guard_path}.",
                f"已创建 {store}，防分叉守卫位于 {config.guard_path}。",
            ),
            pick("Keys of people, to be handed out and taken away from here:", "人员密钥（请分发并移出本机）："),
            *[f"  {store}/people/{person}" for person in people],
            pick(f"Next: answerable serve {named}", f"下一步：answerable serve {named}"),
        ],
    )
    return 0


def serve(args: argparse.Namespace) -> int:
    from answerable.app.serve import run
    from answerable.cli.where import settings

    flags = {
        "gateway.port": args.port,
        "gateway.host": args.host,
        "gateway.unsafe_bind": args.unsafe_bind,
        "store.url": args.store_url,
    }
    config = settings(args, more=flags).config

    async def announce(address: Any, core: Any) -> None:
        if args.json:
            print(json.dumps(where(address, core)), flush=True)
        else:
            say(f"gateway {address.gateway}, control {address.control}; Ctrl-C ends it",
                f"网关 {address.gateway}，控制面 {address.control}；按 Ctrl-C 结束")  # fmt: skip
            if address.holders:
                say(f"holders {address.holders}", f"持有方 {address.holders}")

    return run(config, announce, say)


def where(address: Any, core: Any) -> dict[str, str]:
    told = {"gateway": address.gateway, "control": f"unix:{address.control}", "store": str(core.config.store_path)}
    return {**told, "holders": address.holders} if address.holders else told


def demo(args: argparse.Namespace) -> int:
    import os

    from answerable.app.demo import run
    from answerable.cli.where import demo_store

    store = Path(args.store).expanduser() if args.store else demo_store(os.environ)
    port = DEMO_PORT if args.port is None else args.port
    return run(
        store,
        port,
        as_json=args.json,
        say=say,
        tell=lambda address, handle, core: tell(store.absolute()),
        remote=_remote(args),
    )


def tell(store: Path) -> None:
    """What to try next, on stderr: stdout is for data."""
    from answerable.app.demo import ENVIRONMENT_FILE

    body = '{"model": "auto", "max_tokens": 60, "messages": [{"role": "user", "content": "Describe the sea."}]}'
    say("Ready. In another terminal:", "已就绪。请在另一终端尝试：")
    for line in (
        f"  . {shlex.quote(str(store / ENVIRONMENT_FILE))}",
        '  curl -s $OPENAI_BASE_URL/chat/completions -H "authorization: Bearer $OPENAI_API_KEY" \\',
        f"    -H 'content-type: application/json' -d '{body}' > reply.json",
        "  answerable who reply.json --receipt reply.tlog",
        "  answerable verify reply.tlog",
        "  answerable ls",
        '  answerable stop SmolLM2-135M-Instruct --reason "trying it" --dry-run',
    ):
        say(line, line)
    say("Ctrl-C ends it; the next run finds its store again.", "按 Ctrl-C 结束；再次运行会找回其存储。")


def _remote(args: argparse.Namespace) -> Any:
    """The reader's own model, if one is named. Raises Refused ``admin.request`` for half a name."""
    from answerable.app.fleet import Remote
    from answerable.errors import Refused
    from answerable.model.terms import Locality

    if not args.url and not args.model:
        return None
    if not (args.url and args.model):
        raise Refused("admin.request", detail="--url and --model belong together")
    return Remote(args.url, args.model, args.api_key_file, Locality(args.locality))
