# SPDX-License-Identifier: Apache-2.0
"""C2PA manifests: signed last, with the party's key, over a file that carries every other layer already; and read.

Done by `c2pa-python` (the extra `c2pa`), whose library parses and writes the formats. It goes to no network: manifests
that a file only points to are not fetched, nor is a certificate's status. `CARRIES` names what carries one. Plain text,
HTML, Ogg and Matroska do not; of OOXML only a file whose parts are stored without compression does.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final, TypeVar
from urllib.parse import urlsplit

import answerable
from answerable.crypto import issuing
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.formats.ifd import Directories
from answerable.formats.splice import Source
from answerable.labels import manifest, manifest_pdf
from answerable.labels.chain import Chain
from answerable.labels.manifest_place import ISOBMFF, samples, store_size
from answerable.labels.manifest_report import ABSENT, INVALID, UNSUPPORTED, C2paReading, reading

Kind = TypeVar("Kind")
CARRIES: Final = frozenset(
    {
        "image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/avif",
        "audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/mpeg", "audio/flac", "audio/mp4",
        "video/mp4", "video/quicktime", "video/avi", "video/x-msvideo", "video/vnd.avi", "application/pdf",
    }
)  # fmt: skip
STORED_ONLY: Final = frozenset(
    "application/vnd.openxmlformats-officedocument." + kind
    for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
# Names that formats have elsewhere in this project, and the one that the library takes.

_NAMES: Final = {"video/vnd.avi": "video/avi", "audio/vnd.wave": "audio/wav"}
_PDF: Final = "application/pdf"
_TIFF: Final = "image/tiff"
_COVERS: Final = b"/ByteRange"
ANCHORS: Final = "anchors"  # a problem: the reader's own root certificates cannot be read
_UNREADABLE: Final = ("Io", "Other", "NotSupported")
# A report of a manifest made for it takes some 400 times its size in memory; real ones with pictures stay below 1 MiB.
MAX_MANIFEST: Final = manifest.MAX_STORE_MIB << 20
# The library hashes pieces of up to 256 MiB in memory, two at a time. Samples of this many bytes and more are hashed as
# a tree of smaller pieces (C2PA 2.2 section A.5.3), of which each has a hash of its own in the file.
TREE_FROM: Final = 64 << 20
_PIECES: Final = 256


class _Sheet:
    """A target that remembers why it could not be written."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.failed: OSError | None = None

    def write(self, data: bytes) -> int:
        return self._kept(lambda: self._target.write(data))

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._kept(lambda: self._target.seek(offset, whence))

    def read(self, size: int = -1) -> bytes:
        return self._kept(lambda: self._target.read(size))

    def flush(self) -> None:
        self._kept(self._target.flush)

    def tell(self) -> int:
        return self._target.tell()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def _kept(self, work: Callable[[], Kind]) -> Kind:
        try:
            return work()
        except OSError as error:
            self.failed = self.failed or error
            raise


