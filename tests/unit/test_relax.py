"""Runs over time as a whole: wanted times, events, rows of steps, bits, warnings."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from small_faults import cut_box

import hard_bodies as hard
import tiny_case
from femcrust.cli import main
from femcrust.describe import describe
from femcrust.discretisation import discretise
from femcrust.faults.source import magnitude
from femcrust.model import Model, build_model
from femcrust.outputs.result import Result
from femcrust.outputs.vtu import fields_for_vtu
from femcrust.relax import wanted_times
from femcrust.run import run
from femcrust.sampling import displacement_at
from tiny_case import desk

__all__ = ["desk"]  # a fixture
YEAR = 365.25 * 86400.0
MANTLE = {
    "crust": {"mu": 30e9, "nu": 0.25, "where": {"expression": "depth < 20*km"}},
    "mantle": {
        "model": "maxwell", "mu": 60e9, "nu": 0.25, "eta": 60e9 * 2 * YEAR,
        "where": {"expression": "depth > 20*km"},
    },
}  # fmt: skip


def body(**more: Any) -> Model:
    """A cube with a thrust over a mantle whose relaxation takes two years."""
    given = {"time": {"end": 4 * YEAR, "step": 0.5 * YEAR}, "solver": {"tolerance": 1e-10}}
    return hard.cube(4, MANTLE, **(given | more))


def results(model: Model) -> list[Result]:
    seen: list[Result] = []
    last = run(model.case, model, seen.append)
    assert last.time_s == seen[-1].time_s
    return seen


@pytest.fixture(scope="module")
def plain() -> list[Result]:
    return results(body(output={"every": YEAR}))


def test_results_come_at_the_wanted_times(plain: list[Result]) -> None:
    assert [r.time_s / YEAR for r in plain] == pytest.approx([0, 1, 2, 3, 4], abs=1e-12)
    assert plain[-1].summary["status"] == "converged"
    rows = plain[-1].summary["steps"]
    assert [row["time_s"] / YEAR for row in rows] == pytest.approx(np.arange(0.5, 4.1, 0.5))
    assert all(row["relative_residual"] <= 1e-10 for row in rows)
    assert all(0 <= row["error"] < 0.1 for row in rows)


def test_the_start_is_the_elastic_answer(plain: list[Result]) -> None:
    elastic = run((at_once := body(time=None)).case, at_once)
    peak = np.abs(elastic.displacement).max()
    assert np.abs(plain[0].displacement - elastic.displacement).max() < 1e-9 * peak
    assert np.abs(plain[0].stress - elastic.stress).max() < 1e-8 * np.abs(elastic.stress).max()
    assert np.abs(plain[-1].displacement - elastic.displacement).max() > 1e-2 * peak


def test_outputs_do_not_disturb_the_steps(plain: list[Result]) -> None:
    other = results(body(output={"times": [0.77 * YEAR, 3.01 * YEAR]}))
    assert len(other) == 4
    np.testing.assert_array_equal(other[-1].displacement, plain[-1].displacement)
    np.testing.assert_array_equal(other[-1].stress, plain[-1].stress)
    keys = ("time_s", "step_s", "iterations", "error")
    for a, b in zip(other[-1].summary["steps"], plain[-1].summary["steps"], strict=True):
        assert [a[key] for key in keys] == [b[key] for key in keys]


def test_results_between_steps_lie_on_the_curve() -> None:
    """Against steps ten times as short, which end at those times."""
    times = [0.15 * YEAR, 1.3 * YEAR]
    coarse = results(body(output={"times": times}))
    fine = results(body(output={"times": times}, time={"end": 4 * YEAR, "step": 0.05 * YEAR}))
    moved = np.abs(fine[-1].displacement - fine[0].displacement).max()
    relaxed = np.abs(fine[-1].stress - fine[0].stress).max()
    for a, b in zip(coarse[1:3], fine[1:3], strict=True):
        assert np.abs(a.displacement - b.displacement).max() < 5e-3 * moved
        assert np.abs(a.stress - b.stress).max() < 5e-3 * relaxed
        assert a.velocity is not None
        assert b.velocity is not None
        assert np.abs(a.velocity - b.velocity).max() < 0.1 * np.abs(b.velocity).max()


def test_an_event_starts_a_step_and_belongs_to_the_result_of_its_time() -> None:
    fault = {"rectangle": hard.RECTANGLE, "slip": {"dip": 1.0}, "time": [0.0, 1.23 * YEAR]}
    found = results(body(faults={"main": fault}, output={"times": [1.22 * YEAR, 1.23 * YEAR]}))
    ends = [row["time_s"] for row in found[-1].summary["steps"]]
    assert 1.23 * YEAR in ends
    first, before, after, _ = (r.displacement for r in found)
    jump = after - before
    # the second earthquake is the first again, apart from what flows in a hundredth of a year
    assert np.abs(jump - first).max() < 0.02 * np.abs(first).max()
    assert found[2].summary["faults"][0]["moment_Nm"] == pytest.approx(
        2 * found[0].summary["faults"][0]["moment_Nm"]
    )


def test_elastic_rock_over_time_moves_with_its_slip() -> None:
    fault = {
        "rectangle": hard.RECTANGLE, "slip": {"dip": 1.0}, "growth": {"steady": 2 * YEAR},
    }  # fmt: skip
    model = hard.cube(
        3, {"rock": hard.ROCK}, faults={"main": fault}, output={"every": YEAR},
        time={"end": 4 * YEAR, "step": YEAR}, solver={"tolerance": 1e-11},
    )  # fmt: skip
    found = results(model)
    assert not found[0].displacement.any()
    peak = np.abs(found[-1].displacement).max()
    for k, result in enumerate(found):
        away = result.displacement - k / 4 * found[-1].displacement
        assert np.abs(away).max() < 1e-9 * peak
        assert result.velocity is not None
        away = result.velocity - found[-1].displacement / (4 * YEAR)
        assert np.abs(away).max() < 1e-8 * peak / (4 * YEAR)


def test_a_fault_that_slips_steadily_moves_at_the_rate_of_its_slip() -> None:
    """In elastic rock all is its rate times the time: on the nodes of both sides, at stations of
    elements that the fault touches, and in the strain."""
    fault = {
        "surface": "fault", "hanging_side": "east", "slip": {"strike": 1.0},
        "growth": {"steady": 3 * YEAR},
    }  # fmt: skip
    case = hard.case_of(
        {"file": "cut"},
        {"rock": {"mu": 30e9, "nu": 0.25}},
        faults={"main": fault},
        time={"end": 2 * YEAR, "step": YEAR},
        solver={"tolerance": 1e-12},
        output={"fields": ["displacement", "velocity", "strain", "strain_rate"]},
    )
    model = build_model(case, cut_box())
    start, end = results(model)
    t = 2 * YEAR
    fields, before = fields_for_vtu(end), fields_for_vtu(start)
    moved = fields.point_data["displacement"]
    assert len(moved) > len(end.nodes)
    assert len(before.points) == len(fields.points)  # doubled from the start: it slips
    assert np.abs(moved).max() > 0.3
    np.testing.assert_allclose(fields.point_data["velocity"] * t, moved, atol=1e-9)
    np.testing.assert_allclose(before.point_data["velocity"] * t, moved, atol=1e-9)
    strain = fields.cell_data["strain"]
    np.testing.assert_allclose(
        fields.cell_data["strain_rate"] * t, strain, atol=1e-8 * np.abs(strain).max()
    )
    touched = end.sources[0].elements[::7].astype(np.int32)
    middles = np.full((len(touched), 4), 0.25)
    space = discretise(model.mesh)
    at_faces = displacement_at(space, end.sources, end.displacement, touched, middles)
    assert end.velocity is not None
    rates = displacement_at(space, end.slipping, end.velocity, touched, middles)
    np.testing.assert_allclose(rates * t, at_faces, atol=1e-9)
    assert end.sources[0].magnitude == pytest.approx(magnitude(end.sources[0].moment))


@pytest.mark.parametrize("guess", ["none", "previous", "extrapolated", "projection", "learned"])
def test_guesses_change_the_iterations_and_not_the_answer(plain: list[Result], guess: str) -> None:
    found = results(body(solver={"tolerance": 1e-10, "initial_guess": guess}))[-1]
    peak = np.abs(plain[-1].displacement).max()
    assert np.abs(found.displacement - plain[-1].displacement).max() < 1e-8 * peak


def test_a_rerun_gives_the_same_bits(plain: list[Result]) -> None:
    again = results(body(output={"every": YEAR}))
    np.testing.assert_array_equal(again[-1].displacement, plain[-1].displacement)
    np.testing.assert_array_equal(again[-1].stress, plain[-1].stress)


def test_wanted_times_are_sorted_once_each() -> None:
    case = body(output={"times": [2 * YEAR, YEAR, 4 * YEAR]}).case
    assert wanted_times(case) == [0.0, YEAR, 2 * YEAR, 4 * YEAR]
    case = body(output={"every": 1.5 * YEAR}).case
    assert wanted_times(case) == pytest.approx([0.0, 1.5 * YEAR, 3 * YEAR, 4 * YEAR])


def test_long_steps_that_nothing_watches_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "femcrust"):
        describe(body(time={"end": 40 * YEAR, "step": 10 * YEAR}))
    assert "time.step: 10 yr is 5 times the shortest relaxation time, 2 yr" in caplog.text
    caplog.clear()
    describe(body(time={"end": 40 * YEAR, "step": 10 * YEAR, "tolerance": 1e-3}))
    describe(body())
    assert not caplog.text


def test_a_case_over_time_runs_from_its_file(desk: tiny_case.Desk) -> None:
    rock = "rock: {mu: 30 GPa, nu: 0.25"
    desk.case(
        (rock, f"{rock}, model: maxwell, eta: 1e19 Pa*s"),
        ("output: {", "time: {end: 2 yr, step: 1 yr}\noutput: {every: 1 yr, "),
    )
    assert main(["run", str(desk.folder / "case.yaml"), "--quiet"]) == 0
    rows = (desk.folder / "results" / "stations.csv").read_text().splitlines()
    known = [[name, t] for t in ("0", "1", "2") for name in ("A", "B")]
    assert [row.split(",")[:2] for row in rows[1:]] == known
