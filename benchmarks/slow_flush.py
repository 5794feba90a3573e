# SPDX-License-Identifier: Apache-2.0
"""One file whose syncs take their time: ``python slow_flush.py FILE MS FD``, root, in a mount namespace of its own.

Speaks the kernel's FUSE protocol (linux/fuse.h, 7.40) over FILE itself. Reads and writes go past this process, straight
to the file that was there before (FUSE_PASSTHROUGH, Linux 6.9 and later): they cost what they cost without it. A sync
is passed on, and answered MS milliseconds after it was asked for, or when the real one is done, whichever is later.
FD is the mount namespace to go to then: a process that is ended lets go of its mounts before its files, and the
disk on FILE, which waits for a sync while it is unmounted, would be waited for by the very process that answers it.
Prints `ready`; ends when the file is unmounted, and then prints how many syncs it answered. FILE is empty from then on.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
import sys
import time
from pathlib import Path
from typing import Final

HEAD_IN: Final = struct.Struct("<IIQQ16x")  # length, opcode, unique, node; who asks is of no interest
HEAD_OUT: Final = struct.Struct("<IiQ")
INIT_IN: Final = struct.Struct("<IIIII")  # major, minor, readahead, flags, flags of the second word
INIT_OUT: Final = struct.Struct("<IIIIHHIIHHII24x")
ATTR_OUT: Final = struct.Struct("<Q8xQQQQQQIIIIIIIIII")
OPEN_OUT: Final = struct.Struct("<QIi")
BACKING: Final = struct.Struct("<iIQ")

FORGET, GETATTR, SETATTR, OPEN, RELEASE, FSYNC, FLUSH, INIT, INTERRUPT, DESTROY, FORGETS = (
    2, 3, 4, 14, 18, 20, 25, 26, 36, 38, 42,
)  # fmt: skip
UNANSWERED: Final = (FORGET, FORGETS, INTERRUPT)
FLAGS_EXTENDED: Final = 1 << 30
PASSTHROUGH: Final = 1 << 5  # of the second word
OPENED_PASSTHROUGH: Final = 1 << 7
BACKING_OPEN: Final = 0x4010E501  # _IOW(229, 1, struct fuse_backing_map)
MAX_WRITE: Final = 1 << 17
REQUEST: Final = MAX_WRITE + 4096
MOUNTS: Final = 0x00020000  # CLONE_NEWNS
SYSTEM: Final = ctypes.CDLL(None, use_errno=True)


class Unable(Exception):
    """This kernel cannot do it; the text says what it lacks."""


class Flusher:
    """Answers what the kernel asks about one file."""

    def __init__(self, device: int, backing: int, seconds: float) -> None:
        self.device, self.backing, self.seconds = device, backing, seconds
        self.syncs = 0
        self.ended = False

    def answer(self, request: bytes) -> bytes | None:
        """The answer to one request; None where none is wanted. Raises Unable on the first one."""
        _, opcode, unique, _ = HEAD_IN.unpack_from(request)
        if opcode in UNANSWERED:
            return None
        try:
            body, error = self._body(opcode, request[HEAD_IN.size :]), 0
        except OSError as failed:
            body, error = b"", failed.errno or errno.EIO
        return HEAD_OUT.pack(HEAD_OUT.size + len(body), -error, unique) + body

    def _body(self, opcode: int, asked: bytes) -> bytes:
        if opcode == INIT:
            major, minor, readahead, flags, more = INIT_IN.unpack_from(asked.ljust(INIT_IN.size, b"\0"))
            if not (flags & FLAGS_EXTENDED and more & PASSTHROUGH):
                raise Unable(f"FUSE {major}.{minor} of this kernel passes no file through (Linux 6.9 and later do)")
            return INIT_OUT.pack(7, 40, readahead, FLAGS_EXTENDED, 0, 0, MAX_WRITE, 1, 0, 0, PASSTHROUGH, 1)
        if opcode in (GETATTR, SETATTR):
            return self._attributes()
        if opcode == OPEN:
            number = fcntl.ioctl(self.device, BACKING_OPEN, bytearray(BACKING.pack(self.backing, 0, 0)))
            return OPEN_OUT.pack(0, OPENED_PASSTHROUGH, number)
        if opcode == FSYNC:
            until = time.monotonic() + self.seconds
            os.fdatasync(self.backing)
            time.sleep(max(0.0, until - time.monotonic()))
            self.syncs += 1
            return b""
        if opcode in (RELEASE, FLUSH, DESTROY):
            self.ended = opcode == DESTROY
            return b""
        raise OSError(errno.ENOSYS, "not here")

    def _attributes(self) -> bytes:
        its = os.fstat(self.backing)
        times = (int(its.st_atime), int(its.st_mtime), int(its.st_ctime))
        return ATTR_OUT.pack(
            1, 1, its.st_size, its.st_blocks, *times, 0, 0, 0,
            its.st_mode, 1, its.st_uid, its.st_gid, 0, its.st_blksize, 0,
        )  # fmt: skip

    def run(self) -> None:
        while not self.ended:
            try:
                request = os.read(self.device, REQUEST)
            except OSError as failed:
                if failed.errno == errno.ENODEV:  # unmounted
                    return
                if failed.errno in (errno.ENOENT, errno.EINTR):  # the asker was ended meanwhile
                    continue
                raise
            answer = self.answer(request)
            if answer is not None:
                os.write(self.device, answer)


def main() -> int:
    path, milliseconds, outside = sys.argv[1:]
    backing = os.open(path, os.O_RDWR)
    mode = os.fstat(backing).st_mode
    # Without a name it goes with this process, whatever ends that.
    Path(path).unlink()
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as failed:
        raise Unable(f"/dev/fuse: {failed.strerror}") from None
    options = f"fd={device},rootmode={mode:o},user_id=0,group_id=0"
    if SYSTEM.mount(b"slow_flush", os.fsencode(path), b"fuse", 0, options.encode()):
        raise Unable(f"mount of fuse: {os.strerror(ctypes.get_errno())}")
    if SYSTEM.setns(int(outside), MOUNTS):
        raise Unable(f"setns: {os.strerror(ctypes.get_errno())}")
    os.close(int(outside))
    # A disk needs none of the processor: when its time is over, what waits for it goes on at once.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    flusher = Flusher(device, backing, float(milliseconds) / 1e3)
    request = os.read(device, REQUEST)
    answer = flusher.answer(request)
    assert answer is not None
    os.write(device, answer)
    print("ready", flush=True)
    flusher.run()
    print(flusher.syncs, flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unable as unable:
        sys.exit(str(unable))
