"""Bodies over ranks give the answers of one rank. Ranks are threads here (threaded_ranks.py); jobs
under mpirun are in test_mpirun.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_faults import cut_box

import femcrust
from femcrust import backends, progress, solvers
from femcrust.case import Case
from femcrust.comm import ALONE
from femcrust.discretisation import discretise
from femcrust.errors import InputError
from femcrust.mesh.mesh import Ints, Mesh
from femcrust.model import Model, build_model
from femcrust.outputs.result import Result
from femcrust.ranks.alike import check_alike
from femcrust.ranks.partition import along_the_curve, partition
from femcrust.ranks.share import Share, share_of
from femcrust.run import pieces, run_part
from hard_bodies import KM, bands, case_of, stretched
from hard_bodies import cube as flat_cube
from small_meshes import split_cubes
from threaded_ranks import Job, on_ranks, one_thread

__all__ = ["one_thread"]  # fixture

YEAR = 365.25 * 86400.0
TIGHT = {"tolerance": 1e-12}
# Of the peak, at a solver tolerance of 1e-12 of the residual.
SAME = 1e-9
SPLIT = {"surface": "fault", "hanging_side": "east", "slip": {"strike": 1.0, "open": 0.3}}
ROCK = {"mu": 30e9, "nu": 0.25}
WEAK = {"model": "maxwell", "mu": 60e9, "nu": 0.25, "eta": 1e18}
CREEP = {"model": "power_law", "mu": 60e9, "nu": 0.25, "eta": 1e19, "stress": 1e6, "exponent": 3.0}
Cut = Callable[[Mesh, int], Ints]


def curve(mesh: Mesh, size: int) -> Ints:
    return along_the_curve(np.ones(mesh.n_tets), size)


def metis(mesh: Mesh, size: int) -> Ints:
    pytest.importorskip("pymetis")
    return partition(mesh, np.ones(mesh.n_tets), size)


def slabs(mesh: Mesh, size: int) -> Ints:
    """Thin and in many pieces: every rank has slabs of a cell or two across the body."""
    x = mesh.points[mesh.tets].mean(axis=1)[:, 0]
    steps = ((x - x.min()) / np.ptp(x) * 4 * size * (1 - 1e-9)).astype(np.int32)
    return steps % size


def scattered(mesh: Mesh, size: int) -> Ints:
    """No two neighbours need have the same rank."""
    return np.random.default_rng(7).integers(0, size, mesh.n_tets).astype(np.int32)


def one_cell(mesh: Mesh, size: int) -> Ints:
    """The last rank has one tetrahedron, all of whose nodes others own; the one before has two."""
    ranks = curve(mesh, size - 2)
    inner = int(
        np.abs(mesh.points[mesh.tets].mean(axis=1) - mesh.points.mean(axis=0)).sum(1).argmin()
    )
    ranks[inner] = size - 1
    ranks[[0, mesh.n_tets - 1]] = size - 2
    return ranks


def case(**more: Any) -> Case:
    return case_of({"file": "cubes"}, more.pop("materials", {"rock": ROCK}), **more)


def cube(**more: Any) -> Model:
    mesh = split_cubes(7, (40 * KM,) * 3, (-20 * KM, -20 * KM, -40 * KM), 0.1)
    return build_model(case(solver=TIGHT, **more), mesh)


def layered(**more: Any) -> Model:
    rocks = {
        "crust": {"mu": 30e9, "nu": 0.25, "where": {"expression": "depth < 15*km"}},
        "mantle": {"mu": 70e9, "nu": 0.27, "where": {"expression": "depth > 15*km"}},
    }
    return cube(materials=rocks, **more)


def split(**more: Any) -> Model:
    """A fault on faces of the mesh, which ranks share."""
    return build_model(case(faults={"main": SPLIT}, solver=TIGHT, **more), cut_box())


def held() -> Model:
    """Sides that move, a bottom on rollers, a load on the ground."""
    sides = {"sides": "fixed", "bottom": "roller", "top": "free"}
    load = {"disc": {"center": (2 * KM, -3 * KM), "radius": 8 * KM}, "pressure": 1e6}
    return cube(boundaries=sides, loads={"ice": load})


def moved() -> Model:
    """One side moves, which not every rank of some slabs touches."""
    west = {"displacement": {"x": "0.3 m", "y": "1e-6*z"}}
    return cube(boundaries={"west": west, "east": "fixed", "bottom": "roller"})


def on_springs() -> Model:
    spring = {"springs": {"normal": 1e6, "tangential": 5e5}}
    return cube(boundaries={"sides": spring, "bottom": spring})


def relaxing(kind: dict[str, Any], guess: str, **more: Any) -> Model:
    """A crust over rock that flows, from an earthquake on."""
    rocks = {
        "crust": {**ROCK, "where": {"expression": "depth < 15*km"}},
        "deep": {**kind, "where": {"expression": "depth > 15*km"}},
    }
    mesh = split_cubes(5, (40 * KM,) * 3, (-20 * KM, -20 * KM, -40 * KM), 0.1)
    solver = {**TIGHT, "initial_guess": guess}
    span = {"end": 1.2 * YEAR, "step": 0.2 * YEAR, **more}
    return build_model(case(materials=rocks, solver=solver, time=span), mesh)


def results(model: Model) -> list[Result]:
    """Of one rank: at every wanted time, or at once."""
    found: list[Result] = []
    with progress.reporting(quiet=True):
        last = femcrust.run(model.case, model, found.append)
    return found or [last]


def results_on(size: int, model: Model, cut: Cut, job: Job | None = None) -> list[Result]:
    rank_of = cut(model.mesh, size)

    def work(comm: Any) -> list[Result]:
        found: list[Result] = []
        with progress.reporting(quiet=True):
            mine = share_of(model, rank_of, comm)
            last = run_part(model.case, mine, time.perf_counter(), found.append)
        return found or [last]

    return on_ranks(size, work, job)[0]


def iterations(found: list[Result]) -> int:
    return sum(step["iterations"] for step in found[-1].summary["steps"])


def assert_same(model: Model, size: int, cut: Cut, more_iterations: float = 0.1) -> None:
    alone, together = results(model), results_on(size, model, cut)
    assert len(alone) == len(together)
    for one, two in zip(alone, together, strict=True):
        for name in ("displacement", "stress", "velocity"):
            a, b = getattr(one, name), getattr(two, name)
            if a is None:
                assert b is None
                continue
            assert b.shape == a.shape
            assert np.abs(b - a).max() <= SAME * np.abs(a).max(), name
    assert iterations(together) <= np.ceil((1 + more_iterations) * iterations(alone))
    assert together[-1].summary["ranks"] == size


@pytest.mark.parametrize("size", [2, 3, 4])
def test_elastic_bodies_with_infinite_elements(size: int) -> None:
    assert_same(layered(), size, curve)


@pytest.mark.parametrize("cut", [metis, slabs])
def test_parts_of_any_shape(cut: Cut) -> None:
    assert_same(layered(), 3, cut)


def test_ranks_with_next_to_nothing() -> None:
    assert_same(layered(), 4, one_cell)
    assert_same(relaxing(WEAK, "projection"), 4, one_cell)


def test_scattered_elements() -> None:
    """Almost every node is shared; aggregates have hardly a neighbour left to take."""
    assert_same(layered(), 3, scattered, more_iterations=1.0)


def test_a_side_that_moves_on_some_ranks_only() -> None:
    assert_same(moved(), 4, slabs)


@pytest.mark.parametrize("cut", [curve, slabs])
def test_split_faults_cross_borders(cut: Cut) -> None:
    assert_same(split(), 3, cut)


@pytest.mark.parametrize("precision", ["double", "fp21", "shared18", "bf16", "fp16"])
def test_every_storage_of_the_preconditioner(precision: str) -> None:
    model = layered()
    solver = model.case.solver.model_copy(update={"precision": precision})
    model = replace(model, case=model.case.model_copy(update={"solver": solver}))
    assert_same(model, 2, slabs)


def test_held_sides_loads_and_springs() -> None:
    assert_same(held(), 3, slabs)
    assert_same(on_springs(), 2, slabs)


@pytest.mark.parametrize(
    ("make", "size", "cut"),
    [
        (lambda: stretched(6, 30.0), 2, curve),
        (lambda: bands(7, 30.0), 3, metis),
        (lambda: flat_cube(6, {"rock": ROCK}, 30.0), 4, metis),
    ],
)
def test_flat_cells(make: Callable[[], Model], size: int, cut: Cut) -> None:
    """Clusters cross borders of ranks, and these avoid stacks of flat cells."""
    model = make()
    model = replace(model, case=model.case.model_copy(update={"solver": case(solver=TIGHT).solver}))
    assert_same(model, size, cut)


@pytest.mark.parametrize("guess", ["projection", "learned", "extrapolated"])
def test_relaxation_with_every_guess(guess: str) -> None:
    assert_same(relaxing(WEAK, guess), 3, curve)


def test_adaptive_steps_are_the_same() -> None:
    """Steps and the errors that choose them, of the rock of all ranks."""
    model = relaxing(WEAK, "projection", tolerance=1e-3)
    alone, together = results(model), results_on(2, model, slabs)
    for one, two in zip(alone[-1].summary["steps"], together[-1].summary["steps"], strict=True):
        assert two["time_s"] == pytest.approx(one["time_s"], rel=1e-12)
        assert two["error"] == pytest.approx(one["error"], rel=1e-6)
    assert_same(model, 2, slabs)


def test_creep_where_one_rank_has_none_of_it() -> None:
    """Cut by depth: the upper rank neither flows nor creeps, and still takes every turn."""

    def by_depth(mesh: Mesh, size: int) -> Ints:
        z = mesh.points[mesh.tets].mean(axis=1)[:, 2]
        return (z < -14 * KM).astype(np.int32)

    assert_same(relaxing(CREEP, "extrapolated"), 2, by_depth)
    assert_same(relaxing(WEAK, "projection"), 2, by_depth)


def test_many_right_hand_sides() -> None:
    model = layered()
    rank_of = slabs(model.mesh, 2)
    rng = np.random.default_rng(3)
    alone = Share(ALONE, model, model)
    operator, preconditioner = pieces(model.case, alone)
    loads = operator.project(rng.standard_normal((alone.space().n_nodes, 3, 6)))
    found = solvers.solve_many(operator, preconditioner, loads, tolerance=1e-12)

    def work(comm: Any) -> np.ndarray:
        mine = share_of(model, rank_of, comm)
        own, its = pieces(model.case, mine)
        local = mine.own_nodes(loads if comm.rank == 0 else None)
        u = solvers.solve_many(own, its, local, tolerance=1e-12).displacement
        return mine.whole_nodes(u)

    together = on_ranks(2, work)[0]
    assert np.abs(together - found.displacement).max() <= SAME * np.abs(found.displacement).max()


def test_block_jacobi() -> None:
    model = layered()
    changes = {"preconditioner": "jacobi", "max_iterations": 5000}
    solver = model.case.solver.model_copy(update=changes)
    assert_same(replace(model, case=model.case.model_copy(update={"solver": solver})), 2, curve)


def test_a_rerun_is_the_same_to_the_bit() -> None:
    model = relaxing(WEAK, "projection")
    first, second = (results_on(3, model, slabs) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.displacement, two.displacement)


def test_blocks_at_the_border_come_first() -> None:
    """Once their colours are done, no inner block adds to what was sent."""
    mesh = split_cubes(12)
    space = discretise(mesh)
    border = np.flatnonzero(space.nodes[:, 0] == 0).astype(np.int32)
    core = backends.core()
    halo = core.Halo(SimpleNamespace(rank=0, size=2, takes_device=False), [1], [border])
    body = core.cpu.Body(
        space.elements, space.nodes, np.ones(mesh.n_tets), np.ones(mesh.n_tets), mesh.n_points, halo
    )
    blocks = body.blocks
    touched = [
        np.isin(
            blocks["nodes"][blocks["node_begin"][b] : blocks["node_begin"][b + 1]], border
        ).any()
        for b in blocks["order"]
    ]
    first = int(np.sum(touched))
    assert 0 < first < len(touched)
    assert all(touched[:first])
    assert first in blocks["colour_begin"]


def test_no_rank_is_left_without_tetrahedra() -> None:
    assert along_the_curve(np.array([1.0, 1.0, 1.0, 3.0]), 4).tolist() == [0, 1, 2, 3]


def test_ranks_of_other_kinds_are_refused(on_device: Any) -> None:
    """They would add up other bits at the nodes that they share."""

    def work(comm: Any) -> str:
        try:
            check_alike(comm, on_device if comm.rank else backends.core().cpu)
        except InputError as error:
            return str(error)
        return ""

    (told, *others) = on_ranks(3, work)
    assert told.startswith("solver.backend: ranks differ (2 with CUDA, 1 with cpu v")
    assert all(said == told for said in others)
