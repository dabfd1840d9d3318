"""VTU files: read back by another program; fault nodes doubled where the displacement jumps."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import meshio
import numpy as np
import pytest

from femcrust.outputs.split_nodes import opened
from femcrust.outputs.vtu import Fields, fields_for_vtu, write_vtu
from unit.synthetic_result import SLIP, formula, shape, synthetic_result


@pytest.fixture(scope="module")
def result():
    return synthetic_result(4)


@pytest.fixture(scope="module")
def read(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("vtu") / "fields.vtu"
    write_vtu(path, fields_for_vtu(result), "a title with -- & <signs>")
    return meshio.read(path)


def test_another_reader_gets_points_cells_and_fields(result, read):
    fields = fields_for_vtu(result)
    np.testing.assert_array_equal(read.points, fields.points)
    (block,) = read.cells
    assert block.type == "tetra10"
    np.testing.assert_array_equal(block.data, fields.cells)
    np.testing.assert_array_equal(
        read.point_data["displacement"], fields.point_data["displacement"]
    )
    for name in ("stress", "strain", "material", "crossed", "coulomb_north_branch"):
        np.testing.assert_array_equal(read.cell_data[name][0], fields.cell_data[name])


def test_tensors_take_the_order_that_paraview_expects(result, read):
    xx, yy, zz, xy, xz, yz = result.stress.mean(axis=1).T
    expected = np.stack([xx, yy, zz, xy, yz, xz], axis=1)
    np.testing.assert_allclose(read.cell_data["stress"][0], expected, rtol=1e-15)


def test_displacement_follows_the_formula_on_both_sides(result, read):
    cells = read.cells[0].data
    corners = read.points[cells]
    side = np.sign(corners[..., 0].sum(axis=1))[:, None] * np.ones(10)
    expected = formula(corners.reshape(-1, 3), side.ravel()).reshape(corners.shape)
    np.testing.assert_allclose(read.point_data["displacement"][cells], expected, atol=1e-12)


def test_only_slipping_fault_nodes_are_doubled(result, read):
    x, y, z = result.nodes.T
    slipping = (np.abs(x) < 1e-6) & (SLIP * shape(y, z) > 1e-6)
    assert len(read.points) == len(result.nodes) + np.count_nonzero(slipping)


def test_material_edges_keep_the_mesh_whole_without_split_faults(result):
    still = replace(result, sources=[])
    split = opened(still)
    assert split.nodes is result.nodes
    assert split.elements is result.elements


def test_two_crossing_faults_give_a_copy_for_each_quarter():
    # four tetrahedra around the edge 0-1, each with its own offset at vertex 0
    elements = np.array([[0, *range(10 * e + 1, 10 * e + 10)] for e in range(4)])
    nodes = np.zeros((40, 3))
    offsets = []
    for pattern in ([1, 1, -1, -1], [1, -1, -1, 1]):
        offset = np.zeros((4, 10, 3))
        offset[:, 0, 1] = np.array(pattern) * 0.5
        offsets.append(SimpleNamespace(elements=np.arange(4), offset=offset))
    split = opened(
        SimpleNamespace(
            nodes=nodes, elements=elements, displacement=np.zeros((40, 3)), sources=offsets,
            velocity=None, slipping=(), ranks=None,
        )
    )  # fmt: skip
    moved = split.displacement[split.elements[:, 0], 1]
    np.testing.assert_array_equal(moved, [1.0, 0.0, -1.0, 0.0])
    assert len(split.nodes) == 42  # opposite quarters move alike and share a copy


def test_elements_that_an_immersed_fault_crosses_are_flagged(result):
    crossed = SimpleNamespace(elements=np.array([3, 17]), offset=None, crossed=True)
    flagged = fields_for_vtu(replace(result, sources=[crossed])).cell_data["crossed"]
    assert np.flatnonzero(flagged).tolist() == [3, 17]


def test_only_the_wanted_fields_are_written(result):
    few = replace(
        result, case=SimpleNamespace(output=SimpleNamespace(fields=["displacement"], coulomb={}))
    )
    fields = fields_for_vtu(few)
    assert set(fields.point_data) == {"displacement"}
    assert set(fields.cell_data) == {"material", "crossed"}


def test_writes_a_million_nodes_in_seconds(tmp_path):
    # 1e6 nodes a second is the aim; a tenth of it still passes on a busy machine
    n = 300_000
    rng = np.random.default_rng(61_203)
    fields = Fields(
        rng.normal(size=(n, 3)),
        rng.integers(0, n, (n * 3 // 4, 10)).astype(np.int32),
        {"displacement": rng.normal(size=(n, 3))},
        {"stress": rng.normal(size=(n * 3 // 4, 6))},
    )
    start = time.perf_counter()
    write_vtu(tmp_path / "large.vtu", fields)
    assert n / (time.perf_counter() - start) > 1e5
