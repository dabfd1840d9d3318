"""Standard input, output and error of a command that nobody may listen to."""

from __future__ import annotations

import contextlib
import io
import os
import sys


def open_all() -> None:
    """One that was closed leads nowhere: else a file of results might get its number, and what is
    printed would end in it. Letters that a terminal lacks are shown as question marks."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            opened = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, opened)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def hush() -> None:
    """What streams still hold goes nowhere, where it cannot go where it should."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
