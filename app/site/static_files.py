"""The files of the pages: style, script, fonts and icon, at addresses that change with them.

An address has a digest of the file, so a browser may keep it for a year. An older digest answers
with the file of now, for a minute: a page that was kept somewhere still finds its style.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import NotFound
from app.web.conditional import COMPRESS, IDENTITY, best_encoding, matches
from app.web.parameters import takes_no_parameters

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
COMPRESSED = (".css", ".js", ".svg")  # the others are compressed in themselves
FOR_A_YEAR = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    name: str
    address: str
    media_type: str
    bodies: dict[str, bytes]  # by encoding


def _read(path: Path, addresses: dict[str, str]) -> StaticFile:
    """A file of the folder. `addresses`: those of the fonts, which the style names."""
    body = path.read_bytes()
    if path.suffix == ".css":
        text = body.decode()
        for name, address in addresses.items():
            text = text.replace(f"url({name})", f"url({address})")
        body = text.encode()
    digest = hashlib.blake2b(body, digest_size=6).hexdigest()
    name = path.relative_to(FOLDER).as_posix()
    bodies = {IDENTITY: body}
    if path.suffix in COMPRESSED:
        bodies |= {encoding: compress(body) for encoding, compress in COMPRESS.items()}
    address = f"{PREFIX}/{name.removesuffix(path.suffix)}.{digest}{path.suffix}"
    return StaticFile(name, address, TYPES[path.suffix], bodies)


def _read_all() -> dict[str, StaticFile]:
    files: dict[str, StaticFile] = {}
    paths = [path for path in FOLDER.rglob("*") if path.suffix in TYPES]
    for path in sorted(paths, key=lambda path: path.suffix == ".css"):  # the style comes last
        file = _read(path, {name: file.address for name, file in files.items()})
        files[file.name] = file
    return files


FILES = _read_all()
DIGEST = hashlib.blake2b("".join(file.address for file in FILES.values()).encode()).hexdigest()[:12]
router = APIRouter()


def address(name: str) -> str:
    """The address of a file, such as site.css."""
    return FILES[name].address


@router.get(PREFIX + "/{path:path}", include_in_schema=False)
async def static_file(request: Request, path: str) -> Response:
    """One file."""
    await takes_no_parameters(request)
    stem, _, suffix = path.rpartition(".")
    file = FILES.get(f"{stem.rpartition('.')[0]}.{suffix}")
    if file is None:
        raise NotFound(f"No file is called {path[:200]!r}.")
    is_current = file.address == f"{PREFIX}/{path}"
    return send(request, file, FOR_A_YEAR if is_current else FOR_A_MINUTE)


def send(request: Request, file: StaticFile, cache_control: str) -> Response:
    """A file, compressed as the client takes it."""
    encoding = best_encoding(
        request.headers.get("accept-encoding", ""),
        [name for name in COMPRESS if name in file.bodies],
    )
    etag = f'"{file.address.rsplit(".", 2)[1]}-{encoding}"'
    headers = {"Cache-Control": cache_control, "ETag": etag}
    if matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    if encoding != IDENTITY:
        headers["Content-Encoding"] = encoding
    return Response(file.bodies[encoding], media_type=file.media_type, headers=headers)
