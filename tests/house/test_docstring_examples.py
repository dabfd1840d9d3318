"""Every example in a docstring of the package runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import femcrust

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    """All Python modules of the package; the compiled one has no docstring examples."""
    walk = pkgutil.walk_packages(femcrust.__path__, "femcrust.")
    names = sorted(module.name for module in walk)
    return ["femcrust", *(n for n in names if n.split(".")[1] not in {"_core", "__main__"})]


def failures(module: ModuleType) -> int:
    """How many examples of a module print something else."""
    return doctest.testmod(module, optionflags=FLAGS).failed


@pytest.mark.parametrize("name", modules())
def test_docstring_examples_run(name: str) -> None:
    assert failures(importlib.import_module(name)) == 0


def test_planted_wrong_example_fails(capsys: pytest.CaptureFixture[str]) -> None:
    module = ModuleType("planted", "A wrong sum.\n\n>>> 1 + 1\n3\n")
    assert failures(module) == 1
    assert "Expected:\n    3" in capsys.readouterr().out
