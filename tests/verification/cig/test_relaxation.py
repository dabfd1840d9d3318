"""Ten years after the earthquake: the lower half of the cube flows, its sides stay.

There is no closed form. The error of cells of h is told from cells of 2h, u(h) − u being a third
of u(2h) − u(h) where it falls with h² [Richardson11]; at 0 years, where u is known, this is seen
to be right.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cube
import measure
import numpy as np
import pytest
from events import EVENTS, REVERSE, STRIKE_SLIP, Event
from table import orders, record

EQUAL = {"step": cube.STEP * cube.YEAR}
# Of the estimate at 0 yr: above the error by 21 to 24 % where h falls from 4000 to 1000 m.
TRUE = 0.35
SOME = 5  # elements of which one is enough to see that
BOUNDS = {STRIKE_SLIP: 1.2e-3, REVERSE: 8e-4}  # m, at 2000 m and any time; first seen 9e-4, 6.4e-4
# Displacement at the worst node, m, by steps of 0.1 yr and as `time.tolerance` allows.
STEPS_AGREE = 1e-5


@cache
def run(event: Event, spacing: float) -> tuple[Any, list[Any]]:
    """The locator of the mesh, and the results of cube.TIMES."""
    model = cube.model(event, spacing, **EQUAL)
    return model.locator, cube.run(model)


def errors(event: Event, spacing: float) -> list[float]:
    """m, at cube.TIMES."""
    locator, coarse = run(event, 2 * spacing)
    pairs = zip(coarse, run(event, spacing)[1], strict=True)
    return [measure.error(cube.change(a, b, locator, spacing), None) / 3 for a, b in pairs]


def recorded(
    event: Event, spacing: float, found: list[float], slopes: list[float | None], bound: float
) -> bool:
    """Rows of the table; whether all hold."""
    rows = [
        record(f"CIG/SCEC {event.name}", spacing, error, bound, slope, f"{t:g} yr, from 2 spacings")
        for t, error, slope in zip(cube.TIMES, found, slopes, strict=True)
    ]
    return all(row.holds for row in rows)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_ten_years_of_relaxation_converge(event: Event) -> None:
    found = errors(event, 2000.0)
    assert recorded(event, 2000.0, found, [None] * 4, BOUNDS[event])
    results = run(event, 2000.0)[1]
    at_once = measure.error(cube.cells(results[0], 2000.0)[::SOME], event)
    assert found[0] == pytest.approx(at_once, rel=TRUE)
    # planted: results of another time
    locator, coarse = run(event, 4000.0)
    wrong = cube.change(coarse[1], results[2], locator, 2000.0)
    assert measure.error(wrong, None) / 3 > BOUNDS[event]


def test_the_steps_add_nothing_and_the_viscosity_much(monkeypatch: pytest.MonkeyPatch) -> None:
    event = STRIKE_SLIP
    equal = run(event, 2000.0)[1]
    # 1e-3 of what flows, which moves the cube by centimetres
    free = cube.run(cube.model(event, 2000.0, tolerance=1e-3, **EQUAL))
    assert len(free[-1].summary["steps"]) < len(equal[-1].summary["steps"]) == 100
    assert apart(equal, free) <= STEPS_AGREE
    monkeypatch.setattr(cube, "ETA", 2 * cube.ETA)  # planted
    assert apart(equal, cube.run(cube.model(event, 2000.0, **EQUAL))) > 100 * STEPS_AGREE


def apart(one: list[Any], other: list[Any]) -> float:
    """Largest difference at any time, m."""
    pairs = zip(one, other, strict=True)
    return max(float(np.abs(a.displacement - b.displacement).max()) for a, b in pairs)


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "sizes"),
    [(STRIKE_SLIP, [2000.0, 1000.0, 500.0]), (REVERSE, [2000.0, 1000.0])],
    ids=["strike-slip", "reverse"],
)
def test_relaxation_converges_with_the_spacing(event: Event, sizes: list[float]) -> None:
    found = [errors(event, size) for size in sizes]
    run.cache_clear()
    columns = [orders(sizes, list(column)) for column in zip(*found, strict=True)]
    held = []
    for i, size in enumerate(sizes):
        bound = BOUNDS[event] * (size / sizes[0]) ** 1.5
        held.append(recorded(event, size, found[i], [column[i] for column in columns], bound))
    assert all(held), "see the table at the end"
    # moduli jump where the flow begins, and the sides hold what flows beside them: less than 2
    assert all(slope >= 1.5 for column in columns for slope in column[1:] if slope is not None)
