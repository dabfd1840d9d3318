"""What can go wrong, and the exit status that each kind gives the command.

A message is one line: the thing, its value, the remedy.
"""

from __future__ import annotations


class FemcrustError(Exception):
    """Root of everything femcrust raises on purpose; `exit_code` is the command's status."""

    exit_code = 1


class InputError(FemcrustError):
    """What the user gave is wrong; nothing was written."""

    exit_code = 2


class NotConverged(FemcrustError):
    """The solver stopped before its tolerance; the message says what to try."""

    exit_code = 3


class DeviceError(FemcrustError):
    """The asked-for device or backend cannot be used."""

    exit_code = 4


class MemoryShortage(FemcrustError):
    """The case needs more memory than there is; the message names both numbers."""

    exit_code = 4


class Interrupted(FemcrustError):
    """Stopped from outside (SIGINT, SIGTERM)."""

    exit_code = 5


class RankLost(FemcrustError):
    """A rank of the job died."""

    exit_code = 7


class DiskError(FemcrustError):
    """Results could not be written."""

    exit_code = 6
