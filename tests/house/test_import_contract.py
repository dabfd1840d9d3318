"""Python imports point down, and `import femcrust` loads nothing heavy.

The layers stand in pyproject.toml for import-linter. Meshing, units, schema and pictures are
imported where they are used: a machine that only solves may not have them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# never at start
HEAVY = {"cupy", "gmsh", "matplotlib", "meshio", "pint", "pyamg"}
HEAVY |= {"pydantic", "pyproj", "torch", "vtk", "xarray"}
LIGHT_MODULES = ["femcrust"] + [
    f"femcrust.{name}" for name in ("discretisation", "operators", "solvers", "preconditioners")
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the package below `root`, with the contracts of its pyproject.toml."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_python_imports_point_down(root: Path) -> None:
    done = lint(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mesh/planted.py", "def f():\n    from femcrust import run\n", "femcrust.mesh.planted"),
        ("units.py", "from femcrust.case import load_case\n", "femcrust.units"),
        ("planted.py", "", "planted"),
    ],
    ids=["mesh imports run", "units imports case", "module without a layer"],
)
def test_planted_import_is_named(
    name: str, text: str, words: str, root: Path, tmp_path: Path
) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "femcrust", tmp_path / "femcrust", ignore=lambda *_: {"__pycache__"})
    with (tmp_path / "femcrust" / name).open("a", encoding="utf-8") as file:
        file.write(text)
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stdout


def loaded(module: str) -> set[str]:
    """Heavy packages that a fresh interpreter holds after importing `module`."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.split(".")[0] for name in done.stdout.split()} & HEAVY


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_import_loads_nothing_heavy(module: str) -> None:
    assert loaded(module) == set()


def test_planted_heavy_import_is_seen() -> None:
    assert loaded("pydantic") == {"pydantic"}
