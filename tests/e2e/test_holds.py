# SPDX-License-Identifier: Apache-2.0
"""A held generation, with the real service, OpenAI's SDK and the command line: people agree to exactly this, it runs
once, across a restart; whatever is not exactly that is refused."""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.e2e.test_witness import Company, configured, witnessing
from tests.guarded import Guarded, floor

OPERATOR = unassigned_lei("holds")
REGISTRAR = unassigned_lei("holds registrar")
ASK = [{"role": "user", "content": "Open valve 7?"}]


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as made:
        yield made


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A frontier model, of tier 3: a sensitive answer of it waits for a person, and then for witnesses."""
    folder = tmp_path_factory.mktemp("holds")
    made = Company("holds", folder / "holds", folder / "witness")
    cli("init", "--store", str(made.store), "--domain", "holds.invalid", "--operator", OPERATOR, "--name", "Holds Ltd")
    cli("witness", "init", str(made.witness), "--name", "witness.invalid")
    for key in made.trust.logs:
        cli("witness", "watch", str(made.witness), str(key))
    with running(("serve", "--port", "0"), made.store) as place:
        place.cli("party", "register", "--id", REGISTRAR, "--name", "Registrar")
        place.cli("party", "key", REGISTRAR, "--registrar")
        place.cli("party", "vouch", OPERATOR, "--registrar", REGISTRAR)
        for name in ("anna", "ben", "cleo"):
            place.cli("admin", "enrol", name, "--role", "approver")
        common = ("--version", "1", "--party", f"{OPERATOR}:deployer")
        facts = ("--petaflop", "1000000000000", "--digest", "sha256:" + "ab" * 32, "--licence", "Apache-2.0")
        model = place.cli("register", "--name", "Model", "--kind", "model", "--capability", "text", *facts, *common)
        assert model["tier"]["tier"] == 3
        more = ("--uses", "Model", "--criticality", "sensitive", "--licence", "MIT", "--digest", "sha256:" + "cd" * 32)
        place.cli("register", "--name", "App", "--kind", "application", *more, *common)
    return made


@pytest.fixture
def config(company: Company, tmp_path: Path, upstream: ScriptedUpstream) -> Iterator[Path]:
    with witnessing(company):
        made = configured(company, company)
        made.write_text(
            made.read_text()
            + f'[upstreams.mine]\nurl = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
            f'[holds]\nhook = "tee -a {tmp_path}/hook.jsonl"\n'
        )
        yield made


# What runs under a guard, since a system whose answers are sensitive gets no handle: each line of its arguments is a
# call, JSON of what differs and of the hold that it names.
AGENT = """\
import json, sys
import openai
client = openai.OpenAI(api_key="none", max_retries=0)
for line in sys.argv[1:]:
    more, hold = json.loads(line)
    headers = {"answerable-criticality": "sensitive"} | ({"answerable-hold": hold} if hold else {})
    given = {"model": "Model", "messages": [{"role": "user", "content": "Open valve 7?"}], "temperature": 0.5} | more
    try:
        reply = client.chat.completions.create(extra_headers=headers, **given)
        print(json.dumps({"id": reply.id, "text": reply.choices[0].message.content}), flush=True)
    except openai.APIStatusError as error:
        told = error.response.json()["error"]
        print(json.dumps(told | {"status": error.status_code, "record": error.response.headers["x-answerable-record"]}),
              flush=True)
