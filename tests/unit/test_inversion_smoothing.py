"""Neighbours on a fault and what smoothing makes of them: closed forms on regular patches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import kv
from small_inversion import KM, okada_library

from femcrust.faults.geometry import frames
from femcrust.inversion.graph import Graph, patch_graph
from femcrust.inversion.library import Library
from femcrust.inversion.smoothing import laplacian, matern, stiffness

HERE = np.array([[0.0, 0.0, -5 * KM]])


def plain(along: int, down: int, **changes: object) -> Library:
    return okada_library(along, down, stations=np.zeros((1, 3)), **changes)  # type: ignore[arg-type]


def triangles(library: Library) -> Library:
    """Every rectangle cut in two."""
    ring = library.corners
    halves = np.full((len(library), 2, 4, 3), np.nan)
    halves[:, 0, :3], halves[:, 1, :3] = ring[:, [0, 1, 2]], ring[:, [0, 2, 3]]
    corners = halves.reshape(-1, 4, 3)
    twice = {
        key: np.repeat(getattr(library, key), 2, axis=0)
        for key in ("displacement", "fault", "strike", "dip", "rigidity")
    }
    area = np.repeat(library.area / 2, 2)
    return replace(library, corners=corners, centre=np.nanmean(corners, axis=1), area=area, **twice)


def test_squares_have_four_neighbours_and_unit_conductance() -> None:
    graph = patch_graph(plain(5, 4))
    assert len(graph.pairs) == 4 * 4 + 5 * 3
    assert graph.weight == pytest.approx(np.ones(len(graph.pairs)))
    right = {tuple(sorted(pair)) for pair in graph.pairs.tolist()}
    assert {(0, 1), (0, 5), (14, 19)} <= right
    assert (4, 5) not in right  # the end of a row and the start of the next
    # a buried edge lies half a step away: conductance 2; the upper edge is buried here
    assert graph.rim.reshape(4, 5)[1:3, 1:4] == pytest.approx(np.zeros((2, 3)))
    assert graph.rim.reshape(4, 5)[0] == pytest.approx([4, 2, 2, 2, 4])


def test_an_edge_at_the_ground_is_no_buried_edge() -> None:
    rim = patch_graph(plain(5, 4, top=-0.5 * KM)).rim.reshape(4, 5)
    assert rim[0] == pytest.approx([2, 0, 0, 0, 2])
    assert rim[3] == pytest.approx([4, 2, 2, 2, 4])


def test_triangles_share_whole_edges_only() -> None:
    graph = patch_graph(triangles(plain(5, 4)))
    assert len(graph.pairs) == 20 + 4 * 4 + 5 * 3
    assert np.bincount(graph.pairs.ravel()).max() == 3


def test_rounded_tables_still_touch() -> None:
    library = plain(5, 4)
    moved = np.random.default_rng(88_120_331).uniform(-20.0, 20.0, library.corners.shape)
    assert len(patch_graph(replace(library, corners=library.corners + moved)).pairs) == 31
    assert len(patch_graph(replace(library, corners=library.corners + 40 * moved)).pairs) < 31


def test_faults_are_no_neighbours_of_each_other() -> None:
    library = plain(4, 2)
    halves = replace(library, fault=np.array(["a", "a", "b", "b"] * 2))
    assert len(patch_graph(library).pairs) - len(patch_graph(halves).pairs) == 2
    assert patch_graph(halves).pieces_with_rim


def test_hat_functions_have_the_neighbours_of_a_triangulation() -> None:
    library = plain(5, 4)
    nodes = replace(library, corners=np.full((20, 4, 3), np.nan))
    graph = patch_graph(nodes)
    assert len(graph.pairs) == 31 + 12
    # on squares the diagonals of linear elements have weight zero, the others in all 1 or 1/2
    inner = {tuple(pair): w for pair, w in zip(graph.pairs.tolist(), graph.weight, strict=True)}
    assert inner[6, 7] == pytest.approx(1.0)
    assert inner[0, 1] == pytest.approx(0.5)
    assert sorted(graph.weight)[11] == pytest.approx(1e-3)  # the floor


def energy(s: np.ndarray, slip: np.ndarray) -> float:
    return float(slip.ravel() @ s @ slip.ravel())


def test_constant_slip_costs_nothing_but_at_closed_edges() -> None:
    library = plain(5, 4)
    graph = patch_graph(library)
    frame = library.frame[:, :2]
    slip = np.tile([0.3, -1.2], (20, 1))
    assert energy(stiffness(graph, frame, 2, closed=False), slip) == pytest.approx(0.0, abs=1e-12)
    assert energy(stiffness(graph, frame, 2, closed=True), slip) == pytest.approx(
        graph.rim.sum() * (0.3**2 + 1.2**2)
    )
    one = slip * 0.0
    one[7] = [0.5, 0.5]
    assert energy(stiffness(graph, frame, 2, closed=False), one) == pytest.approx(4 * 0.5)


def test_slip_is_carried_over_bends_and_swinging_strikes() -> None:
    """The same motion on a bent fault, and where strike is turned by 180 degrees with the dip."""
    graph = Graph(np.array([[0, 1]], np.int32), np.ones(1), np.zeros(2))
    bent = frames(np.array([20.0, 20.0]), np.array([30.0, 70.0]))
    s = stiffness(graph, bent[:, :2], 2, closed=False)
    assert energy(s, np.array([[0.4, 1.0], [0.4, 1.0]])) == pytest.approx(0.0, abs=1e-12)
    swung = frames(np.array([20.0, 200.0]), np.array([1.0, 1.0]))
    s = stiffness(graph, swung[:, :2], 2, closed=False)
    assert energy(s, np.array([[0.4, 1.0], [-0.4, -1.0]])) == pytest.approx(0.0, abs=1e-3)
    assert energy(s, np.array([[0.4, 1.0], [0.4, 1.0]])) == pytest.approx(4 * 1.16, rel=1e-3)
    opening = stiffness(graph, bent, 2, closed=False)
    assert energy(opening, np.array([[0, 0, 1.0], [0, 0, 1.0]])) == pytest.approx(0.0, abs=1e-12)


def test_slip_that_falls_linearly_has_no_laplacian_inside() -> None:
    library = plain(7, 6)
    s = stiffness(patch_graph(library), library.frame[:, 1:2], 1, closed=False)
    i, j = np.meshgrid(np.arange(7), np.arange(6))
    found = (s @ (2.0 * i - 0.5 * j).ravel()).reshape(6, 7)
    assert np.abs(found[1:-1, 1:-1]).max() < 1e-12
    assert np.abs(found[:, 0]).min() > 1.0


@pytest.mark.parametrize("closed", [True, False])
def test_laplacian_is_flat_where_edges_are_free_only(closed: bool) -> None:
    library = plain(5, 4)
    s = stiffness(patch_graph(library), library.frame[:, :2], 2, closed)
    prior = laplacian(s, np.repeat(library.area, 2), closed)
    assert prior.flat.shape[1] == (0 if closed else 2)
    assert np.linalg.eigvalsh(prior.proper)[0] > 1e-3
    assert np.abs(prior.precision @ prior.flat).max(initial=0.0) < 1e-9


def test_matern_has_unit_variance_and_forgets_over_its_range() -> None:
    """The correlation of a field with ν = 1 is κr K₁(κr); cells of an eighth of the range come
    within 0.03 of it."""
    library = plain(30, 30, size=1 * KM)
    s = stiffness(patch_graph(library), library.frame[:, 1:2], 1, closed=False)
    reach = 8 * KM
    spread = np.linalg.inv(matern(s, library.area, reach, 2).precision)
    assert np.diag(spread).mean() == pytest.approx(1.0)
    middle = 14 * 30 + 14
    correlation = spread[middle] / np.sqrt(spread[middle, middle] * np.diag(spread))
    for cells in (1, 2, 4, 8):
        x = np.sqrt(8.0) * cells / 8
        for step in (1, 30):  # along strike, down dip
            assert correlation[middle + step * cells] == pytest.approx(x * kv(1, x), abs=0.03)
    rough = np.linalg.inv(matern(s, library.area, reach, 1).precision)
    assert np.diag(rough).mean() == pytest.approx(1.0)
    assert rough[middle, middle + 1] / rough[middle, middle] < 0.6  # of rough fields
