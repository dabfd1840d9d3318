"""NumPy's hash tables end the process where memory is short (femcrust/distinct.py): the package
asks `distinct` for values once each, and NumPy's `unique` only for what it finds by sorting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SORTING = {"return_index", "return_inverse", "axis"}
BY_UNIQUE = {"union1d", "setdiff1d", "setxor1d", "intersect1d", "unique_values"}


def tables(source: str) -> Iterator[int]:
    """Lines that call on a hash table."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        given = {keyword.arg for keyword in node.keywords}
        plain = node.func.attr == "unique" and not given & SORTING
        if plain or (node.func.attr in BY_UNIQUE and "assume_unique" not in given):
            yield node.lineno


def test_no_module_uses_one(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{line}"
        for path in sorted((root / "femcrust").rglob("*.py"))
        for line in tables(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("planted", ["np.unique(x)", "np.union1d(a, b)", "np.setdiff1d(a, b)"])
def test_planted_call_is_seen(planted: str) -> None:
    assert list(tables(planted)) == [1]


def test_sorting_passes() -> None:
    assert list(tables("np.unique(rows, axis=0)\nnp.unique(x, return_index=True)")) == []
