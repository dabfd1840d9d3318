"""A library over time with slip that goes on is the run with that slip; what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from small_greens import worst
from small_greens_over_time import STEP, YEAR, late_case, run_over_time, two_faults

import femcrust
from femcrust.errors import InputError
from femcrust.greens import convolved, read
from femcrust.model import build_model

SAME_RUN = 1e-6  # asked for; both have a solver's tolerance of 1e-12
EVERY_YEAR = {
    "output": {"stations": "stations.csv", "every": STEP},
    "greens": {"method": "forward"},
}
# One fault jumps at 0 and at 2 yr; the other creeps on in jumps.
STAIRS = [
    {"time": (0.0, 2 * YEAR)},
    {"time": (1 * YEAR,), "growth": {"points": ((0.0, 0.3), (STEP, 0.3), (STEP, 1.0))}},
]
SLIPS = np.array([[1.0, -0.4], [0.2, 0.7]])  # of two_faults
TIMES = [0.0, 1.0, 2.0, 2.0]
PARTS = np.array([[1.0, 0.0], [1.0, 0.3], [1.0, 0.3], [2.0, 1.0]])  # of each fault's slip by then


def stairs() -> np.ndarray:
    """(time, patch, component) m"""
    return PARTS[:, :, None] * SLIPS


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, np.ndarray]:
    """A library of two faults, and a run in which they slip as STAIRS says."""
    case = late_case(tmp_path_factory.mktemp("both"), faults=two_faults(STAIRS), **EVERY_YEAR)
    model = build_model(case)
    return femcrust.greens(case, model=model), run_over_time(case, model)


def test_jumps_give_the_run(both: tuple[Any, np.ndarray]) -> None:
    library, run = both
    found = convolved(library, TIMES, stairs(), at_once=True)
    assert found.dims == ("time", "station", "axis")
    assert found.time.values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert worst(found, run) <= SAME_RUN / 10
    # planted: a step late; the faults exchanged; elastic only
    late = convolved(library, np.array(TIMES) + 1, stairs(), at_once=True)
    assert worst(late, run) > 1e3 * SAME_RUN
    assert worst(convolved(library, TIMES, stairs()[:, ::-1], at_once=True), run) > 1e3 * SAME_RUN
    still = library.assign(displacement=library.displacement.isel(epoch=[0] * 5).drop_vars("epoch"))
    still["epoch"] = library.epoch
    assert worst(convolved(still, TIMES, stairs(), at_once=True), run) > 1e3 * SAME_RUN


def test_equal_times_are_jumps_without_being_told(both: tuple[Any, np.ndarray]) -> None:
    library, run = both
    times = [0.0, 1.0, 1.0, 2.0, 2.0]
    assert worst(convolved(library, times, stairs()[[0, 0, 1, 1, 3]]), run) <= SAME_RUN / 10


def test_lines_of_sight_and_other_times(both: tuple[Any, np.ndarray]) -> None:
    library, _ = both
    seen = library.assign(los=library.displacement.isel(axis=[2]).rename(axis="view"))
    up = convolved(library, TIMES, stairs(), at=[3.0, 3.5]).isel(axis=2)
    toward = convolved(seen, TIMES, stairs(), at=[3.0, 3.5], response="los")
    assert toward.dims == ("time", "station", "view")
    assert worst(toward.isel(view=0), up) <= 1e-12


@pytest.mark.parametrize("step", [0.5, 0.25])
def test_straight_lines_come_near_the_run(step: float, tmp_path: Path) -> None:
    """Steps of a run and epochs of a library are both of second order in their length."""
    growth = {"growth": {"points": ((0.0, 0.0), (2 * YEAR, 1.0))}}
    changes = {"faults": two_faults([growth, {}]), "time": {"end": 4 * YEAR, "step": step * YEAR}}
    changes |= EVERY_YEAR | {"output": {"stations": "stations.csv", "every": step * YEAR}}
    case = late_case(tmp_path, **changes)
    model = build_model(case)
    library, run = femcrust.greens(case, model=model), run_over_time(case, model)
    slip = np.array([[0.0, 1.0], [1.0, 1.0]])[:, :, None] * SLIPS
    found = convolved(library, [0.0, 2.0], slip)
    assert worst(found, run) <= 1.2e-3 * step**2
    assert worst(convolved(library, [0.0, 2.0], slip, at_once=True), run) > 0.1


def by_hand(values: list[float]) -> Any:
    """A library of one number at the epochs 0, 1, 3 yr."""
    dims = ("patch", "component", "station", "axis", "epoch")
    return xarray.Dataset(
        {"displacement": (dims, np.reshape(values, (1, 1, 1, 1, 3)))}, {"epoch": [0.0, 1.0, 3.0]}
    )


@pytest.mark.parametrize(
    ("times", "slip", "at", "wanted"),
    [
        ([0.0], [2.0], [-1.0, 0.0, 0.5, 2.0], [0.0, 2.0, 3.0, 6.0]),
        ([1.0], [2.0], [0.999, 1.0, 4.0], [0.0, 2.0, 8.0]),
        # grows by 1 within a year: the mean of 1, 2 over it, then of 2, 4 over two years
        ([0.0, 1.0], [0.0, 1.0], [1.0, 2.0, 3.0], [1.5, 2.5, 3.5]),
        ([0.0, 1.0], [1.0, 0.0], [1.0, 3.0], [2.0 - 1.5, 4.0 - 3.5]),
        ([0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 3.0], [1.0, 4.0]),
        ([0.1 + 0.2], [1.0], [0.3], [1.0]),  # rounding of times is none of a year
    ],
)
def test_a_response_of_straight_lines_by_hand(
    times: list[float], slip: list[float], at: list[float], wanted: list[float]
) -> None:
    history = np.reshape(slip, (-1, 1, 1))
    found = convolved(by_hand([1.0, 2.0, 4.0]), times, history, at=at)
    assert found.values.ravel() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"at": [1.0, 5.0]}, r"^at: 5 yr is 5 yr after slip of 0 yr, .* library reaches 3 yr; ask"),
        ({"at": [np.nan]}, r"^at: nan yr"),
        ({"at": []}, r"^at: give at least one year"),
        ({"times": [1.0, 0.0]}, r"^times: 0 yr follows 1 yr; sort them$"),
        ({"times": []}, r"^times: give a list of years"),
        ({"times": [0.0, np.inf]}, r"^times: give a list of years"),
        ({"slip": np.zeros((2, 1))}, r"^slip: has the shape \(2, 1\); .* want \(2, 1, 1\): 2 of"),
        ({"slip": np.full((2, 1, 1), np.nan)}, r"^slip: holds NaN or infinity"),
        ({"response": "lose"}, r"^response: 'lose' is no array of the library; known: displace"),
        ({"library": by_hand([1, 2, 3]).isel(epoch=0)}, r"displacement has no epochs, it is el"),
        ({"library": by_hand([1.0, np.nan, 3.0])}, r"^library: displacement is not complete; run"),
    ],
)
def test_what_is_refused(words: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "library": by_hand([1.0, 2.0, 4.0]),
        "times": [0.0, 1.0],
        "slip": np.zeros((2, 1, 1)),
    }
    with pytest.raises(InputError, match=message):
        convolved(**(given | words))


def test_it_reads_what_the_command_has_written(tmp_path: Path) -> None:
    case = late_case(tmp_path, greens={})
    femcrust.greens(case, output=tmp_path / "late.nc")
    library = read(tmp_path / "late.nc")
    found = femcrust.convolved(library, [0.0], [[[1.0, 0.0]]], at=[2.5])
    wanted = library.displacement.sel(patch=0, component="strike", epoch=2.5)
    assert worst(found.isel(time=0), wanted) <= 1e-12
