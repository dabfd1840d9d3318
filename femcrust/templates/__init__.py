"""`femcrust init`: commented cases to start from, each a folder beside this file."""

from __future__ import annotations

import difflib
from pathlib import Path

from femcrust import progress
from femcrust.errors import DiskError, InputError

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """The templates there are."""
    return sorted(folder.name for folder in HERE.iterdir() if (folder / "case.yaml").is_file())


def init(name: str, target: Path) -> Path:
    """Copy a template into a folder, which is made; nothing that exists is overwritten."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(names())}"
        raise InputError(f"init: {name!r} is no template; {hint}")
    if target.exists() and not target.is_dir():
        raise InputError(f"init: {target} is a file; choose another folder")
    files = sorted(path for path in (HERE / name).iterdir() if path.is_file())
    for path in files:
        if (target / path.name).exists():
            raise InputError(f"init: {target / path.name} exists; choose another folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in files:
            (target / path.name).write_bytes(path.read_bytes())
    except OSError as error:
        raise DiskError(f"init: {target}: {error.strerror}; choose another folder") from error
    progress.say(f"wrote {', '.join(path.name for path in files)} into {target}")
    progress.say(f"next: femcrust run {target / 'case.yaml'}")
    return target
