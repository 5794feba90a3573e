# SPDX-License-Identifier: Apache-2.0
"""Coverage-guided fuzzing of one target, or of all in turn, with Atheris (libFuzzer). Ends after `--seconds` each; a
finding is written to the current folder and ends it with an error."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    if "--child" in sys.argv:
        _fuzz(sys.argv[1], int(sys.argv[2]))
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []], help="default: each")
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    for name in options.target or TARGETS:
        print(f"{name}: {options.seconds} s", flush=True)
        command = [sys.executable, "-m", "fuzz", name, str(options.seconds), "--child"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.stderr.buffer.write(done.stderr[-8000:])
            return 1
    return 0


def _fuzz(name: str, seconds: int) -> None:
    """In a process of its own, which libFuzzer ends. Only what is ours is instrumented, as it is imported."""
    import atheris

    with atheris.instrument_imports(include=["answerable"]):
        from fuzz.targets import TARGETS, run, seeds
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            (Path(folder) / f"{number}").write_bytes(seed)
        target = TARGETS[name]
        atheris.Setup(
            [sys.argv[0], f"-max_total_time={seconds}", "-max_len=65536", folder], lambda data: run(target, data)
        )
        atheris.Fuzz()


if __name__ == "__main__":
    raise SystemExit(main())
