"""Factors of slip and loads over time, from the case and by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tiny_case
from femcrust.amplitude import Amplitude, Exponential, Logarithmic, Points, Steady, amplitude_of
from femcrust.case import load_case
from femcrust.case.schema_faults import Fault
from femcrust.errors import InputError


def amplitude(**more: Any) -> Amplitude:
    rectangle = {
        "top_center": (0.0, 0.0, -5e3), "length": 1e4, "width": 1e4, "strike": 0.0, "dip": 45.0,
    }  # fmt: skip
    fault = Fault.model_validate({"rectangle": rectangle, "slip": {"dip": 1.0}} | more)
    return amplitude_of(fault)


def test_slip_without_a_time_happens_at_the_start() -> None:
    history = amplitude()
    assert history.events == (0.0,)
    assert (history.before(0.0), history(0.0), history(1e9)) == (0.0, 1.0, 1.0)
    assert history.jumps(0.0)
    assert not history.jumps(1.0)


def test_earthquakes_add_up_and_each_is_an_event() -> None:
    history = amplitude(time=[0.0, 5.0, 7.0])
    assert history.events == (0.0, 5.0, 7.0)
    assert [history(t) for t in (0.0, 4.9, 5.0, 7.0)] == [1.0, 1.0, 2.0, 3.0]
    assert history.before(5.0) == 1.0
    assert history.jumps(7.0)


def test_laws_of_growth() -> None:
    steady = amplitude(time=3.0, growth={"steady": 2.0})
    assert [steady(t) for t in (2.9, 3.0, 4.0, 7.0)] == [0.0, 0.0, 0.5, 2.0]
    assert steady.events == (3.0,)
    assert not steady.jumps(3.0)
    assert amplitude(growth={"exponential": 2.0})(2.0) == pytest.approx(1 - 2.718281828459045**-1)
    slow = amplitude(time=1.0, growth={"logarithmic": {"scale": 1.0, "over": 3.0}})
    assert [slow(t) for t in (1.0, 2.0, 4.0, 9.0)] == [0.0, 0.5, 1.0, 1.0]
    assert slow.events == (1.0, 4.0)  # it bends where it ends
    line = amplitude(time=1.0, growth={"points": [(0.0, 0.0), (0.0, 0.4), (3.0, 1.0)]})
    assert line.before(1.0) == 0.0
    assert line(1.0) == 0.4
    assert line(2.5) == pytest.approx(0.7)
    assert line(99.0) == 1.0
    assert line.events == (1.0, 4.0)
    assert line.jumps(1.0)


@pytest.mark.parametrize(
    "growth",
    [
        Steady(2.0),
        Exponential(0.5),
        Logarithmic(0.1, 3.0),
        Points((0.0, 1.0, 2.0), (0.0, 1.0, 3.0)),
    ],
)
def test_before_and_after_agree_where_nothing_jumps(growth: Any) -> None:
    history = Amplitude((0.5, 2.0), growth)
    for t in (0.1, 0.5, 1.1, 2.0, 2.3, 9.0):
        assert history.before(t) == pytest.approx(history(t), abs=1e-15)


TIME = "time: {end: 50 yr, step: 1 yr}\n"
FAULT = f"    {tiny_case.SLIP}\n"


def refusal(tmp_path: Path, text: str, time: str = TIME) -> str:
    """What a case with this line in its fault is refused with."""
    path = tmp_path / "case.yaml"
    path.write_text(tiny_case.CASE.replace(FAULT, f"{FAULT}    {text}\n") + time)
    with pytest.raises(InputError) as caught:
        load_case(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time: 60 yr", "faults.main.time: 1.89346e+09 s is after time.end, 1.57788e+09 s;"),
        ("time: -1 yr", "faults.main.time"),
        ("time: [5 yr, 2 yr]", "faults.main.time: sort the times, each once"),
        ("time: [2 yr, 2 yr]", "faults.main.time: sort the times, each once"),
        ("time: []", "faults.main.time"),
        ("growth: {}", "faults.main.growth: give one of steady, exponential, logarithmic, points"),
        ("growth: {steady: 0 yr}", "faults.main.growth.steady"),
        ("growth: {steady: 1 yr, exponential: 1 yr}", "has steady and exponential"),
        ("growth: {points: [[0 yr, 0], [1 yr, 0.5], [2 yr, 0.4]]}", "falls from 0.5 to 0.4"),
        ("growth: {points: [[0 yr, 0], [2 yr, 0.5], [1 yr, 0.6]]}", "sort the times"),
        ("growth: {points: [[1 yr, 0], [1 yr, 0.5], [1 yr, 0.6]]}", "three times"),
        ("growth: {logarithmic: {scale: 1 yr}}", "faults.main.growth.logarithmic.over"),
        ("growth: {steady: 1}", "faults.main.growth.steady"),
    ],
)
def test_bad_times_are_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    message = refusal(tmp_path, text)
    assert said in message
    assert "\n" not in message


def test_times_need_a_span_of_time(tmp_path: Path) -> None:
    for text in ("time: 1 yr", "growth: {steady: 1 yr}"):
        assert "needs a section time, for relaxation" in refusal(tmp_path, text, "")


GROWING = {
    "steady": Amplitude((1.0,), Steady(4.0)),
    "exponential": Amplitude((1.0, 3.0), Exponential(2.0)),
    "logarithmic": Amplitude((1.0,), Logarithmic(1.0, 3.0)),
    "points": Amplitude((1.0,), Points((0.0, 1.0, 1.0, 4.0), (0.0, 0.5, 1.0, 3.0))),
    "at once": Amplitude((1.0, 2.0)),
}


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.parametrize("t", [0.3, 1.0, 1.7, 2.0, 2.6, 4.0, 5.0, 7.0])
def test_rates_are_slopes_on_either_side(kind, t):
    """Against differences of the factor itself; jumps are no slopes."""
    grows, h = GROWING[kind], 1e-6
    after = (grows(t + 2 * h) - grows(t + h)) / h
    before = (grows(t - h) - grows(t - 2 * h)) / h
    assert grows.rate(t) == pytest.approx(after, abs=1e-5)
    assert grows.rate(t, before=True) == pytest.approx(before, abs=1e-5)
