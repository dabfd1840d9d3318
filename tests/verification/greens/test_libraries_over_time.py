"""Libraries over time in random rock: forward is reciprocal, patches add up, slip histories too.

Moduli are random by a factor of 1.5 either way, half of the rock has two branches with random
moduli and times, sides and bottom are infinite elements, which flow, too, and density contrasts
weigh what rises. Patches lie above, across and below the border of what flows. No analytic
solution is needed, and none of the two sides of an equation is computed like the other.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import half_space as hs
import numpy as np
import pytest
import relaxing
from table import record

import both_backends
import femcrust
from femcrust import faults
from femcrust.amplitude import Amplitude, Points
from femcrust.case import build_case
from femcrust.greens import columns, convolved
from femcrust.materials import Relaxing
from femcrust.model import Model, build_model
from femcrust.stations import case_stations

KM, YEAR = 1e3, relaxing.YEAR
BOTH_WAYS, ADDS_UP, SAME_RUN = 1e-7, 1e-8, 1e-6  # asked for at a solver's tolerance of 1e-12
BORDER = 8 * KM
STEP, END = 0.5 * YEAR, 4 * YEAR
PLANES = {
    "one": {"top_center": (0.3 * KM, 0.0, -4 * KM), "length": 12 * KM, "width": 9 * KM,
            "strike": 25.0, "dip": 55.0},
    "two": {"top_center": (-6 * KM, 7 * KM, -9 * KM), "length": 8 * KM, "width": 5 * KM,
            "strike": 110.0, "dip": 30.0},
}  # fmt: skip
SLIPS = {"one": np.array([1.0, -0.4, 0.3]), "two": np.array([0.2, 0.7, 0.0])}
# When and by which parts of its slip a fault goes on; the second creeps in jumps.
HISTORIES = {
    "one": Amplitude((0.0, 2 * YEAR)),
    "two": Amplitude((1 * YEAR,), Points((0.0, YEAR, YEAR), (0.3, 0.3, 1.0))),
}
TIMES = [0.0, 1.0, 2.0]  # yr
PARTS = {"one": [1.0, 1.0, 2.0], "two": [0.0, 0.3, 1.0]}  # of the slip by then


def make_model(folder: Path, histories: dict[str, Amplitude], **time: Any) -> Model:
    """Two faults of four and two patches in random rock that relaxes below BORDER."""
    lines = (f"S{i},{x},{y}\n" for i, (x, y, _) in enumerate(hs.surface_grid(14 * KM, 3)))
    (folder / "stations.csv").write_text("name,x,y\n" + "".join(lines))
    far = {"infinite": {"exponent": 2, "pole": (0.0, 0.0, 0.0)}}
    maxwell = {"model": "maxwell", "eta": 1e19, "rho": 3300.0}
    case = build_case(
        {
            "mesh": hs.box(26 * KM, 24 * KM, 3.5 * KM, 10 * KM, 0.4),
            "materials": {
                "crust": hs.ROCK | {"rho": 2700.0, "where": {"depth": (0.0, BORDER)}},
                "below": hs.ROCK | maxwell | {"where": {"depth": (BORDER, 1e9)}},
            },
            "faults": {
                name: {"rectangle": plane, "slip": dict(zip(("strike", "dip", "open"),
                       SLIPS[name].tolist(), strict=True))}
                for name, plane in PLANES.items()
            },
            "boundaries": {"sides": far, "bottom": far, "top": "free"},
            "gravity": 9.81,
            "greens": {"patches": {"length": 6 * KM, "width": 5 * KM},
                       "components": ("strike", "dip", "opening")},
            "solver": {"tolerance": 1e-12, "backend": "cpu"},
            "time": {"end": END, "step": STEP} | time,
            "output": {"stations": "stations.csv", "every": STEP},
        },
        folder,
    )  # fmt: skip
    model = build_model(case)
    assert model.relaxing is not None
    rng = np.random.default_rng(716_204_933)
    n, elements = model.mesh.n_tets, model.relaxing.elements
    mu = hs.MU * 1.5 ** rng.uniform(-1, 1, n)
    elastic = replace(model.elastic, lam=hs.LAM * 1.5 ** rng.uniform(-1, 1, n), mu=mu)
    parts = np.outer(mu[elements], [0.6, 0.4]) * rng.uniform(0.5, 1, (len(elements), 2))
    times = rng.uniform(0.3, 10, (len(elements), 2)) * YEAR
    sources = faults.build(model.mesh, elastic, case.faults, model.locator, case.directory)
    return replace(
        model,
        elastic=elastic,
        sources=[replace(s, history=histories.get(s.name, Amplitude())) for s in sources],
        relaxing=Relaxing.linear(elements, parts, times),
    )


def library(model: Model, method: str) -> Any:
    greens = model.case.greens.model_copy(update={"method": method})
    case = model.case.model_copy(update={"greens": greens})
    model = replace(model, case=case)
    both_backends.libraries(case, model)
    return femcrust.greens(both_backends.on(case, "cpu"), model=model)


def run(model: Model) -> np.ndarray:
    """Displacement of the stations at all epochs. (epoch, station, axis) m"""
    return np.array([r.stations.displacement for r in relaxing.relaxed(model).results])


def columns_apart(one: Any, other: Any, field: str = "displacement") -> float:
    """Of all columns and epochs the worst, relative to the column's peak then."""
    a, b = (data[field].values for data in (one, other))
    return float((np.abs(a - b).max(axis=(2, 3)) / np.abs(b).max(axis=(2, 3))).max())


