# SPDX-License-Identifier: Apache-2.0
"""What the program may do, decided before it starts: which primitives, which user, which files and ports."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from answerable.errors import Refused, Unavailable
from answerable.guard import seccomp

NOBODY: Final = "nobody"  # whom root runs a program as, unless told otherwise
# What programs need to start: the system's own files. None of it holds keys that an ordinary user can read.
SYSTEM: Final = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc", "/proc", "/sys", "/nix",
    "/run/systemd/resolve",
)  # fmt: skip
DEVICES: Final = (
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/shm", "/dev/fd",  # noqa: S108  devices, no files of ours
)  # fmt: skip
# What of the guard's environment says where secrets are, or would have the program talk past the gate.
HIDDEN: Final = (
    "ANSWERABLE_", "OPENAI_API_KEY", "SSH_AUTH_SOCK", "DBUS_", "XDG_RUNTIME_DIR", "AWS_", "GOOGLE_", "AZURE_",
)  # fmt: skip
SECRETS: Final = ("SECRET", "TOKEN", "PASSWORD", "CREDENTIAL")  # anywhere in a name, in either case
KEY: Final = "KEY"  # at its end


@dataclass(frozen=True, slots=True)
class User:
    """Whom the program runs as. gids: all of its groups, its own first."""

    name: str
    uid: int
    gids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """primitives: names to stand on. user: None for the guard's own. read, write: paths; cwd: where it starts, which it
    may write. local_tcp: it may connect and listen among its own processes."""

    primitives: frozenset[str]
    cwd: str
    temp: str
    user: User | None = None
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    local_tcp: bool = False

    def namespaces(self, *, userns: bool) -> dict[str, bool]:
        """What the keeper makes. userns: this process has no right to the others by itself."""
        chosen = {name: name in self.primitives for name in ("pidns", "netns", "mountns")}
        return {**chosen, "userns": userns and any(chosen.values())}

    def run(self, argv: Sequence[str], environ: Mapping[str, str], port: int) -> dict[str, Any]:
        """What the first process is told. port: the gate's. Raises Unavailable ``guard.program``."""
        program = shutil.which(argv[0], path=environ.get("PATH"))
        if program is None:
            raise Unavailable("guard.program", program=argv[0], detail="there is no such program")
        families = (*seccomp.FAMILIES, *(() if "unix-sockets" in self.primitives else (seccomp.UNIX,)))
        user = None if self.user is None else (self.user.uid, self.user.gids[0], list(self.user.gids))
        return {
            "argv": [program, *argv[1:]],
            "env": dict(environ),
            "cwd": self.cwd,
            "user": user,
            "no_new_privs": "no-new-privs" in self.primitives,
            "landlock": self._landlock(program, port),
            "seccomp": list(families) if "seccomp" in self.primitives else None,
        }

    def reads(self, program: str = "") -> tuple[str, ...]:
        """All that it may read, its own program's folders included."""
        return tuple(dict.fromkeys((*SYSTEM, *self.read, *_homes(program))))

    def writes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*DEVICES, self.cwd, self.temp, *self.write)))

    def exposes(self, secret: Path, program: str = "") -> str:
        """Which of the granted paths holds `secret`, "" for none: such a grant would hand it to the program. The
        folders that `program` is in are granted too. A user of its own cannot read what is the guard's alone."""
        if self.user is not None and not _open_to(secret, self.user):
            return ""
        if "landlock" not in self.primitives:
            return ""  # said already, by name: the promise that fell
        inner = secret.resolve()
        for granted in (*self.reads(program), *self.writes()):
            place = Path(granted).resolve()
            if inner == place or place in inner.parents:
                return granted
        return ""

    def _landlock(self, program: str, port: int) -> dict[str, Any] | None:
        if "landlock" not in self.primitives:
            return None
        free = self.local_tcp or "landlock-tcp" not in self.primitives
        return {
            "read": list(self.reads(program)),
            "write": list(self.writes()),
            "connect": None if free else [port],
            "bind": None if free else [],
        }


def _open_to(path: Path, user: User) -> bool:
    """Whether that user may read it by its mode; what is not there is closed."""
    try:
        found = path.stat()
    except OSError:
        return False
    if found.st_uid == user.uid:
        return True  # its owner may give itself the right
    return bool(found.st_mode & (0o040 if found.st_gid in user.gids else 0o004))


def user(name: str) -> User:
    """Raises Refused ``guard.user`` for one that is not there."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise Refused("guard.user", user=name) from None
    return User(
        name, found.pw_uid, (found.pw_gid, *(g for g in os.getgrouplist(name, found.pw_gid) if g != found.pw_gid))
    )


def held_back(own: Iterable[str], keep: Iterable[str] = ()) -> tuple[str, ...]:
    """Names in our environment that look like a secret, or like the way to one; without those in `keep`."""
    kept = frozenset(keep)
    return tuple(sorted(name for name in own if name not in kept and _looks_secret(name.upper())))


def _looks_secret(name: str) -> bool:
    return name.startswith(HIDDEN) or name.endswith(KEY) or any(word in name for word in SECRETS)


def environment(own: Mapping[str, str], gate: str, *, temp: str, keep: Iterable[str] = ()) -> dict[str, str]:
    """The program's environment: ours without what is held back, and with the gate's address where SDKs look for it.
    keep: names of ours that it gets all the same. A placeholder stands for the key."""
    held = frozenset(held_back(own, keep))
    base = {name: value for name, value in own.items() if name not in held}
    told = {"OPENAI_BASE_URL": f"{gate}/v1", "OPENAI_API_KEY": "guard", "ANSWERABLE_GATE": gate, "TMPDIR": temp}
    return {**base, **told, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _homes(program: str) -> tuple[str, ...]:
    """Folders that a program outside the system's own needs: the one it is in, and of a virtual environment the whole,
    with what its links lead to."""
    if not program:
        return ()
    found = [str(Path(program).parent)]
    for path in (Path(program), Path(program).resolve()):
        home = path.parent.parent
        found.append(str(path.parent))
        if (home / "pyvenv.cfg").is_file() or (home / "lib").is_dir():
            found.append(str(home))
        config = home / "pyvenv.cfg"
        if config.is_file():
            found += [str(Path(line.partition("=")[2].strip()).parent) for line in config.read_text().splitlines()
                      if line.partition("=")[0].strip() == "home"]  # fmt: skip
    return tuple(path for path in dict.fromkeys(found) if path not in ("/", str(Path.home()), sys.prefix + "/.."))
