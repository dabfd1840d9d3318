"""The yardstick's table: one row a solver, load and number of threads, ratios to femcrust."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

HEAD = (
    *("solver", "threads", "setup s", "solve s", "total s", "CPU s", "iterations", "residual"),
    *("B/unknown", "kDOF/s", "times slower"),
)
MB = 2**20


@dataclass(frozen=True)
class Row:
    """Medians over the runs of one solver on one problem, or why there are none."""

    solver: str
    threads: int
    setup_s: float = 0.0
    solve_s: float = 0.0
    total_s: float = 0.0
    cpu_s: float = 0.0
    iterations: int = 0
    residual: float = 0.0
    bytes_per_unknown: float = 0.0
    rate: float = 0.0
    failed: str = ""


def failed(solve: dict[str, Any]) -> bool:
    """Whether a solve missed the tolerance."""
    return bool(solve["failed"])


def line(run: dict[str, Any]) -> str:
    """One run, for the progress on the terminal."""
    start = f"{run['mesh']} {run['unknowns']:,} {run['solver']} x{run['threads']}:"
    if run.get("failed"):
        return f"{start} FAILED: {run['failed']}"
    solves = "; ".join(
        f"{load} {s['solve_s']:.2f} s, {s['iterations']} iterations, {s['residual']:.1e}"
        + " FAILED" * s["failed"]
        for load, s in run["solves"].items()
    )
    return (
        f"{start} setup {run['setup_s']:.2f} s; {solves}; {run['peak_bytes'] / MB:,.0f} MB; "
        f"load {run['load_before']:.1f} to {run['load_after']:.1f}"
    )


def rows(runs: list[dict[str, Any]], load: str) -> list[Row]:
    """One problem's runs with one load, in the order in which they ran first."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for run in runs:
        found.setdefault((run["solver"], run["threads"]), []).append(run)
    return [_row(solver, threads, of_one, load) for (solver, threads), of_one in found.items()]


def _row(solver: str, threads: int, runs: list[dict[str, Any]], load: str) -> Row:
    why = [run["failed"] for run in runs if run.get("failed")]
    why += [
        f"residual {run['solves'][load]['residual']:.1e}"
        for run in runs
        if run["solves"] and failed(run["solves"][load])
    ]
    if why:
        return Row(solver, threads, failed=why[0])
    solves = [run["solves"][load] for run in runs]
    totals = [run["setup_s"] + s["solve_s"] for run, s in zip(runs, solves, strict=True)]
    n, total = runs[0]["unknowns"], statistics.median(totals)
    return Row(
        solver,
        threads,
        statistics.median(run["setup_s"] for run in runs),
        statistics.median(s["solve_s"] for s in solves),
        total,
        statistics.median(
            run["setup_cpu_s"] + s["solve_cpu_s"] for run, s in zip(runs, solves, strict=True)
        ),
        max(s["iterations"] for s in solves),
        max(s["residual"] for s in solves),
        max(run["peak_bytes"] for run in runs) / n,
        n / total,
    )


def whole(runs: list[dict[str, Any]], ours: str) -> str:
    """All problems, loads and threads."""
    parts = []
    for mesh, size in dict.fromkeys((run["mesh"], run["size"]) for run in runs):
        of_one = [run for run in runs if (run["mesh"], run["size"]) == (mesh, size)]
        for load in dict.fromkeys(load for run in of_one for load in run["solves"]):
            title = f"{mesh}, {of_one[0]['unknowns']:,} unknowns, {load} load"
            parts.append(f"### {title}\n\n" + _markdown(rows(of_one, load), ours))
    return "\n".join(parts)


def _markdown(found: list[Row], ours: str) -> str:
    text = _cells(HEAD) + _cells("---" for _ in HEAD)
    for threads in sorted({row.threads for row in found}):
        of_threads = [row for row in found if row.threads == threads]
        base = next((r.total_s for r in of_threads if r.solver == ours and not r.failed), 0.0)
        gamg = [r for r in of_threads if r.solver.startswith("GAMG") and not r.failed]
        best = min(gamg, key=lambda r: r.total_s, default=None)
        for row in sorted(of_threads, key=lambda r: (bool(r.failed), r.total_s)):
            name = f"**{row.solver}**" if row is best else row.solver
            if row.failed:
                text += _cells([name, str(threads), f"FAILED: {row.failed}", *[""] * 8])
                continue
            text += _cells(
                [
                    name, str(threads), f"{row.setup_s:.2f}", f"{row.solve_s:.2f}",
                    f"{row.total_s:.2f}", f"{row.cpu_s:.2f}",
                    str(row.iterations or "–"), f"{row.residual:.1e}",
                    f"{row.bytes_per_unknown:.0f}", f"{row.rate / 1e3:.1f}",
                    f"{row.total_s / base:.1f}" if base else "–",
                ]
            )  # fmt: skip
    return text


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"
