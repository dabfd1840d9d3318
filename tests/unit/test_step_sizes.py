"""Lengths of steps: they meet events exactly, double and halve on a grid of halves."""

from __future__ import annotations

import itertools
import math

import pytest

from femcrust.errors import NotConverged
from femcrust.timestepping.sizes import FINEST, Adaptive, Equal, spans

TOLERANCE = 1e-3


def walk(sizes: Adaptive, error_of: object) -> list[tuple[float, float, bool]]:
    """(time, dt, accepted) of all tries, with an error of dt."""
    tries = []
    while not sizes.finished:
        t, dt = sizes.time, sizes.dt
        tries.append((t, dt, sizes.accepts(error_of(t, dt))))  # type: ignore[operator]
        assert len(tries) < 100_000
    return tries


def test_equal_steps_divide_the_span() -> None:
    sizes = Equal(2.0, 9.0, 3.0)
    assert sizes.dt == 7.0 / 3.0
    ends = []
    while not sizes.finished:
        ends.append(sizes.until)
        assert sizes.accepts(math.inf)  # without a tolerance no error counts
    assert ends[-1] == 9.0
    assert len(ends) == 3
    assert Equal(0.0, 1.0, 0.1).count == 10  # 1/0.1 is rounded
    assert Equal(0.0, 1.0, 5.0).count == 1


@pytest.mark.parametrize("end", [1.0, 7.3, 50.0])
def test_steps_of_a_decaying_error_grow_and_end_at_the_event(end: float) -> None:
    sizes = Adaptive(0.3, end, 0.01, TOLERANCE)
    tries = walk(sizes, lambda t, dt: 0.1 * dt**3 * math.exp(-(t - 0.3)))
    accepted = [(t, dt) for t, dt, good in tries if good]
    assert accepted[0][0] == 0.3
    for (t, dt), (later, _) in itertools.pairwise(accepted):
        assert later == pytest.approx(t + dt, rel=1e-14)
    assert accepted[-1][0] + accepted[-1][1] == pytest.approx(end, rel=1e-15)
    lengths = {(end - 0.3) / dt for _, dt in accepted}
    assert all(math.log2(length) == round(math.log2(length)) for length in lengths)
    assert accepted[-1][1] > accepted[0][1]
    # a step starts at a multiple of itself: so a doubled one always fits
    assert all(
        (t - 0.3) / dt == pytest.approx(round((t - 0.3) / dt), abs=1e-6) for t, dt in accepted
    )


def test_errors_of_all_steps_stay_below_the_tolerance() -> None:
    sizes = Adaptive(0.0, 1000.0, 0.001, TOLERANCE)
    law = lambda t, dt: 0.04 * dt**3 / (1 + t) ** 3  # noqa: E731
    tries = walk(sizes, law)
    total = sum(law(t, dt) for t, dt, good in tries if good)
    assert 0.01 * TOLERANCE < total < 3 * TOLERANCE


def test_a_rejected_step_is_tried_again_from_the_same_time_and_shorter() -> None:
    sizes = Adaptive(0.0, 16.0, 8.0, TOLERANCE)
    tries = walk(sizes, lambda t, dt: 1e-5 * dt**3)
    assert not tries[0][2]
    assert tries[1][0] == 0.0
    assert tries[1][1] < tries[0][1]


@pytest.mark.parametrize("error", [math.nan, math.inf])
def test_an_error_that_is_no_number_never_passes(error: float) -> None:
    sizes = Adaptive(0.0, 1.0, 1.0, TOLERANCE)
    assert not sizes.accepts(error)
    assert sizes.dt == 0.5
    assert sizes.time == 0.0


def test_the_finest_step_ends_the_search() -> None:
    sizes = Adaptive(0.0, 1.0, 1.0 / FINEST, TOLERANCE)
    assert sizes.parts == 1
    with pytest.raises(NotConverged, match=r"^time\.tolerance: steps of"):
        sizes.accepts(1.0)


def test_spans_go_from_event_to_event() -> None:
    assert spans([7.0, 0.0, 3.0, 3.0, 12.0], 9.0) == [(0.0, 3.0), (3.0, 7.0), (7.0, 9.0)]
    assert spans([], 9.0) == [(0.0, 9.0)]
    assert spans([5.0], 5.0) == [(0.0, 5.0)]
