"""What goes wrong, told in one line, and the exit status that it gives the command."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from femcrust import machine
from femcrust.errors import DiskError, FemcrustError, Interrupted, MemoryShortage

DISK_ERRORS = {
    errno.ENOSPC: "free some space, or choose another folder with --output",
    errno.EDQUOT: "free some space, or choose another folder with --output",
    errno.EROFS: "choose another folder with --output",
    errno.EACCES: "change its permissions, or choose another folder with --output",
    errno.EIO: "check the disk, or choose another folder with --output",
}
NO_MEMORY = (
    "annot allocate", "failed to map segment", "can't start new thread", "out of memory",
    "bad_alloc", "Unable to create type object",
)  # fmt: skip


def known(error: BaseException) -> FemcrustError | None:
    """The error of ours that an exception of Python stands for; None if it is a bug."""
    if isinstance(error, FemcrustError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("interrupted; results of this run are not complete")
    if out_of_memory(error):
        detail = f" ({error})" if str(error) else ""
        return MemoryShortage(
            f"not enough memory{detail}: {machine.shortage()}; make the mesh coarser, or use a"
            " larger machine"
        )
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        reason = f"{error.strerror}; {DISK_ERRORS[error.errno]}"
        return DiskError(f"{error.filename}: {reason}" if error.filename else reason)
    return None


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception, or one that led to it, is for want of memory; some libraries say so in
    words only, and Python itself, when nothing is left, says nothing."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError) or getattr(seen, "errno", None) == errno.ENOMEM:
            return True
        if isinstance(seen, (ImportError, RuntimeError, OSError)) and any(
            words in str(seen) for words in NO_MEMORY
        ):
            return True
        seen = seen.__cause__ or seen.__context__
    return isinstance(error, SystemError) and machine.memory_is_full()


def write_log(error: BaseException, words: Sequence[str]) -> str:
    """Keep the traceback of a bug in a file; returns its name."""
    import platform
    import tempfile
    import traceback

    lines = [f"femcrust {' '.join(words)}\n", f"{platform.platform()}, Python {sys.version}\n\n"]
    for folder in (Path.cwd(), None):  # None: the system's folder for temporary files
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(prefix="femcrust-bug-", suffix=".log", dir=folder)
            with open(handle, "w", encoding="utf-8") as file:
                file.writelines([*lines, *traceback.format_exception(error)])
            return name
    return "the traceback (--traceback shows it)"


def report(error: BaseException, words: Sequence[str]) -> int:
    """Tell the user what went wrong, in one line; the exit status."""
    ours = known(error)
    if ours is not None:
        lines = (" ".join(line.split()) for line in str(ours).splitlines())
        message = "; ".join(line for line in lines if line)
    else:
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"{cause}; this is a bug, please report it with {write_log(error, words)}"
    with contextlib.suppress(OSError, ValueError):  # nobody may be there to hear it
        if "--traceback" in words:
            import traceback

            traceback.print_exception(error)
        print(message, file=sys.stderr, flush=True)
    return ours.exit_code if ours is not None else 1
