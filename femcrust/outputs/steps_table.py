"""The report's table of steps: when, how long, how many iterations, how exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from femcrust.outputs import page
from femcrust.outputs.stations import SECONDS_PER_YEAR

MOST_ROWS = 25  # more scroll inside a box


def steps_table(summary: Mapping[str, Any]) -> str:
    """One row a step; length and error of the steps of a run with time."""
    steps = summary["steps"]
    relaxes = any("step_s" in step for step in steps)
    columns: list[tuple[str, str, str]] = [
        ("time (yr)", "time_s", ".6g"),
        *([("step (yr)", "step_s", ".4g")] if relaxes else []),
        ("iterations", "iterations", ""),
        ("relative residual", "relative_residual", ""),
        ("before", "initial_relative_residual", ""),
        *([("error estimate", "error", "")] if relaxes else []),
        ("seconds", "solve_s", ""),
    ]
    rows = [[_cell(step[key], key) for _, key, _ in columns] for step in steps]
    table = page.table([name for name, _, _ in columns], rows, [style for _, _, style in columns])
    return f'<div class="tall">{table}</div>' if len(rows) > MOST_ROWS else table


def _cell(value: Any, key: str) -> float | int | None:
    if value is None:
        return None
    if key == "iterations":
        return int(value)
    return float(value) / SECONDS_PER_YEAR if key in {"time_s", "step_s"} else float(value)
