# SPDX-License-Identifier: Apache-2.0
"""An OpenAI-compatible server of pictures and sound on loopback. No model of pictures runs here: they are drawn by a
rule from the prompt. Speech is a real synthesiser's (espeak-ng); what is written down of a sound is its length."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import threading
import wave
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from answerable.protocols import multipart

CODECS = {
    "mp3": ("-f", "mp3"),
    "opus": ("-c:a", "libopus", "-f", "ogg"),
    "flac": ("-f", "flac"),
    "wav": ("-f", "wav"),
}
HEARD = "The quick brown fox jumps over the lazy dog."


def drawn(prompt: str, size: int = 256, form: str = "PNG") -> bytes:
    """A picture that follows from the prompt alone."""
    from PIL import Image, ImageFilter

    seed = sha256(prompt.encode()).digest()
    coarse = Image.frombytes("RGB", (16, 16), b"".join(sha256(seed + bytes((n,))).digest() for n in range(24)))
    out = io.BytesIO()
    coarse.resize((size, size), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2)).save(out, form)
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG that says it has `side` x `side` pixels, and is small."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def spoken(text: str, form: str) -> bytes:
    """`text`, said by espeak-ng."""
    said = subprocess.run(["espeak-ng", "--stdout", "--", text], capture_output=True, check=True, timeout=30).stdout
    if form == "wav":
        # espeak-ng writes to a pipe without knowing how long it will be.
        with wave.open(io.BytesIO(said)) as read:
            shape, frames = read.getparams(), read.readframes(2**31 - 1)
        out = io.BytesIO()
        with wave.open(out, "wb") as written:
            written.setparams(shape)
            written.writeframes(frames)
        return out.getvalue()
    return subprocess.run(
        ["ffmpeg", "-v", "error", "-i", "-", "-map_metadata", "-1", *CODECS[form], "-"],
        input=said, capture_output=True, check=True, timeout=30,
    ).stdout  # fmt: skip


Draw = Callable[[str], bytes]


class MediaUpstream:
    """draw: makes each picture; speak: each sound, from the request; asked: what came, decoded; kinds: media types of
    the requests; hold: while set, answers wait."""

    def __init__(self) -> None:
        self.draw: Draw = drawn
        self.speak: Callable[[dict[str, Any]], bytes] = lambda asked: spoken(
            asked["input"], asked.get("response_format", "mp3")
        )
        self.chat: Callable[[dict[str, Any]], dict[str, Any]] = lambda asked: {"content": "Hello."}
        self.asked: list[dict[str, Any]] = []
        self.kinds: list[str] = []
        self.parts: list[multipart.Part] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def again(self) -> None:
        """As it was at first."""
        self.draw = drawn
        self.asked.clear()
        self.kinds.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, kind: str, body: bytes) -> tuple[str, bytes]:
        """Media type and body."""
        asked = self._read(kind, body)
        self.asked.append(asked)
        self.kinds.append(kind)
        if path.startswith("/v1/images/"):
            data = [
                {"b64_json": base64.b64encode(self.draw(f"{asked['prompt']} {n}")).decode(), "revised_prompt": "drawn"}
                for n in range(int(asked.get("n", 1)))
            ]
            return "application/json", json.dumps({"created": 1, "data": data}).encode()
        if path == "/v1/audio/speech":
            return "audio/mpeg", self.speak(asked)
        if path == "/v1/audio/transcriptions":
            return _written(asked.get("response_format", "json"))
        message = {"role": "assistant", **self.chat(asked)}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "x", "choices": [choice]}
        return "application/json", json.dumps(answer).encode()

    def _read(self, kind: str, body: bytes) -> dict[str, Any]:
        if not kind.startswith("multipart/"):
            decoded: dict[str, Any] = json.loads(body)
            return decoded
        self.parts = list(multipart.parse(kind.encode(), body).parts)
        return {part.name: part.data.decode() for part in self.parts if part.filename is None}


def _written(form: str) -> tuple[str, bytes]:
    if form == "srt":
        return "text/plain", f"1\n00:00:00,000 --> 00:00:02,500\n{HEARD}\n".encode()
    if form == "vtt":
        return "text/vtt", f"WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n{HEARD}\n".encode()
    if form == "text":
        return "text/plain", HEARD.encode()
    return "application/json", json.dumps({"text": HEARD}).encode()


def _handler(upstream: MediaUpstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kind, data = upstream.answer(self.path, self.headers["content-type"], body)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: what matters is asserted."""

    return Handler
