"""Libraries over time: both ways agree at every epoch, and patches add up to a run over time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_greens import KM, PLANE, ROCK, rectangle_case, surface_model, whole, worst
from small_greens_over_time import (
    COARSE,
    EPOCHS,
    LAYERS,
    STEP,
    YEAR,
    late_case,
    run_over_time,
    two_faults,
)

import femcrust
from femcrust.case import Case
from femcrust.errors import InputError
from femcrust.greens import columns, plan, reciprocal
from femcrust.greens.course import Course
from femcrust.model import Model, build_model

ONE = "name,x_km,y_km\nA,1,12\n"
BOTH_WAYS = 1e-7  # of each column's peak; the solver's tolerance is 1e-12
ADDS_UP = 1e-8
BY_TOLERANCE = {"time": {"end": 4 * YEAR, "step": 0.25 * YEAR, "tolerance": 1e-3}}
KINDS = {
    "faults": {
        "main": {"rectangle": PLANE, "slip": {"strike": 1.0}},
        "burst": {"point": {"at": (2 * KM, 9 * KM, -12 * KM)}, "moment": {"mxx": 1e17}},
    },
    "loads": {"ice": {"disc": {"center": (5 * KM, 6 * KM), "radius": 9 * KM}, "pressure": 1e6}},
    "greens": {"components": ["dip", "opening"], "loads": ["ice"]},
    "gravity": 9.81,
}


def made(case: Case, method: str, model: Model | None = None) -> Any:
    greens = case.greens.model_copy(update={"method": method})
    case = case.model_copy(update={"greens": greens})
    return femcrust.greens(case, model=None if model is None else replace(model, case=case))


def agree(one: Any, other: Any) -> float:
    """The worst of all arrays and epochs: of the worst column, relative to its peak then."""
    found = []
    for name in one.data_vars:
        if name.endswith(("displacement", "los")):
            a, b = (np.moveaxis(np.asarray(data[name]), -1, 0) for data in (one, other))
            a, b = (v.reshape(-1, *v.shape[-2:]) for v in (a, b))
            peak = np.abs(b).max(axis=(1, 2))
            assert (peak > 0).all()
            found.append(np.abs(a - b).max(axis=(1, 2)) / peak)
    return float(np.concatenate(found).max())


def flowed(data: Any) -> float:
    """The largest change since the first epoch, relative to the largest displacement."""
    values = data.displacement.values
    return float(np.abs(values - values[..., :1]).max() / np.abs(values).max())


@pytest.mark.parametrize(
    "changes", [{}, BY_TOLERANCE, KINDS], ids=["equal steps", "steps by tolerance", "other kinds"]
)
def test_forward_and_reciprocal_agree_at_every_epoch(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    case = late_case(tmp_path, **changes)
    model = build_model(case)
    assert model.conditions.infinite is not None  # which flow, too
    forward, backward = (made(case, method, model) for method in ("forward", "reciprocal"))
    assert forward.epoch.values == pytest.approx(EPOCHS)
    assert flowed(forward) > 0.1
    assert agree(forward, backward) <= BOTH_WAYS


def test_they_agree_beside_split_nodes_in_rock_that_flows(tmp_path: Path) -> None:
    materials = {"rock": ROCK | {"model": "maxwell", "eta": 2e18}}
    time = {"end": 2 * YEAR, "step": YEAR}
    greens = {"components": ["strike", "opening"]}
    model = surface_model(tmp_path, (-8 * KM, 0.0))
    case = rectangle_case(
        tmp_path,
        (tmp_path / "stations.csv").read_text(),
        **{name: getattr(model.case, name) for name in ("mesh", "faults", "boundaries")},
        materials=materials,
        time=time,
        greens=greens,
        output={"stations": "stations.csv"},
    )
    model = build_model(case, model.mesh)
    forward, backward = (made(case, method, model) for method in ("forward", "reciprocal"))
    assert flowed(forward) > 0.01
    assert agree(forward, backward) <= BOTH_WAYS


def test_what_history_is_left_out_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    case = late_case(tmp_path)
    model = build_model(case)
    right = made(case, "forward", model)
    relaxed = columns.Columns._relaxed
    with monkeypatch.context() as planted:  # eigenstrain works on the elastic stress
        planted.setattr(columns.Columns, "_relaxed", lambda *_: None)
        assert agree(made(case, "reciprocal", model), right) > 1e4 * BOTH_WAYS
    with monkeypatch.context() as planted:  # the cubic of the core between steps
        cubic = lambda self, theta, i: self._columns[i].flow.stress(self._dt, theta)  # noqa: E731
        planted.setattr(columns.Columns, "_relaxed", cubic)
        wrong = made(case, "reciprocal", model)
        assert agree(wrong.isel(epoch=[0, 1, 3]), right.isel(epoch=[0, 1, 3])) <= BOTH_WAYS
        assert agree(wrong, right) > 1e2 * BOTH_WAYS
    with monkeypatch.context() as planted:  # a step late
        late = lambda self, theta, i: relaxed(self, 1.0, i)  # noqa: E731
        planted.setattr(columns.Columns, "_relaxed", late)
        assert agree(made(case, "reciprocal", model), right) > 1e4 * BOTH_WAYS
    with monkeypatch.context() as planted:  # an engineering strain taken for a strain
        planted.setattr(reciprocal, "TWICE", np.ones(6))
        assert agree(made(case, "reciprocal", model), right) > 1e4 * BOTH_WAYS


@pytest.mark.parametrize("method", ["forward", "reciprocal"])
def test_patches_add_up_to_a_run_over_time(method: str, tmp_path: Path) -> None:
    case = late_case(tmp_path)
    model = build_model(case)
    data = made(case, method, model)
    run = run_over_time(case, model)
    for epoch, wanted in enumerate(run):
        assert worst(whole(data.isel(epoch=epoch)), wanted) <= ADDS_UP
    # planted: a patch is missing; the epoch before
    last = data.isel(epoch=-1)
    assert worst(whole(last.isel(patch=slice(1, None))), run[-1]) > 1e5 * ADDS_UP
    assert worst(whole(data.isel(epoch=-2)), run[-1]) > 1e5 * ADDS_UP


def test_when_the_faults_of_the_case_slip_does_not_matter(tmp_path: Path) -> None:
    at_once, later = (
        made(late_case(tmp_path, faults=two_faults([history, {}]), greens={}), "forward")
        for history in ({}, {"time": (3.3 * YEAR,)})
    )
    assert np.array_equal(at_once.displacement, later.displacement)


def test_steps_by_tolerance_are_found_once_and_kept(tmp_path: Path) -> None:
    case = late_case(tmp_path, greens={}, **BY_TOLERANCE)
    data = made(case, "reciprocal")
    lengths, ends = data.step_length.values, data.step_end.values
    assert np.cumsum(lengths) == pytest.approx(ends)
    assert ends[-1] == 4 * YEAR
    assert len(np.unique(lengths)) > 1
    ratios = lengths[1:] / lengths[:-1]
    assert set(np.log2(ratios).round(9)) <= {-2.0, -1.0, 0.0, 1.0}
    fine = made(
        late_case(tmp_path, greens={}, time={"end": 4 * YEAR, "step": YEAR / 20}), "forward"
    )
    assert agree(data, fine) <= 1e-3  # what the tolerance promises of the stress
    equal = made(late_case(tmp_path, greens={}), "reciprocal")
    assert equal.step_length.values == pytest.approx([STEP] * 4)
    assert agree(equal, fine) > 1e-3


def test_nothing_that_relaxes_gives_the_elastic_answer_at_every_epoch(tmp_path: Path) -> None:
    stiff = {name: {k: v for k, v in rock.items() if k in ("mu", "nu", "where")}
             for name, rock in LAYERS.items()}  # fmt: skip
    for time in ({"end": 4 * YEAR, "step": 2 * YEAR}, BY_TOLERANCE["time"]):
        data = made(late_case(tmp_path, materials=stiff, greens={}, time=time), "reciprocal")
        for epoch in range(4):
            assert agree(data.isel(epoch=[epoch]), data.isel(epoch=[0])) <= 1e-10


def test_a_batch_does_not_depend_on_its_guess(tmp_path: Path) -> None:
    found = [
        made(
            late_case(tmp_path, greens={}, solver={"tolerance": 1e-11, "initial_guess": guess}),
            "forward",
        )
        for guess in ("projection", "learned", "extrapolated", "previous", "none")
    ]
    for other in found[1:]:
        assert agree(other, found[0]) <= BOTH_WAYS


def test_epochs_last_in_named_axes(tmp_path: Path) -> None:
    data = made(late_case(tmp_path), "auto")
    assert data.displacement.dims == ("patch", "component", "station", "axis", "epoch")
    assert data.los.dims == ("patch", "component", "station", "view", "epoch")
    assert data.epoch.attrs["units"] == "Julian_year"
    elastic = made(late_case(tmp_path, time=None, output={"stations": "stations.csv"}), "auto")
    assert elastic.displacement.dims == ("patch", "component", "station", "axis")
    assert "step" not in elastic.dims
    at_once = data.isel(epoch=0)
    assert worst(at_once.displacement, elastic.displacement) <= ADDS_UP


@pytest.mark.parametrize(
    ("ends", "epochs", "wanted"),
    [
        ([1.0, 2.0, 4.0], [0.0, 1.0, 3.0, 4.0], [[1.0], [], [0.5, 1.0]]),
        ([0.1, 0.2, 0.1 + 0.2, 4.0], [0.0, 0.3, 4.0], [[], [], [1.0], [1.0]]),
        ([1.0, 1.0 + 1e-6, 3.0], [0.0, 1.0 + 2.3e-16, 3.0], [[1.0], [], [1.0]]),
        ([4.0], [0.0, 1e-7, 4.0], [[2.5e-8, 1.0]]),
    ],
)
def test_every_epoch_is_in_one_step(
    ends: list[float], epochs: list[float], wanted: list[list[float]]
) -> None:
    lengths = np.diff(ends, prepend=0.0)
    found = Course(lengths, np.array(ends), np.array(epochs)).epochs_in
    assert [pytest.approx(part) for part in wanted] == found


def test_batches_over_time_are_as_wide_as_the_memory_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    widths = []
    for gigabytes in (100.0, 20.0, 14.0):
        monkeypatch.setattr("femcrust.machine.physical_memory", lambda g=gigabytes: int(g * 1e9))
        widths.append(plan.fitting_width(3_000_000, 400_000))
    assert widths == [16, 8, 4]
    assert plan.fitting_width(3_000_000) == 16
    with pytest.raises(InputError, match=r"mesh: 30,000,000 unknowns need about .* GiB"):
        plan.fitting_width(30_000_000, 4_000_000)


def test_a_device_makes_the_same_library(on_device: Any, tmp_path: Path) -> None:
    pytest.importorskip("xarray")  # a bare machine has none
    coarse: dict[str, Any] = {
        "mesh": {"box": COARSE | {"size": {"near": 14 * KM, "far": 30 * KM}}},
        "greens": {"components": ["dip"]},
        "time": {"end": 2 * STEP, "step": STEP},
        "output": {"stations": "stations.csv", "times": [0.5 * STEP]},
    }
    host, device = (
        late_case(tmp_path, ONE, **coarse, solver={"tolerance": 1e-10, "backend": backend})
        for backend in ("cpu", "cuda")
    )
    assert agree(made(device, "reciprocal"), made(host, "forward")) <= BOTH_WAYS