def supports(media: str, source: BinaryIO) -> bool:
    """Whether a manifest can be signed into `source`, a file of type `media`."""
    if media in STORED_ONLY:
        try:
            source.seek(0)
            with zipfile.ZipFile(source) as archive:
                return all(each.compress_type == zipfile.ZIP_STORED for each in archive.infolist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return False
    if media == _TIFF:
        return _pages(source) == 1
    return media in CARRIES and not (media == _PDF and _has_signatures(source))


def _pages(source: BinaryIO) -> int:
    """Of a TIFF, 0 for none that can be read: of more than one the library loses all but the first."""
    try:
        return len(Directories(Source(source, "tiff")).chain())
    except VerificationError:
        return 0


def _has_signatures(source: BinaryIO) -> bool:
    """Whether a PDF has signatures, which say in the clear what they cover (ISO 32000-2 section 12.8.1): the library
    writes a PDF anew, and none of them would hold."""
    source.seek(0)
    end = b""
    while data := source.read(1 << 20):
        if _COVERS in end + data:
            return True
        end = data[-len(_COVERS) :]
    return False


def sign(
    source: BinaryIO,
    target: BinaryIO,
    media: str,
    *,
    chain: Chain,
    said: manifest.Said,
    parent: BinaryIO | None = None,
    parent_media: str = "",
) -> None:
    """`source` again in `target` (readable and seekable too) with one new manifest, signed with `chain`.

    parent: the file as it was before anything of ours was written into it, where it had a manifest or was edited; it is
    kept as ingredient with what its manifest said; parent_media: its type, "" for the same. Left out, `source` itself
    is looked at. Nothing is loaded whole.

    Raises Refused ``label.unsupported`` for a format that carries none, ``label.chain`` if the leaf's time is over, and
    VerificationError ``label.c2pa`` for a file that cannot be signed; OSError as writing `target` does, the library's
    own words for which would be taken for the file's fault. `target` is then of no use.
    """
    library = _library()
    if not supports(media, source):
        raise Refused("label.unsupported", layer="c2pa", format=media)
    if said.made_at > chain.until_ms:
        raise Refused("label.chain", detail="the first certificate is no longer in force")
    if len(said.receipt) > manifest.MAX_RECEIPT:
        raise VerificationError("label.c2pa", detail=f"the receipt is longer than {manifest.MAX_RECEIPT} bytes")
    name = _NAMES.get(media, media)
    if parent is None and read(source, media).state != ABSENT:
        parent = source
    algorithm = library.C2paSigningAlg.ED25519 if chain.algorithm == issuing.ED25519 else library.C2paSigningAlg.ES256
    hosts = (urlsplit(chain.tsa).hostname or "",) if chain.tsa else ()
    sheet = _Sheet(target)
    text = json.dumps(manifest.definition(said, version=answerable.__version__, parent=parent is not None))
    try:
        with (
            library.Context.from_dict(manifest.settings(hosts=hosts, piece_kib=_piece_kib(source, media))) as context,
            library.Signer.from_callback(
                chain.sign, algorithm, chain.certificates.decode("ascii"), chain.tsa or None
            ) as signer,
            library.Builder.from_json(text, context) as builder,
        ):
            if parent is not None:
                parent.seek(0)
                builder.add_ingredient(
                    {"title": manifest.PARENT, "relationship": "parentOf", "label": manifest.PARENT},
                    _NAMES.get(parent_media, parent_media) or name,
                    parent,
                )
            given = manifest_pdf.tabled(source) if media == _PDF else source
            given.seek(0)
            builder.sign(signer, name, given, sheet)
        target.flush()
    except library.C2paError as error:
        if sheet.failed is not None:
            raise sheet.failed from None
        raise VerificationError("label.c2pa", detail=_detail(error)) from None


def read(source: BinaryIO, media: str, *, anchors: Sequence[bytes] = ()) -> C2paReading:
    """What the manifest in `source` says and whether it holds. anchors: root certificates in PEM of the signers that
    the caller trusts; without any, a manifest that holds is "valid" and never "trusted".

    Foreign bytes raise nothing. Raises Unavailable ``label.extra`` if the library is not installed.
    """
    library = _library()
    if media not in CARRIES and media not in STORED_ONLY:
        return C2paReading(UNSUPPORTED)
    if store_size(source, media) > MAX_MANIFEST:
        return C2paReading(UNSUPPORTED, problems=("oversized",))
    source.seek(0)
    try:
        with (
            library.Context.from_dict(manifest.settings(b"\n".join(anchors))) as context,
            library.Reader(_NAMES.get(media, media), source, context=context) as reader,
        ):
            return reading(json.loads(reader.json()), reader.get_validation_state())
    except library.C2paError.ManifestNotFound:
        return C2paReading(ABSENT)
    except library.C2paError as error:
        detail = _detail(error)
        if detail.startswith("Remote"):
            return C2paReading(ABSENT, problems=("remote",))
        if anchors and (alone := read(source, media)).holds:
            # It holds: what cannot be understood is what the reader trusts, and not the file.
            return replace(alone, problems=(*alone.problems, ANCHORS))
        state = UNSUPPORTED if detail.startswith(_UNREADABLE) else INVALID
        return C2paReading(state, problems=(detail,))
    except ValueError:
        return C2paReading(INVALID, problems=("report",))


def _piece_kib(source: BinaryIO, media: str) -> int:
    """Size of the pieces of samples that are hashed one by one, 0 for all of them at once. Of several boxes of samples
    the library makes a tree that does not hold: theirs are ranges of their own, hashed one after the other."""
    found = samples(source) if media in ISOBMFF else ()
    if len(found) != 1 or found[0] < TREE_FROM:
        return 0
    return max(1 << (found[0] // _PIECES // 1024).bit_length(), 1)


def _library() -> Any:
    try:
        import c2pa
    except ImportError:
        raise Unavailable("label.extra", extra="c2pa") from None
    return c2pa


def _detail(error: Exception) -> str:
    """The library's own word, on one line and short: it may repeat names out of the file."""
    return " ".join(str(error).split())[:200]
