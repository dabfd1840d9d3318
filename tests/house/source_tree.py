"""Which files are the project's own: what the checks of the house look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SKIPPED = {"build", "dist", "example", "results", "__pycache__"}
HIDDEN_BUT_OURS = {".ci", ".github"}


def is_ours(folder: Path) -> bool:
    """Not a build, a result, a cache or a virtual environment."""
    if folder.name.startswith("."):
        return folder.name in HIDDEN_BUT_OURS
    return folder.name not in SKIPPED and not (folder / "pyvenv.cfg").exists()


def own_files(root: Path, *suffixes: str) -> Iterator[Path]:
    """Files below `root` that end in one of `suffixes` (all, if none is given), sorted."""
    for path in sorted(root.iterdir()):
        if path.is_dir():
            if is_ours(path):
                yield from own_files(path, *suffixes)
        elif path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write a small tree for a checker to look at: path -> text. Returns `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
