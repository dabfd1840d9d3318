"""Reciprocity and superposition of earthquakes at different times in rock that relaxes.

For couples that step at t = 0 in elastic rock M₁ : ε₂(x₁, t) = M₂ : ε₁(x₂, t) at every t, whatever
relaxes below; and the answer to two earthquakes is the sum of the answers to each,
the second one shifted. Equal steps keep both to the tolerance of the solver. Moduli and times are
random; sides and bottom are infinite elements, which relax, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import half_space as hs
import numpy as np
import relaxing
from couples import AXES, BOUND, KM, MOMENTS, PLACES, TOLERANCE, TWICE
from table import record

from femcrust.amplitude import Amplitude
from femcrust.faults import build
from femcrust.faults.tet10 import barycentric_gradients, strain_at_vertices
from femcrust.materials import Relaxing
from femcrust.model import Model

YEAR = relaxing.YEAR
BORDER = 8 * KM
STEP = 1 * YEAR
END, SECOND = 8 * STEP, 3 * STEP  # of the run, and when the second earthquake is
GROUND = hs.surface_grid(12 * KM, 6)


def make_model(starts: dict[str, tuple[float, ...]], end: float = END) -> Model:
    """Earthquakes by name with their times in a box of random rock; two branches below BORDER."""
    faults = {n: {"point": {"at": PLACES[n]}, "moment": MOMENTS[n]} for n in starts}
    maxwell = {"model": "maxwell", "eta": 1e19, "where": {"depth": (BORDER, 1e9)}}
    far = {"infinite": {"exponent": 2, "pole": (0.0, 0.0, 0.0)}}
    case: dict[str, Any] = {
        "mesh": hs.box(20 * KM, 16 * KM, 2 * KM, 8 * KM, 0.5),
        "materials": {
            "crust": hs.ROCK | {"where": {"depth": (0.0, BORDER)}},
            "below": hs.ROCK | maxwell,
        },
        "faults": faults,
        "boundaries": {"sides": far, "bottom": far, "top": "free"},
        "solver": {"tolerance": TOLERANCE},
        "time": {"end": end, "step": STEP},
        "output": {"every": STEP},
    }
    case["mesh"]["box"]["at"] = tuple(PLACES.values())  # one mesh for all
    model = relaxing.make_model(case)
    assert model.relaxing is not None
    rng = np.random.default_rng(480_117_262)
    n, elements = model.mesh.n_tets, model.relaxing.elements
    mu = hs.MU * 1.5 ** rng.uniform(-1, 1, n)
    elastic = replace(model.elastic, lam=hs.LAM * 1.5 ** rng.uniform(-1, 1, n), mu=mu)
    parts = np.outer(mu[elements], [0.6, 0.4]) * rng.uniform(0.5, 1, (len(elements), 2))
    times = rng.uniform(0.3, 10, (len(elements), 2)) * YEAR
    sources = build(model.mesh, elastic, model.case.faults, model.locator, model.case.directory)
    return replace(
        model,
        elastic=elastic,
        sources=[replace(s, history=Amplitude(starts[s.name])) for s in sources],
        relaxing=Relaxing.linear(elements, parts, times),
    )


def work(series: relaxing.Series, name: str) -> np.ndarray:
    """M : ε(u) at the place of a moment tensor over time. (n_t,) J"""
    model = series.model
    tets, bary = model.locator.find(np.array([PLACES[name]]))
    corners = model.mesh.points[model.mesh.tets[tets[0]]]
    tensor = np.array([MOMENTS[name].get("m" + axes, 0.0) for axes in AXES])
    found = []
    for result in series.results:
        strain = bary[0] @ strain_at_corners(corners, result.displacement[result.elements[tets[0]]])
        found.append(tensor * TWICE @ strain)
    return np.array(found)


def strain_at_corners(corners: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Of a quadratic tetrahedron with nodal values u (10, 3). (4, 6)"""
    g, _ = barycentric_gradients(corners, np.arange(4)[None])
    return np.asarray(strain_at_vertices(u[None], g)[0])


def test_two_moment_tensors_do_the_same_work_on_each_other_at_all_times() -> None:
    first, second = (relaxing.relaxed(make_model({name: (0.0,)})) for name in PLACES)
    one_on_two, two_on_one = work(first, "two"), work(second, "one")
    apart = float(np.abs(one_on_two / two_on_one - 1).max())
    record("reciprocity in time", np.nan, apart, BOUND, note="9 times, random rock")
    assert apart <= BOUND
    # what relaxes is seen at all, and the next time is another
    assert abs(one_on_two[-1] / one_on_two[0] - 1) > 1e-2
    assert np.abs(one_on_two[1:] / two_on_one[:-1] - 1).max() > 1e5 * BOUND


def test_two_earthquakes_add_up_the_second_one_shifted() -> None:
    both = relaxing.relaxed(make_model({"one": (0.0,), "two": (SECOND,)}))
    one = relaxing.relaxed(make_model({"one": (0.0,)}))
    two = relaxing.relaxed(make_model({"two": (0.0,)}, END - SECOND))
    late = both.times >= SECOND
    u, u_one, u_two = (s.displacement(GROUND) for s in (both, one, two))
    total = u_one.copy()
    total[late] += u_two
    apart = relaxing.worst(u, total)
    record("superposition in time", np.nan, apart, BOUND, note="two earthquakes, random rock")
    assert apart <= BOUND
    stress, *parts = (series.results[-1].stress for series in (both, one, two))
    assert relaxing.worst(stress, sum(parts)) <= 10 * BOUND
    # planted: a step late; half of the second
    total[late] -= u_two
    total[np.flatnonzero(late)[1:]] += u_two[:-1]
    assert relaxing.worst(u, total) > 1e5 * BOUND


def test_one_fault_that_slips_twice_is_two_earthquakes() -> None:
    twice = relaxing.relaxed(make_model({"one": (0.0, SECOND)})).displacement(GROUND)
    once = relaxing.relaxed(make_model({"one": (0.0,)})).displacement(GROUND)
    total = once.copy()
    total[3:] += once[:-3]
    assert relaxing.worst(twice, total) <= BOUND
    assert relaxing.worst(twice[-1:], 2 * once[-1:]) > 1e3 * BOUND