def slip_of(data: Any, parts: dict[str, float]) -> np.ndarray:
    """Of every patch, where each fault has that part of its own. (patch, component) m"""
    return np.array([parts[str(name)] * SLIPS[str(name)] for name in data.patch_fault.values])


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("time", [{}, {"tolerance": 1e-3}], ids=["equal steps", "by tolerance"])
def test_forward_is_reciprocal_at_all_epochs(
    time: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(tmp_path, {}, **time)
    forward, backward = library(model, "forward"), library(model, "reciprocal")
    assert forward.sizes["patch"] == 6
    apart = columns_apart(backward, forward)
    how = "by tolerance" if time else "equal"
    note = f"{forward.sizes['epoch']} epochs, steps {how}, random rock"
    assert record("library over time, both ways", np.nan, apart, BOTH_WAYS, note=note).holds
    # what relaxes is seen at all, and every epoch is another
    assert columns_apart(forward.isel(epoch=slice(1, None)), forward.isel(epoch=slice(-1))) > 0.01
    # planted: eigenstrain works on the elastic stress, as if none had relaxed
    monkeypatch.setattr(columns.Columns, "_relaxed", lambda *_: None)
    assert columns_apart(library(model, "reciprocal"), forward) > 1e4 * BOTH_WAYS


@pytest.mark.verify
@pytest.mark.slow
def test_tilt_strain_and_stress_in_rock_that_relaxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(tmp_path, {})
    (tmp_path / "deep.csv").write_text("name,x_km,y_km,z_km\nA,4,-7,-3.1\nB,-8,5,-12.3\n")
    fields = ("displacement", "tilt", "strain", "stress")
    output = model.case.output.model_copy(
        update={"stations": "deep.csv", "station_fields": fields, "times": (1.25 * YEAR,)}
    )
    model = replace(model, case=model.case.model_copy(update={"output": output}))
    placed = case_stations(model.case, model)
    assert model.relaxing is not None
    assert placed is not None
    assert np.isin(placed.tets, model.relaxing.elements).tolist() == [False, True]
    forward, backward = library(model, "forward"), library(model, "reciprocal")
    results = relaxing.relaxed(model).results
    slip = slip_of(forward, {"one": 1.0, "two": 1.0})
    for field in fields[1:]:
        apart = columns_apart(backward, forward, field)
        assert record(f"{field} over time, both ways", np.nan, apart, BOTH_WAYS).holds
        total = np.einsum("pcske,pc->esk", forward[field].values, slip)
        ends = [0, -1]  # at epochs between steps a run interpolates stress in another way
        run = np.array([getattr(results[k].stations, field) for k in ends])
        added = relaxing.worst(total[ends], run)
        assert record(f"{field} over time, sum of patches", np.nan, added, ADDS_UP).holds
    # planted: stress is C : strain at all epochs
    monkeypatch.setattr(columns.Columns, "_relaxed", lambda *_: None)
    assert columns_apart(library(model, "forward"), forward, "stress") > 1e4 * BOTH_WAYS


@pytest.mark.verify
@pytest.mark.slow
def test_patches_add_up_and_slip_that_goes_on_is_the_run(tmp_path: Path) -> None:
    data = library(make_model(tmp_path, {}), "auto")
    whole = run(make_model(tmp_path, {}))
    slip = slip_of(data, {"one": 1.0, "two": 1.0})
    total = np.einsum("pcsae,pc->esa", data.displacement.values, slip)
    apart = relaxing.worst(total, whole)
    note = "random rock"
    assert record("library over time, sum of patches", np.nan, apart, ADDS_UP, note=note).holds
    slip[3] = 0.0  # planted: one of them is missing
    less = np.einsum("pcsae,pc->esa", data.displacement.values, slip)
    assert relaxing.worst(less, whole) > 1e5 * ADDS_UP

    longer = run(make_model(tmp_path, HISTORIES))
    history = np.array(
        [slip_of(data, {name: part[i] for name, part in PARTS.items()}) for i in range(len(TIMES))]
    )
    found = convolved(data, TIMES, history, at_once=True)
    apart = relaxing.worst(found.values, longer)
    note = "two faults, five jumps, random rock"
    assert record("library over time, convolved", np.nan, apart, SAME_RUN, note=note).holds
    late = convolved(data, np.array(TIMES) + 0.5, history, at_once=True)  # planted: a step late
    assert relaxing.worst(late.values, longer) > 1e3 * SAME_RUN
    lines = convolved(data, TIMES, history)  # planted: straight lines where slip has jumped
    assert relaxing.worst(lines.values, longer) > 1e3 * SAME_RUN