"""


def ask(place: Place, here: Path, *calls: tuple[dict[str, Any], str]) -> list[dict[str, Any]]:
    """What the agent is told, one answer a call; each time another copy of it."""
    (here / "agent.py").write_text(AGENT)
    reads = [word for path in dict.fromkeys((sys.prefix, sys.base_prefix)) for word in ("--read", path)]
    given = (sys.executable, "agent.py", *map(json.dumps, calls))
    # The SDK lies where this interpreter does, which may be closed to others: it runs as who runs the test.
    user = ("--user", pwd.getpwuid(os.getuid()).pw_name, "--unsafe-without", "own-uid")
    words = ("--system", "App", "--store", str(place.store), *user, *reads, "--", *given)
    run = Guarded(*words, cwd=here)
    try:
        assert run.wait(60) == 0, "\n".join(run.err)
        return [json.loads(line) for line in run.out]
    finally:
        run.close()


def agree(place: Place, hold: str, *people: str) -> Any:
    for person in people:
        shown = place.cli("holds", "show", hold, "--as", person)
        assert shown["call"]["arguments"]["messages"] == ASK
        done = place.cli("holds", "approve", hold, "--as", person, "--digest", shown["hold"]["digest"][:8])
    return done


def planted(place: Place, real: str, folder: Path) -> None:
    """One that ought to be rejected, like the real one: who looks rejects it, and nobody can tell before."""
    (folder / "wrong.json").write_text(json.dumps({"model": "Model", "messages": [{"role": "user", "content": "!"}]}))
    given = ("--arguments", str(folder / "wrong.json"), "--why", "nobody asked for this")
    assert place.cli("holds", "plant", real, *given, "--as", "anna", expect=1)["error"]["code"] == "admin.role"
    hold = place.cli("holds", "plant", real, *given)["rid"]
    waiting = {each["rid"]: each for each in place.cli("holds", "ls")}
    alike = [{**each, **dict.fromkeys(("rid", "record", "digest", "at", "expires"))} for each in waiting.values()]
    assert {real, hold} == waiting.keys()
    assert alike[0] == alike[1]
    assert place.cli("holds", "approvers")[0]["planted"] == 0
    told = place.cli("holds", "reject", hold, "--as", "anna")
    assert (told["state"], told["planted"], told["why"]) == ("rejected", True, "nobody asked for this")
    (anna,) = [each for each in place.cli("holds", "approvers") if each["name"] == "anna"]
    assert (anna["approved"], anna["planted"], anna["caught"], anna["waves"]) == (1, 1, 1, False)
    kinds = [each["leaf"]["k"] for each in place.leaves()][-2:]
    assert kinds == ["approval", "planted"]


def test_two_people_agree_and_it_runs_once_across_a_restart(
    company: Company, upstream: ScriptedUpstream, config: Path, tmp_path: Path
) -> None:
    serve, store = ("serve", "--port", "0", "--config", str(config)), company.store
    calls = len(upstream.calls)
    with floor() as here:
        with running(serve, store) as place:
            held, again = ask(place, here, ({}, ""), ({}, ""))
            hold = held["params"]["hold"]
            assert (held["code"], held["status"]) == ("action.held", 403)
            assert held["params"]["url"] == f"/holds/{hold}"
            assert again["params"]["hold"] == hold, "asked again while it waits it is the same hold"
            (listed,) = place.cli("holds", "ls")
            assert (listed["rid"], listed["state"], listed["system"], listed["have"]) == (hold, "waiting", "App 1", 0)
            # One person would be enough; one of them lets two decide.
            more = place.cli("holds", "escalate", hold, "--people", "2", "--as", "cleo")
            assert (more["people"], more["state"]) == (2, "waiting")
            assert place.cli("holds", "escalate", hold, "--people", "1", "--as", "cleo", expect=1)
            # Nobody agrees to what they have not seen, nor twice, nor who administers.
            assert place.cli("holds", "approve", hold, "--as", "anna", expect=2)["error"]["code"] == "hold.unseen"
            agree(place, hold, "anna")
            digest = listed["digest"][:8]
            twice = place.cli("holds", "approve", hold, "--as", "anna", "--digest", digest, expect=5)
            assert twice["error"]["code"] == "hold.twice"
            mine = place.cli("holds", "approve", hold, "--as", "admin", "--digest", digest, expect=1)
            assert mine["error"]["code"] == "hold.signer"
        with running(serve, store) as place:
            assert ask(place, here, ({}, ""))[0]["params"]["hold"] == hold
            assert agree(place, hold, "ben")["state"] == "approved"
            assert len(upstream.calls) == calls
            other, reply, spent, anew = ask(place, here, ({"temperature": 0.6}, hold), ({}, hold), ({}, hold), ({}, ""))
            # Another question is not what they agreed to, and what they agreed to ran once.
            assert (other["code"], spent["code"], anew["code"]) == ("hold.mismatch", "hold.spent", "action.held")
            assert len(upstream.calls) == calls + 1
            record = reply["id"].removeprefix("chatcmpl-")
            leaf = next(each["leaf"] for each in place.leaves() if each["rid"] == record)
            assert (leaf["dec"], leaf["par"], leaf["x"]["answerable.hold"]) == ("permit", [held["record"]], hold)
            assert place.cli("holds", "show", hold, "--as", "cleo")["hold"]["spent"] == record
            planted(place, anew["params"]["hold"], tmp_path)
    told = [json.loads(line) for line in (tmp_path / "hook.jsonl").read_text().replace("}{", "}\n{").splitlines()]
    assert {each["kind"] for each in told} == {"hold.waiting"}
    assert hold in {each["hold"] for each in told}
    assert "valve" not in json.dumps(told)
    assert cli("log", "fsck", "--store", str(store))["sound"]
