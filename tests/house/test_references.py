"""Citation keys in comments and strings, a surname and a year, resolve in README, References."""

from __future__ import annotations

import re
from pathlib import Path

from house.comments import prose
from house.source_tree import own_files, plant

NAME = r"[A-Z][A-Za-z]+\d{2}[a-z]?(?=[\],;])"
KEY = re.compile(rf"\[({NAME})|(?<=; )({NAME})")
SECTION = re.compile(r"^#+\s*References\s*$(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
SUFFIXES = (".py", ".hpp", ".cpp", ".cuh", ".cu")
HOUSE = Path("tests/house")  # holds planted keys


def keys(text: str) -> list[str]:
    """Citation keys in a text, in order."""
    return [first or second for first, second in KEY.findall(text)]


def unresolved(root: Path) -> list[str]:
    """Citations without an entry, and entries that stand twice."""
    section = SECTION.search((root / "README.md").read_text(encoding="utf-8"))
    entries = keys(section.group(1)) if section else []
    found = [f"README.md: {key} stands twice" for key in {*entries} if entries.count(key) > 1]
    for path in own_files(root, *SUFFIXES):
        here = path.relative_to(root)
        if not here.is_relative_to(HOUSE):
            for key in sorted({*keys(prose(path))} - {*entries}):
                found.append(f"{here}: [{key}] is not in README, References")
    return found


def test_every_citation_resolves(root: Path) -> None:
    assert unresolved(root) == []


def test_keys_are_found_among_other_brackets() -> None:
    text = "as in [Surname92, eq. 3; Other03] and [Third11a], but not x[0], [Name] or list[Vec3]"
    assert keys(text) == ["Surname92", "Other03", "Third11a"]


def test_planted_citation_is_named(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "README.md": "See [Early01].\n## References\n- [Known92] A.\n- [Twice03] B.\n"
            "- [Twice03] C.\n## After\n[Late09]\n",
            "csrc/core/a.hpp": "/// [Known92, eq. 3]\nint a = b[Index32];\n",
            "csrc/core/b.hpp": "/* [Early01] */\n",
            "femcrust/a.py": '"""[Known92]; [Late09]"""\nx = 1  # [Unknown11, alg. 2]\n',
        },
    )
    assert unresolved(tmp_path) == [
        "README.md: Twice03 stands twice",
        "csrc/core/b.hpp: [Early01] is not in README, References",
        "femcrust/a.py: [Late09] is not in README, References",
        "femcrust/a.py: [Unknown11] is not in README, References",
    ]
