"""Libraries in the files of other programs: `femcrust export library.nc --to csi`.

A format is a function from `Exported` to files, name → content, and stands in a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from femcrust import progress
from femcrust.greens.exports import beat, csi, plain, pylith
from femcrust.greens.exports.content import Exported, content_of, finished
from femcrust.greens.library import FILE, read_arrays
from femcrust.outputs.atomic import check_directory, disk_errors, staged

Files = dict[str, bytes]
FORMATS: dict[str, Callable[[Exported], Files]] = {
    "csi": csi.files,
    "beat": beat.files,
    "pylith": pylith.files,
    "csv": plain.files,
}
WITH_FIELDS = ("csv",)  # that take what stations tell beside their displacement


def export(
    library: Path,
    to: str,
    output: Path | None = None,
    *,
    rake: float = 90.0,
    epoch: float | None = None,
) -> Path:
    """Write a library in another format; returns the folder.

    to : one of FORMATS;  output : absent: beside the library
    rake : degrees, of what BEAT calls uparr;  epoch : s, of a library over time
    """
    path = library / FILE if library.is_dir() else library
    finished(path)
    content = content_of(read_arrays(path), path, rake, epoch)
    folder = output or path.with_name(f"{path.stem}-{to}")
    check_directory(folder)
    files = FORMATS[to](content)
    with staged(folder) as place, disk_errors(folder):
        for name, raw in files.items():
            (place / name).write_bytes(raw)
    for left in content.left_out:
        progress.say(f"{path}: its {left} sources have no place in this format")
    if content.more and to not in WITH_FIELDS:
        told = " and ".join(content.more)
        progress.say(f"{path}: its {told} have no place in this format; --to csv writes them")
    progress.say(f"{len(files)} files are in {folder}")
    return folder
