"""What a flow and a predictor carry from step to step, taken out and put into another."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flow_points import Case, assert_same, case

from femcrust import _core, backends

PARTS = ("strain", "rate")


def creeping() -> Case:
    """One branch, by a power of the stress."""
    found, random = case(1, 0.6, 4), np.random.default_rng(3)
    found.creep, found.face_creep = (
        (random.uniform(0.1, 1.0, n), random.uniform(1.5, 4.0, n))
        for n in (len(found.elements), len(found.face_nodes))
    )
    return found


CASES = {"three branches, gaps, faces": lambda: case(3, 0.6, 4), "creep": creeping}


@pytest.fixture(scope="module", params=CASES)
def body(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


def step(body: Case, flow: Any, first: int) -> list[np.ndarray]:
    """A step with the displacements from `first` on, accepted: all that it gives."""
    flow.set_offsets(body.offset_cells, body.offsets)
    if body.creep is None:
        values = [flow.first(0.5), flow.second(0.5, body.u[first])]
    else:
        values = [flow.trial(False, 0.5, body.u[first])]
        flow.middle(0.5, body.u[first])
        values.append(flow.trial(True, 0.5, body.u[first + 1]))
    values += flow.last(0.5, body.u[first + 1])
    flow.accept()
    return [*map(np.asarray, values), np.asarray(flow.stress(0.5, 0.6))]


def started(body: Case, backend: Any) -> Any:
    """A flow after one step."""
    flow = body.flow(backend)
    flow.restart(body.u[0])
    step(body, flow, 1)
    return flow


def state(flow: Any) -> list[np.ndarray]:
    return [
        np.asarray(getattr(flow, f"{where}_state")(part))
        for where in ("tet", "face")
        for part in PARTS
    ]


def resumed(body: Case, backend: Any, kept: list[np.ndarray]) -> Any:
    flow = body.flow(backend)
    for k, part in enumerate(PARTS):
        flow.set_tet_state(part, kept[k])
        flow.set_face_state(part, kept[2 + k])
    return flow


def test_a_flow_goes_on_from_its_state_to_the_bit(body: Case, backend: Any) -> None:
    flow = started(body, backend)
    kept = state(flow)
    other = resumed(body, backend, kept)
    for a, b in zip(kept, state(other), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.any()
    for a, b in zip(step(body, flow, 2), step(body, other, 2), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(state(flow)[0], state(other)[0])


def test_the_state_is_laid_out_by_cell_branch_point_and_component(backend: Any) -> None:
    """Of a restart at rest: rate = deviator of the strain over τ, of each branch at each vertex."""
    body = CASES["three branches, gaps, faces"]()
    inside, outside = body.references()
    flow = body.flow(backend)
    body.set_offsets(flow, inside, 1.0)
    flow.restart(body.u[0])
    for found, reference in (("tet_state", inside), ("face_state", outside)):
        reference.restart(body.u[0])
        components = np.asarray(getattr(flow, found)("rate"))
        assert components.shape[:3] == reference.k0.shape[:3]
        # five components of a deviator; those off the diagonal are last, and are tensor's
        shear = np.stack([reference.k0[..., c, d] for c, d in ((0, 1), (0, 2), (1, 2))], axis=-1)
        assert_same(components[..., 2:], shear)


def test_a_state_goes_from_one_backend_to_the_other(body: Case, on_device: Any) -> None:
    host = backends.select("cpu")
    for here, there in ((host, on_device), (on_device, host)):
        flow = started(body, here)
        other = resumed(body, there, state(flow))
        for a, b in zip(state(flow), state(other), strict=True):
            np.testing.assert_array_equal(a, b)
        for a, b in zip(step(body, flow, 2), step(body, other, 2), strict=True):
            assert_same(b, a)


def test_states_of_another_shape_are_refused(backend: Any) -> None:
    flow = CASES["creep"]().flow(backend)
    with pytest.raises(Exception, match="state: wrong shape"):
        flow.set_tet_state("rate", flow.tet_state("rate")[1:])
    with pytest.raises(Exception, match="part: strain or rate"):
        flow.tet_state("both")


@pytest.mark.parametrize("increments", [1, 6, 40])
@pytest.mark.parametrize("pairs", [3, 32])
def test_a_predictor_goes_on_from_its_state_to_the_bit(increments: int, pairs: int) -> None:
    """Of few increments, when most slots are not written, and of so many that all were twice."""
    random = np.random.default_rng(1)
    u = random.normal(size=(increments + 8, 50))
    predictor = _core.Predictor(50, 21, pairs)  # the last piece is shorter
    for before, after in pairwise(u[: increments + 1]):
        predictor.learn(before, after)
    last_kind, last_slot, first, second = predictor.state()
    assert first[2].shape[1] == min((increments + 1) // 2, pairs + 1)
    assert np.isfinite(first[2]).all()
    other = _core.Predictor(50, 21, pairs)
    copies = [(count, kept, x.copy(), g.copy()) for count, kept, x, g in (first, second)]
    other.set_state(last_kind, last_slot, *copies)
    for k in range(increments, increments + 7):
        for one in (predictor, other):
            one.learn(u[k], u[k + 1])
        assert predictor.pairs == other.pairs
        if predictor.pairs:
            np.testing.assert_array_equal(predictor.predict(u[k + 1]), other.predict(u[k + 1]))


def test_states_that_no_predictor_has_are_refused() -> None:
    predictor = _core.Predictor(6, 3, 2)
    last_kind, last_slot, first, second = predictor.state()
    count, _, columns, gram = first
    for wrong, message in (
        ((count, [(0, 0)], columns, gram), "pairs: no such slot"),
        ((count + 1, [], columns, gram), "columns: wrong shape"),
        ((count, [], columns, gram[:1]), "gram: wrong shape"),
        ((-1, [], columns, gram), "count: negative"),
    ):
        with pytest.raises(Exception, match=message):
            predictor.set_state(last_kind, last_slot, wrong, second)
    with pytest.raises(Exception, match="last: out of range"):
        predictor.set_state(2, last_slot, first, second)


def test_a_projection_goes_on_from_its_state_to_the_bit() -> None:
    random = np.random.default_rng(2)
    u = random.normal(size=(9, 5000))
    weights = random.uniform(1, 2, 5000)  # A is diagonal
    projection = _core.Projection(5000)
    for k in range(5):
        projection.add(u[k], weights * u[k])
    basis, gram = projection.state()
    other = _core.Projection(5000)
    other.set_state([x.copy() for x in basis], gram)
    for one in (projection, other):
        one.add(u[5], weights * u[5])
    assert len(other) == 6
    load = weights * u.sum(axis=0)
    np.testing.assert_array_equal(projection.project(load), other.project(load))
    for wrong in (basis[:1], [x[:9] for x in basis]):
        with pytest.raises(Exception, match="basis: wrong size"):
            other.set_state(wrong, gram)
