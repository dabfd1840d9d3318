"""`femcrust data`: where each public file comes from, and whether the one here is that file.

files.csv lists them with the SHA-256 of their content, unpacked where the name ends in .gz.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from femcrust import progress
from femcrust.data.sources import SOURCES, Source
from femcrust.errors import InputError

TABLE = Path(__file__).with_name("files.csv")
VARIABLE = "FEMCRUST_DATA"
SHOWN = 3  # wrong files that the last line names


@dataclass(frozen=True)
class PublicFile:
    """A file below the folder of public data: digest of its content, and its source."""

    path: str
    sha256: str
    source: Source


def public_files() -> list[PublicFile]:
    """All of them, by folder."""
    with TABLE.open(encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    return [PublicFile(row["file"], row["sha256"], SOURCES[row["source"]]) for row in rows]


def content_digest(path: Path) -> str:
    """SHA-256 of what a file holds, unpacked where it is gzipped; empty where it cannot be read."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return ""
    return hashlib.sha256(raw).hexdigest()


def found_at(folder: Path, name: str) -> Path | None:
    """The file in a folder, packed or not."""
    plain = name.removesuffix(".gz")
    return next((p for p in (folder / plain, folder / f"{plain}.gz") if p.is_file()), None)


def check(folder: Path | None = None) -> None:
    """List all files and compare those in a folder; InputError where one is another."""
    place = folder if folder is not None else _from_environment()
    if place is not None and not place.is_dir():
        raise InputError(f"{place}: is no folder; name the one of the public data, or unset it")
    wrong, absent, source = [], 0, None
    for file in public_files():
        if file.source != source:
            source = file.source
            progress.say(f"{source.what}\n  {source.url}  ({source.licence}; {source.credit})")
        state = "not looked for"
        if place is not None:
            path = found_at(place, file.path)
            if path is None:
                state = "absent"
                absent += 1
            elif content_digest(path) == file.sha256:
                state = "whole"
            else:
                state = "DIFFERS"
                wrong.append(file.path)
        progress.say(f"    {file.path:<48} {file.sha256[:16]}  {state}")
    if place is None:
        progress.say(f"set {VARIABLE}, or name a folder, to compare what is there")
    elif wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise InputError(
            f"{place}: {', '.join(wrong[:SHOWN])}{more}: not what was published; fetch it anew from"
            " its source"
        )
    else:
        progress.say(f"{place}: {absent} files absent, the others whole")


def _from_environment() -> Path | None:
    value = os.environ.get(VARIABLE)
    return Path(value) if value else None
