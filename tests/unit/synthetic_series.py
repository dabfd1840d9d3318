"""A made-up relaxation: the synthetic earthquake, and after it motion that grows as 1 − exp(−t/τ).

u(t) = u₀ + 0.3 (1 − exp(−t/τ)) · u₁ with u₁ another formula; the velocity is its derivative.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from femcrust.outputs.result import Result
from unit.synthetic_result import synthetic_result

YEAR = 365.25 * 86400.0  # s
TAU = 8.0 * YEAR
YEARS = (0.0, 0.5, 2.0, 5.0, 10.0, 20.0, 35.0, 50.0)
STEPS = (0.25, 0.25, 0.5, 1.0, 1.0, 2.0, 5.0, 10.0, 10.0, 20.0)  # yr


def later(points):
    """The direction of the slow motion, (n, 3) m."""
    x, y, z = points.T / 2e4
    fade = np.exp(-(x**2 + y**2 + z**2) / 4.0)
    return np.stack([0.3 * y * fade, np.tanh(x) * fade, 0.5 * x * y * fade], axis=1)


def moved(points, time):
    return 0.3 * (1.0 - np.exp(-time / TAU)) * later(points)


def rate(points, time):
    return 0.3 / TAU * np.exp(-time / TAU) * later(points)


def steps():
    ends = np.cumsum(STEPS) * YEAR
    rows = [(0.0, 0.0, 10, 1.0, None)]
    rows += [
        (float(end), step * YEAR, 6 - i // 3, 10.0 ** (-1 - 0.2 * i), 2e-5 + 4e-6 * i)
        for i, (end, step) in enumerate(zip(ends, STEPS, strict=True))
    ]
    return [
        {
            "time_s": end,
            "step_s": step,
            "iterations": iterations,
            "relative_residual": 7e-9,
            "solve_s": 0.02 * iterations,
            "initial_relative_residual": before,
            "error": error,
        }
        for end, step, iterations, before, error in rows
    ]


def synthetic_series(cells: int = 4, years=YEARS, **output) -> list[Result]:
    """The results of all times; only the last has the summary of all steps."""
    first = synthetic_result(cells, **output)
    time = SimpleNamespace(end=50.0 * YEAR, step=0.25 * YEAR, tolerance=1e-4)
    case = SimpleNamespace(**(vars(first.case) | {"time": time}))
    summary = dict(first.summary) | {"steps": steps()}
    results = []
    for t in np.array(years) * YEAR:
        stations = replace(
            first.stations,
            displacement=first.stations.displacement + moved(first.stations.xyz, t),
            velocity=rate(first.stations.xyz, t),
            stress=first.stations.stress * np.exp(-t / TAU),
        )
        results.append(
            replace(
                first,
                case=case,
                displacement=first.displacement + moved(first.nodes, t),
                velocity=rate(first.nodes, t),
                stress=first.stress * np.exp(-t / TAU),
                stations=stations,
                summary=summary,
                time_s=float(t),
            )
        )
    return results
