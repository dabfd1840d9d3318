"""Prints the table of all comparisons with known solutions at the end of a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# the table belongs to all cases, the recipes of meshes are at the root
for folder in (Path(__file__).parent, Path(__file__).parents[2] / "meshes"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Rows of table.py, if any were recorded."""
    import table

    if table.ROWS:
        terminalreporter.section("comparisons with known solutions", sep="-")
        for line in table.text(table.ROWS):
            terminalreporter.write_line(line)
