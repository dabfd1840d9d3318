"""What the options of the command mean: texts of a shell to numbers, paths, times."""

from __future__ import annotations

import math
from pathlib import Path

from femcrust.errors import InputError


def threads(text: str) -> int:
    """A positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"--threads: {text!r} is no number of threads; write e.g. --threads 4")
    return int(text)


def ranks(text: str) -> int:
    """A positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"--ranks: {text!r} is no number of ranks; write e.g. --ranks 4")
    return int(text)


def patch(text: str) -> int:
    """The number of a patch."""
    if not text.isdecimal():
        raise InputError(f"--patch: {text!r} is no number of a patch; write e.g. --patch 0")
    return int(text)


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"--rake: {text!r} is no number of degrees; write e.g. --rake 90")
    return value


def epoch(text: str) -> float:
    """A time since the sources act, s."""
    from femcrust.units import quantity

    return quantity(text, "time", "--epoch")


def place(text: str) -> Path:
    """A path to write to; the empty one would be the current folder."""
    if not text.strip() or "\0" in text:
        raise InputError(f"--output: {text!r} is no path; write e.g. --output results")
    return Path(text)
