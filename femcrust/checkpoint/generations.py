"""The last two checkpoints of a folder: the new one takes the place of the older.

A file appears whole or not at all (`outputs.atomic`), so that whatever ends the process leaves one
that is good; two, so that a disk that damages one costs the work between them only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from femcrust.checkpoint.container import Damaged, Make, Stored, write
from femcrust.errors import InputError
from femcrust.outputs.atomic import disk_errors, replacing

NAMES = ("checkpoint-a.bin", "checkpoint-b.bin")


class Generations:
    """Of one folder, which may not exist."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._next = 0  # of NAMES
        self._number = 0  # of the next

    @property
    def any(self) -> bool:
        return any((self.directory / name).exists() for name in NAMES)

    def save(self, tree: Make) -> Path:
        """Write one more; where that fails, those before are as they were."""
        with disk_errors(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
        self._sweep()
        path = self.directory / NAMES[self._next]
        with replacing(path) as file:
            write(file, {"number": self._number, **tree()})
        self._next, self._number = 1 - self._next, self._number + 1
        return path

    def newest(self, tell: Callable[[str], None]) -> Stored | None:
        """The newest that is whole; None where there are none. InputError where none is whole."""
        damaged: list[str] = []
        found: list[Stored] = []
        for name in NAMES:
            path = self.directory / name
            try:
                if path.exists():
                    stored = Stored(path)
                    if type(stored.tree.get("number")) is not int:
                        raise Damaged("it has no number")
                    found.append(stored)
            except (Damaged, OSError) as error:
                damaged.append(_about(path, error))
        for stored in sorted(found, key=lambda one: -int(one.tree["number"])):
            try:
                stored.check()
            except (Damaged, OSError) as error:
                damaged.append(_about(stored.path, error))
                continue
            if damaged:
                tell(f"{'; '.join(damaged)}: taking the other one, {stored.path.name}")
            self._next = 1 - NAMES.index(stored.path.name)
            self._number = int(stored.tree["number"]) + 1
            return stored
        if damaged:
            raise InputError(
                f"--resume: {'; '.join(damaged)}: no checkpoint is left to go on from; run the case"
                " without --resume"
            )
        return None

    def forget(self) -> None:
        """Remove them, and what a process that was killed left of one."""
        if self.directory.is_dir():
            with disk_errors(self.directory):
                for name in NAMES:
                    (self.directory / name).unlink(missing_ok=True)
                self._sweep()

    def _sweep(self) -> None:
        for name in NAMES:
            for path in self.directory.glob(f".{name}-*"):
                path.unlink(missing_ok=True)


def _about(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"{path}: cannot be used ({reason})"
