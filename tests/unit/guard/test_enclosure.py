# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from answerable.errors import Refused, Unavailable
from answerable.guard.enclosure import Enclosure, User, environment, held_back, user
from answerable.guard.primitives import BY_NAME

ALL = frozenset(BY_NAME)


def made(**changed: Any) -> Enclosure:
    given: dict[str, Any] = {"primitives": ALL, "cwd": "/srv/job", "temp": "/srv/temp", **changed}
    return Enclosure(**given)


def test_what_was_not_chosen_is_not_asked_for() -> None:
    run = made().run(["sh", "-c", "x"], os.environ, 8080)
    assert run["argv"] == [run["argv"][0], "-c", "x"]
    assert run["argv"][0].endswith("/sh")
    assert run["no_new_privs"] is True
    assert run["landlock"]["connect"] == [8080]
    assert run["landlock"]["bind"] == []
    assert 1 not in run["seccomp"]
    bare = made(primitives=frozenset()).run(["sh"], os.environ, 8080)
    assert (bare["no_new_privs"], bare["landlock"], bare["seccomp"]) == (False, None, None)
    loose = made(primitives=ALL - {"unix-sockets", "landlock-tcp"}).run(["sh"], os.environ, 8080)
    assert 1 in loose["seccomp"]
    assert loose["landlock"]["connect"] is None
    assert made(local_tcp=True).run(["sh"], os.environ, 8080)["landlock"]["bind"] is None


def test_namespaces_come_from_one_of_the_users_own_where_it_must() -> None:
    assert made().namespaces(userns=True) == {"userns": True, "netns": True, "mountns": True, "pidns": True}
    assert made().namespaces(userns=False)["userns"] is False
    assert not any(made(primitives=frozenset()).namespaces(userns=True).values())


def test_a_program_that_is_not_there_is_said_before_anything_starts() -> None:
    with pytest.raises(Unavailable, match=r"guard\.program"):
        made().run(["no-such-program"], os.environ, 1)


def test_it_may_write_where_it_works_and_read_what_it_needs() -> None:
    rules = made(read=("/data",), write=("/out",)).run([sys.executable, "-V"], os.environ, 1)["landlock"]
    assert {"/srv/job", "/srv/temp", "/out", "/dev/null"} <= set(rules["write"])
    assert {"/usr", "/etc", "/data"} <= set(rules["read"])
    assert any(Path(sys.executable).is_relative_to(path) for path in rules["read"]), "an environment of its own is seen"
    assert "/" not in rules["read"]
    assert str(Path.home()) not in rules["read"]


def test_a_grant_that_would_hand_over_a_secret_is_found(tmp_path: Path) -> None:
    secret = tmp_path / "keys" / "copy.key"
    secret.parent.mkdir()
    secret.write_text("")
    secret.chmod(0o600)
    assert made(cwd=str(tmp_path)).exposes(secret) == str(tmp_path)
    assert made(read=(str(secret),)).exposes(secret) == str(secret)
    (tmp_path / "link").symlink_to(tmp_path / "keys")
    assert made(read=(str(tmp_path / "link"),)).exposes(secret)
    assert made().exposes(secret) == ""
    other = User("nobody", 65534, (65534,))
    assert made(cwd=str(tmp_path), user=other).exposes(secret) == "", "it is not that user's"


def test_a_secret_beside_the_program_would_be_read_by_it(tmp_path: Path) -> None:
    secret, program = tmp_path / "copy.guard", tmp_path / "agent"
    secret.write_text("")
    program.write_text("")
    assert made().exposes(secret) == ""
    assert made().exposes(secret, str(program)) == str(tmp_path)
    (tmp_path / "lib").mkdir()
    assert made().exposes(secret, str(tmp_path / "bin" / "agent")) == str(tmp_path)


def test_a_secret_that_is_the_programs_users_own_is_no_secret(tmp_path: Path) -> None:
    secret = tmp_path / "copy.guard"
    secret.write_text("")
    secret.chmod(0o600)
    owner = User("owner", os.getuid(), (os.getgid(),))
    other = User("other", os.getuid() + 1, (os.getgid(),))
    assert made(cwd=str(tmp_path), user=owner).exposes(secret) == str(tmp_path)
    assert made(cwd=str(tmp_path), user=other).exposes(secret) == ""
    secret.chmod(0o640)
    assert made(cwd=str(tmp_path), user=other).exposes(secret) == str(tmp_path)


def test_the_program_gets_the_gate_and_no_secret() -> None:
    own = {
        "PATH": "/bin", "ANSWERABLE_GUARD_ENROLMENT": "/e", "OPENAI_API_KEY": "ans_x", "SSH_AUTH_SOCK": "/s",
        "DBUS_SESSION_BUS_ADDRESS": "d", "ANSWERABLE_LANG": "zh", "HTTP_PROXY": "p",
    }  # fmt: skip
    told = environment(own, "http://127.0.0.1:8080", temp="/t", keep=("ANSWERABLE_LANG",))
    assert told["OPENAI_BASE_URL"] == "http://127.0.0.1:8080/v1"
    assert told["OPENAI_API_KEY"] == "guard"
    assert told["ANSWERABLE_LANG"] == "zh"
    assert told["TMPDIR"] == "/t"
    assert not {"ANSWERABLE_GUARD_ENROLMENT", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS"} & set(told)


@pytest.mark.parametrize(
    "name",
    ["ANTHROPIC_API_KEY", "MY_SECRET_ID", "GITHUB_TOKEN", "npm_config_token", "PGPASSWORD", "DB_CREDENTIALS",
     "AWS_PROFILE", "GOOGLE_APPLICATION", "AZURE_TENANT_ID", "ANSWERABLE_STORE_PATH", "SSH_AUTH_SOCK"],
)  # fmt: skip
def test_what_looks_like_a_secret_is_passed_on_where_it_is_named_alone(name: str) -> None:
    own = {"PATH": "/bin", "KEYBOARD": "de", "HOME": "/h", name: "worth-much"}
    told = environment(own, "http://127.0.0.1:8080", temp="/t")
    assert held_back(own) == (name,)
    assert "worth-much" not in told.values()
    assert {"PATH", "KEYBOARD", "HOME"} <= set(told)
    assert held_back(own, (name,)) == ()
    assert environment(own, "http://127.0.0.1:8080", temp="/t", keep=(name,))[name] == "worth-much"


def test_a_user_is_known_by_name() -> None:
    assert user("root").uid == 0
    assert user("root").gids[0] == 0
    with pytest.raises(Refused, match=r"guard\.user"):
        user("nobody-of-that-name")
