# SPDX-License-Identifier: Apache-2.0
"""A way to the control plane that can lose what is pushed: ``veil.py PORT HOST PORT FLAG [PASSES...]``. While FLAG
exists, only requests that begin with one of PASSES pass (those for warrants if none is named), and their answers; every
other byte, in either direction, is swallowed, and no connection is closed: whoever listens hears nothing, and nothing
tells him so. Where FLAG says "close", they are closed instead. The standard library alone.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

CHUNK = 65_536
PASSES = (b"POST /control/v1/warrants ", b"POST /relay/v1/node/warrants ")


class Veil:
    def __init__(self, host: str, port: int, flag: Path, passes: tuple[bytes, ...] = PASSES) -> None:
        self._host, self._port, self._flag, self._passes = host, port, flag, passes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passes = [False]
        try:
            there, out = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._carry(reader, out, passes, asks=True), self._carry(there, writer, passes, asks=False)
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: list[bool], *, asks: bool
    ) -> None:
        try:
            while data := await reader.read(CHUNK):
                if asks and b" HTTP/1.1\r\n" in data:
                    passes[0] = data.startswith(self._passes)
                if self._flag.exists() and not passes[0]:
                    if self._flag.read_text() == "close":
                        break
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


async def main() -> None:
    veil = Veil(
        sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]), tuple(each.encode() for each in sys.argv[5:]) or PASSES
    )
    server = await asyncio.start_server(veil.serve, "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
