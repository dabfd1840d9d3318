"""What must hold of an HDF5 file, and of what is read of it, before the HDF5 library reads it.

In a damaged file the library walks a heap for ever, asks for all memory there is, or ends the
process. Here is ValueError where it would; all other damage HDF5 finds itself. Formats: [HDF16].
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DEFLATED = 1100  # times: zlib makes data smaller by 1032 at most
SMALL = 1 << 20  # bytes
TEXTS = ("units",)  # attributes that may be texts of free length
FREE_LENGTH = 9  # class of types


def check(file: Any, path: Path) -> None:
    """Refuse a file with a heap that has no end or a text that is longer than the file."""
    length = file.id.get_create_plist().get_sizes()[1]
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        for heap in re.finditer(rb"GCOL\x01", raw):
            if _endless(raw, heap.start(), length):
                raise ValueError(f"the heap at byte {heap.start()} is damaged")
        for name in TEXTS:
            for found in re.finditer(name.encode() + rb"\0", raw):
                if _text_length(raw, found.start()) > len(raw):
                    raise ValueError(f"the attribute {name!r} at byte {found.start()} is damaged")


def _endless(raw: mmap.mmap, start: int, length: int) -> bool:
    """Whether a global heap (of texts and lists) has an object that takes no room.

    A heap: "GCOL", version 1, 3 bytes, its size; then objects: index (2 bytes), 6 bytes, size and,
    where the index is not 0, so many bytes, rounded up to 8. A size has `length` bytes.
    """
    head = 8 + length
    at = start + head
    end = min(start + int.from_bytes(raw[start + 8 : at], "little"), len(raw))
    while at + head <= end:
        index = int.from_bytes(raw[at : at + 2], "little")
        size = int.from_bytes(raw[at + 8 : at + head], "little")
        room = (head + -(-size // 8) * 8) % (1 << 64) if index else size
        if room == 0:
            return True
        at += room
    return False


def _text_length(raw: mmap.mmap, at: int) -> int:
    """Length of the text that the attribute with its name at `at` holds; 0 where it holds none.

    Before the name: version, flags, sizes of name, type and space (2 bytes each) and, in version 3,
    the character set; then name, type, space, each to a multiple of 8 bytes in version 1, and data:
    of a text of free length its length (4 bytes), and where it is.
    """
    for head, versions in ((8, (1, 2)), (9, (3,))):
        if at >= head and raw[at - head] in versions:
            unit = 8 if raw[at - head] == 1 else 1
            sizes = struct.unpack("<3H", raw[at - head + 2 : at - head + 8])
            name, kind, space = (-(-size // unit) * unit for size in sizes)
            data = at + name + kind + space
            if raw[at + name : at + name + 1] and raw[at + name] % 16 == FREE_LENGTH:
                return int.from_bytes(raw[data : data + 4], "little")
    return 0


def attributes(dataset: Any, names: Iterable[str]) -> dict[str, Any]:
    """Those of the named attributes that a data set has."""
    found = {}
    for name in names:
        if name in dataset.attrs:
            identity = dataset.attrs.get_id(name)
            kind = identity.get_type()
            one_text = name in TEXTS and identity.shape in ((), (1,)) and not kind.committed()
            if not _plain(kind, one_text):
                raise ValueError(f"attribute {name!r} of {dataset.name} is neither text nor number")
            found[name] = dataset.attrs[name]
    return found


def _plain(kind: Any, one_text: bool) -> bool:
    """Whether HDF5 reads this type safely; a damaged list of free length may end the process."""
    from h5py import h5t

    if kind.get_class() == h5t.COMPOUND:
        return all(_plain(kind.get_member_type(i), False) for i in range(kind.get_nmembers()))
    if kind.get_class() == h5t.STRING:
        return one_text or not kind.is_variable_str()
    return kind.get_class() in (h5t.INTEGER, h5t.FLOAT, h5t.REFERENCE)


def numbers(dataset: Any, path: Path) -> Any:
    """All numbers of a data set; never many more than the file can hold."""
    if dataset.nbytes > DEFLATED * path.stat().st_size + SMALL:
        raise ValueError(f"{dataset.name} has {dataset.size} numbers, more than the file holds")
    return dataset[...]
