# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a disk whose syncs are slow: ``python -m benchmarks.slow_disk MS FOLDER COMMAND...``.

What the command measures is what it would measure on such a disk, for all programs alike, and none of them is touched.
The disk is a file in FOLDER (in memory, where nothing else is to be waited for: /dev/shm) behind a loop device, with
ext4 on it as a distribution formats and mounts it; each flush that the file system asks for takes at least MS
milliseconds (`slow_flush.py`), and nothing else does. A sync of a file that grew is two flushes: its data, then the
journal. There is one flush at a time, and what is written meanwhile waits for it: no real disk is worse at that.
`{}` in COMMAND is the folder where the disk is.

Needs root, Linux 6.9 or later, /dev/fuse, a loop device and mkfs.ext4; exits with 4 and says which of them is not to be
had. All of it lies in a mount namespace of this process alone, so that it goes with it, however that ends: kill -9
leaves a folder with an empty file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.slow_flush import MOUNTS, SYSTEM, Unable

BYTES: Final = 16 << 30  # as far as it is used: the file is sparse
PRIVATE_BELOW: Final = 0x00044000  # MS_PRIVATE | MS_REC
UNABLE: Final = 4
FORMAT: Final = ("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0")
# Whatever is started for the disk ends with this process.
MORTAL: Final = ("setpriv", "--pdeathsig", "KILL", "--")


def command(milliseconds: float, folder: Path, words: list[str]) -> list[str]:
    """What runs `words` on such a disk."""
    return [sys.executable, "-m", "benchmarks.slow_disk", f"{milliseconds:g}", str(folder), *words]


def apart() -> int:
    """From here on this process has mounts of its own; a descriptor of the namespace that it had. Raises Unable without
    the right to."""
    outside = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    if SYSTEM.unshare(MOUNTS) or SYSTEM.mount(b"none", b"/", None, PRIVATE_BELOW, None):
        raise Unable(f"mounts of its own: {os.strerror(ctypes.get_errno())}")
    return outside


def do(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    except FileNotFoundError:
        raise Unable(f"{words[0]} is missing") from None
    if done.returncode:
        raise Unable(f"{' '.join(words)}: {done.stderr.strip()}")


def unmount(where: Path, image: Path) -> None:
    """Raises Unable where something still uses the disk."""
    do("umount", str(where))
    until = time.monotonic() + 5  # the loop device lets go of its file a little later
    while True:
        try:
            return do("umount", str(image))
        except Unable:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def forget(*mounts: Path) -> None:
    """Whatever of it is still mounted after a failure, so that nothing under it is taken for the disk's folder."""
    for mount in reversed(mounts):
        subprocess.run(["umount", "--lazy", str(mount)], capture_output=True, timeout=30, check=False)


@contextlib.contextmanager
def disk(milliseconds: float, folder: Path, outside: int) -> Iterator[Path]:
    """Where the disk is mounted. outside: of `apart`, which was called before. Raises Unable where it cannot be made;
    RuntimeError at the end where no sync came to it, so that nothing was slow."""
    home = Path(tempfile.mkdtemp(prefix="disk-", dir=folder))
    image, where, server = home / "image", home / "disk", Path(__file__).with_name("slow_flush.py")
    where.mkdir()
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, home)
        with image.open("wb") as file:
            file.truncate(BYTES)
        do(*FORMAT, str(image))
        flusher = subprocess.Popen(
            [*MORTAL, sys.executable, str(server), str(image), str(milliseconds), str(outside)],
            pass_fds=[outside],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the command; the disk must live until it is unmounted
        )
        undo.callback(flusher.communicate, timeout=30)
        undo.callback(flusher.kill)
        undo.callback(forget, image, where)
        assert flusher.stdout is not None
        assert flusher.stderr is not None
        if flusher.stdout.readline() != "ready\n":
            raise Unable(flusher.stderr.read().strip().splitlines()[-1])
        do("mount", "-o", "loop", str(image), str(where))
        try:
            yield where
        finally:
            unmount(where, image)
        if not int(flusher.stdout.readline() or 0):
            raise RuntimeError("no sync came to the slow disk")


def main() -> int:
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    milliseconds, folder, words = float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # and so undo it all
    try:
        outside = apart()
        with disk(milliseconds, folder, outside) as where:
            return subprocess.run(
                [*MORTAL, *(word.replace("{}", str(where)) for word in words)], check=False
            ).returncode
    except Unable as unable:
        print(f"no slow disk here: {unable}", file=sys.stderr)
        return UNABLE


if __name__ == "__main__":
    sys.exit(main())
