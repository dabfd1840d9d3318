"""Files that appear whole or not at all: temporary name in the same folder, fsync, rename."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from femcrust.errors import DiskError, FemcrustError, InputError

REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another output.directory",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another output.directory",
    errno.EROFS: "the file system is read-only; choose another output.directory",
    errno.EACCES: "no permission to write there; choose another output.directory",
    errno.EPERM: "no permission to write there; choose another output.directory",
    errno.ENOTDIR: "a part of the path is a file; choose another output.directory",
    errno.EEXIST: "a file of that name is in the way; choose another output.directory",
    errno.EISDIR: "a folder of that name is in the way; move it or choose another output.directory",
    errno.ENOTEMPTY: "a folder of that name is in the way; move it",
    errno.ENAMETOOLONG: "the name is too long; shorten it",
    errno.EIO: "the disk reports an error; choose another output.directory",
}
MISTAKES = {  # what the user can mend in the case before any work; the rest is the disk's fault
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
}


def _explained(path: Path, error: OSError) -> str:
    what = error.strerror or type(error).__name__
    remedy = REMEDIES.get(error.errno or 0, "choose another output.directory")
    return f"{path}: cannot be written ({what}): {remedy}"


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn any OSError inside into a DiskError that names `path` and the remedy."""
    try:
        yield
    except OSError as error:
        raise DiskError(_explained(path, error)) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes the name `path` only once everything is on the disk.

    If the body raises, the temporary file goes away and an older `path` stays as it was.
    """
    temporary: Path | None = None
    try:
        with disk_errors(path):
            handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}-", dir=path.parent)
            temporary = Path(name)
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            os.replace(temporary, path)
            temporary = None
            _sync_folder(path.parent)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a whole file at once."""
    with replacing(path) as file:
        file.write(content)
    return path


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """A folder to write results into; its files move to `directory` only when the body is done.

    A new `directory` appears by one rename. In an existing one each file replaces its older
    namesake, `summary.json` last, so that a summary never precedes the results it describes;
    other files there are left alone.
    """
    with disk_errors(directory):
        fresh = not directory.exists()
        home = directory.parent if fresh else directory
        home.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{directory.name[:80]}-partial-", dir=home))
    try:
        yield staging
        with disk_errors(directory):
            if fresh and not directory.exists():
                staging.chmod(0o777 & ~_umask())
                os.rename(staging, directory)
            else:
                files = sorted(staging.iterdir(), key=lambda f: (f.name == "summary.json", f.name))
                for file in files:
                    os.replace(file, directory / file.name)
            _sync_folder(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_directory(directory: Path) -> None:
    """Refuse, before any work, a folder into which results could not be written.

    Leaves nothing behind. Raises InputError for a wrong path or missing permission,
    DiskError for a full or read-only disk.
    """
    home = directory
    try:
        while not home.exists():
            home = home.parent
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"femcrust")
            probe.flush()
    except OSError as error:
        kind: type[FemcrustError] = InputError if error.errno in MISTAKES else DiskError
        raise kind(f"output.directory: {_explained(directory, error)}") from error


def _umask() -> int:
    """The process's umask; there is no call that reads it without setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. Some network file systems refuse; the file itself is safe by then."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
