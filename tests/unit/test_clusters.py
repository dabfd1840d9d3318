"""Clusters of strongly coupled nodes: what they solve, and where there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust import backends, operators
from femcrust.ranks.share import share_of
from threaded_ranks import ThreadedComm, on_ranks

KM = 1e3
FIXED = {"sides": "roller", "bottom": "fixed", "top": "free"}
SEED = 815_220_437


def flat(**more: Any) -> Any:
    return hard.prepared(hard.cube(4, {"rock": hard.ROCK}, 30.0, **more))[0]


@pytest.fixture(scope="module", params=["infinite sides", "held sides"])
def operator(request: pytest.FixtureRequest) -> Any:
    return flat() if request.param == "infinite sides" else flat(boundaries=FIXED)


def solved(operator: Any, r: np.ndarray) -> tuple[np.ndarray, list[list[int]]]:
    z, lists = operator.backend.cluster_solve(operator.stiffness, r)
    return np.asarray(z), lists


def test_a_cluster_is_solved_with_its_part_of_the_stiffness(operator: Any) -> None:
    rng = np.random.default_rng(SEED)
    shape = operator.space.nodes.shape
    r = np.asarray(operator.stiffness.project(rng.normal(size=shape)))
    z, lists = solved(operator, r)
    assert max(len(nodes) for nodes in lists) >= 9  # a line through all cells
    for nodes in lists[:: len(lists) // 7]:
        alone = np.zeros(shape)
        alone[nodes] = z[nodes]
        assert (operator @ alone)[nodes] == pytest.approx(r[nodes], abs=1e-9)
        # planted: another cluster's numbers are no solution
        alone[nodes] = z[nodes][::-1]
        assert np.abs((operator @ alone)[nodes] - r[nodes]).max() > 1e-3


def test_clusters_share_no_node_and_leave_the_others_alone(operator: Any) -> None:
    r = np.random.default_rng(SEED).normal(size=operator.space.nodes.shape)
    z, lists = solved(operator, r)
    nodes = np.concatenate(lists)
    assert len(np.unique(nodes)) == len(nodes)
    others = np.setdiff1d(np.arange(len(z)), nodes)
    assert not z[others].any()


def test_solves_are_symmetric_and_positive(operator: Any) -> None:
    rng = np.random.default_rng(SEED)
    r, s = rng.normal(size=(2, *operator.space.nodes.shape))
    left, right = np.vdot(solved(operator, r)[0], s), np.vdot(r, solved(operator, s)[0])
    assert left == pytest.approx(right, rel=1e-9)
    assert np.vdot(solved(operator, r)[0], r) > 0


@pytest.mark.parametrize("columns", [4, 8, 16])
def test_columns_are_solved_as_alone(operator: Any, columns: int) -> None:
    r = np.random.default_rng(SEED).normal(size=(*operator.space.nodes.shape, columns))
    together, _ = solved(operator, r)
    for k in (0, columns - 1):
        alone, _ = solved(operator, r[..., k])
        assert together[..., k] == pytest.approx(alone, rel=1e-9, abs=1e-12 * np.abs(alone).max())


@pytest.mark.parametrize("boundaries", [None, FIXED])
@pytest.mark.parametrize("size", [2, 3])
def test_clusters_across_ranks_have_their_part_of_the_whole_stiffness(
    boundaries: Any, size: int
) -> None:
    """Half of the tetrahedra go to random ranks: what a cluster needs is everywhere."""
    model = hard.cube(
        4, {"rock": hard.ROCK}, 30.0, **({"boundaries": boundaries} if boundaries else {})
    )
    whole = hard.prepared(model)[0]
    rng = np.random.default_rng(SEED)
    r = np.asarray(whole.stiffness.project(rng.normal(size=whole.space.nodes.shape)))
    n = model.mesh.n_tets
    rank_of = np.where(rng.random(n) < 0.5, np.arange(n) * size // n, rng.integers(0, size, n))

    def work(comm: ThreadedComm) -> list[tuple[np.ndarray, np.ndarray]]:
        share = share_of(model, rank_of.astype(np.int32), comm)
        elastic, cpu = share.model.elastic, backends.select("cpu")
        mine = operators.elastic(
            share.space(), elastic.lam, elastic.mu, share.model.conditions, cpu
        )
        points = share.part.points
        nodes = np.concatenate([points, whole.space.edge_nodes(points[share.space().edges])])
        z, lists = solved(mine, r[nodes])
        return [(nodes[of], z[of]) for of in lists]

    found = [one for clusters in on_ranks(size, work) for one in clusters]
    members = np.concatenate([nodes for nodes, _ in found])
    assert len(np.unique(members)) == len(members)
    assert len(members) > 0.8 * len(np.concatenate(solved(whole, r)[1]))
    for nodes, z in found:
        alone = np.zeros(whole.space.nodes.shape)
        alone[nodes] = z
        assert (whole @ alone)[nodes] == pytest.approx(r[nodes], abs=1e-9)


def test_well_shaped_cells_make_no_clusters() -> None:
    operator = hard.prepared(hard.graded_box(10 * KM, {"rock": hard.ROCK}))[0]
    _, lists = solved(operator, np.ones(operator.space.nodes.shape))
    assert lists == []
