"""Split nodes: the jump is the slip, its sides follow adjacency, and no moment is lost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from femcrust.case.expressions import Expression
from femcrust.errors import InputError
from femcrust.faults import Source
from femcrust.faults.geometry import frames, slip_vectors
from femcrust.mesh.mesh import Floats, Mesh
from unit.small_faults import (
    KM,
    LAM,
    MU,
    SIX,
    cut_box,
    outer_term,
    sheared,
    slip,
    source,
    total_eigenstrain,
    uniform,
    wavy,
)

AREA = 64e6  # 8 km x 8 km
ROUNDING = 1e-9  # relative, of sums over hundreds of elements
EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))


def node_keys(tet) -> list[tuple[int, ...]]:
    """Names of the ten nodes: a vertex, or the two ends of an edge."""
    return [(int(v),) for v in tet] + [tuple(sorted((int(tet[i]), int(tet[j])))) for i, j in EDGES]


def node_points(mesh: Mesh, elements) -> Floats:
    """(m, 10, 3)"""
    x = mesh.points[mesh.tets[elements]]
    middles = np.stack([(x[:, i] + x[:, j]) / 2 for i, j in EDGES], axis=1)
    return np.concatenate([x, middles], axis=1)


def jumps(mesh: Mesh, found: Source) -> dict[tuple[int, ...], Floats]:
    """Node → w on the east side minus w on the west side (x = 0 is the fault)."""
    assert found.offset is not None
    sides: dict[tuple[int, ...], dict[bool, list[Floats]]] = defaultdict(lambda: defaultdict(list))
    for e, w in zip(found.elements, found.offset, strict=True):
        east = bool(mesh.points[mesh.tets[e], 0].mean() > 0)
        for key, value in zip(node_keys(mesh.tets[e]), w, strict=True):
            if np.any(value):
                sides[key][east].append(value)
    result = {}
    for key, walls in sides.items():
        assert set(walls) == {False, True}, "a node that moves on one side only"
        for values in walls.values():
            assert np.ptp(values, axis=0).max() == 0.0
        result[key] = walls[True][0] - walls[False][0]
    return result


@pytest.mark.parametrize(
    ("components", "jump"),
    [
        ({"strike": 1.0}, (0, 1, 0)),
        ({"dip": 1.0}, (0, 0, 1)),
        ({"open": 1.0}, (1, 0, 0)),
        ({"amount": 2.0, "rake": 180.0}, (0, -2, 0)),
    ],
)
def test_east_side_moves_by_the_slip_relative_to_the_west(components, jump) -> None:
    mesh = cut_box()
    found = source(mesh, surface="fault", hanging_side="east", slip=slip(**components))
    of_vertex = {k: v for k, v in jumps(mesh, found).items() if len(k) == 1}
    assert len(of_vertex) == 9  # 5 x 5 vertices, of which the edge stands still
    np.testing.assert_allclose(list(of_vertex.values()), np.tile(jump, (9, 1)), atol=1e-12)


def test_west_as_hanging_side_turns_the_strike_around() -> None:
    """Left-lateral and opening are the same motion from either wall; "thrust" is not."""
    mesh = cut_box()
    east, west = (
        source(mesh, surface="fault", hanging_side=side, slip=slip(strike=1.0, dip=0.5, open=0.25))
        for side in ("east", "west")
    )
    flip = np.array([[1, 1, -1], [1, 1, 1], [-1, 1, 1]])
    np.testing.assert_allclose(west.potency, east.potency * flip, atol=1e-3)
    assert east.potency[0, 1] == pytest.approx(0.5 * AREA)
    assert east.potency[0, 2] == pytest.approx(0.25 * AREA)
    assert east.potency[0, 0] == pytest.approx(0.25 * AREA)


@pytest.mark.parametrize("bend", [lambda x: x, wavy, sheared(30.0)])
@pytest.mark.parametrize("z", [(-12 * KM, -4 * KM), (-8 * KM, 0.0)])
def test_displacement_jumps_across_the_fault_only(bend, z) -> None:
    """w agrees on every face that is no facet, around buried edges too: u + w is conforming."""
    mesh = cut_box(z, bend)
    side = None if bend(np.array([[0.0, 0, -1.0]]))[0, 0] > 1.0 else "east"
    found = source(mesh, surface="fault", hanging_side=side, slip=slip(strike=1.0, dip=2.0))
    assert found.offset is not None
    w = np.zeros((mesh.n_tets, 10, 3))
    w[found.elements] = found.offset
    facets = {tuple(sorted(f)) for f in mesh.surfaces["fault"].tolist()}
    faces: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for e, tet in enumerate(mesh.tets.tolist()):
        for i in range(4):
            faces[tuple(sorted(tet[:i] + tet[i + 1 :]))].append(e)
    jumping = 0
    for face, owners in faces.items():
        if len(owners) == 1:
            continue
        values = []
        for e in owners:
            keys = node_keys(mesh.tets[e])
            values.append({k: w[e, a] for a, k in enumerate(keys) if set(k) <= set(face)})
        gap = max(float(np.abs(values[0][k] - values[1][k]).max()) for k in values[0])
        if face in facets:
            jumping += gap > 0.5
        else:
            assert gap == 0.0
    assert jumping == len(facets)


@pytest.mark.parametrize("bend", [lambda x: x, wavy, sheared(60.0)])
def test_sides_do_not_depend_on_order_or_orientation_of_facets(bend) -> None:
    mesh = cut_box(bend=bend)
    side = "east" if bend is not None and bend(np.zeros((1, 3)))[0, 0] == 0.0 else None
    random = np.random.default_rng(7731904)
    facets = mesh.surfaces["fault"]
    mixed = facets[random.permutation(len(facets))]
    turn = random.random(len(mixed)) < 0.5
    mixed[turn] = mixed[turn][:, [0, 2, 1]]
    mixed = np.concatenate([mixed, mixed[:3]])  # the same facet twice is one facet
    other = replace(mesh, surfaces={"fault": mixed})
    one, two = (
        source(m, surface="fault", hanging_side=side, slip=slip(strike=1.0, dip=0.3, taper=3 * KM))
        for m in (mesh, other)
    )
    np.testing.assert_array_equal(one.elements, two.elements)
    assert one.offset is not None
    assert two.offset is not None
    np.testing.assert_allclose(one.offset, two.offset, atol=1e-12)
    np.testing.assert_allclose(one.eigenstrain, two.eigenstrain, atol=1e-15)
    assert np.any(one.offset)


def test_elements_that_touch_by_a_vertex_belong_to_their_wall() -> None:
    mesh = cut_box()
    found = source(mesh, surface="fault", hanging_side="east", slip=slip(strike=2.0))
    assert found.offset is not None
    on_fault = np.isin(mesh.tets[found.elements], mesh.surfaces["fault"])
    touching = on_fault.sum(axis=1)
    moved = found.offset[:, :, 1]
    east = mesh.points[mesh.tets[found.elements], 0].mean(axis=1) > 0
    for corners in (1, 2, 3):
        chosen = touching == corners
        assert chosen.any()
        assert np.all(moved[chosen & east].max(axis=1) >= 1.0)
        assert np.all(moved[chosen & east] >= 0.0)
        assert np.all(moved[chosen & ~east] <= 0.0)


def test_slip_is_zero_at_buried_edges_and_whole_at_the_ground() -> None:
    mesh = cut_box(z=(-8 * KM, 0.0))
    found = source(mesh, surface="fault", hanging_side="east", slip=slip(strike=1.0))
    keys = jumps(mesh, found)
    where = {k: mesh.points[list(k)].mean(axis=0) for k in keys}
    buried = [k for k, x in where.items() if abs(x[1]) > 3999 or x[2] < -7999]
    trace = [k for k, x in where.items() if x[2] > -1]
    assert buried == []
    assert len([k for k in trace if len(k) == 1]) == 3
    inner = [k for k in trace if abs(where[k][1]) < 2001]
    np.testing.assert_allclose([keys[k][1] for k in inner], 1.0)


@pytest.mark.parametrize("z", [(-12 * KM, -4 * KM), (-8 * KM, 0.0)])
def test_moment_of_uniform_slip_is_mu_area_slip(z) -> None:
    """The stated tip rule keeps ∫ s dA although the nodes of the edge stand still."""
    mesh = cut_box(z)
    found = source(mesh, surface="fault", hanging_side="east", slip=slip(strike=-1.5, dip=2.0))
    assert found.area == pytest.approx(AREA, rel=ROUNDING)
    assert found.moment == pytest.approx(MU * AREA * 2.5, rel=ROUNDING)
    assert found.magnitude == pytest.approx((np.log10(MU * AREA * 2.5) - 9.1) / 1.5)
    assert found.potency[0, 1] == pytest.approx(-1.5 * AREA / 2, rel=ROUNDING)
    np.testing.assert_allclose(found.center, [0, 0, (z[0] + z[1]) / 2], atol=0.1 * KM)


def test_moment_of_two_materials_uses_their_mean() -> None:
    mesh = cut_box()
    elastic = uniform(mesh)
    elastic.mu[mesh.points[mesh.tets, 0].mean(axis=1) > 0] = 3 * MU
    found = source(mesh, elastic, surface="fault", hanging_side="east", slip=slip(dip=1.0))
    assert found.moment == pytest.approx(2 * MU * AREA, rel=ROUNDING)


def test_moment_of_opening_is_the_norm_of_its_tensor() -> None:
    found = source(cut_box(), surface="fault", hanging_side="east", slip=slip(open=1.0))
    tensor = np.diag([LAM + 2 * MU, LAM, LAM])
    expected = AREA * np.linalg.norm(tensor) / np.sqrt(2)
    assert found.moment == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("bend", [lambda x: x, wavy])
@pytest.mark.parametrize("z", [(-12 * KM, -4 * KM), (-8 * KM, 0.0)])
def test_eigenstrain_integrates_to_the_potency(bend, z) -> None:
    """Σ ∫ ε* dV = ∫ sym(s⊗n) dA − ∮ sym(w⊗ν) dA, exact for quadratic w by Gauss' theorem."""
    mesh = cut_box(z, bend)
    given = slip(strike=1.0, dip=-0.7, open=0.2)
    found = source(mesh, surface="fault", hanging_side="east", slip=given)
    outer = outer_term(mesh, found)
    assert np.any(outer) == (z[1] == 0.0)
    expected = found.potency[SIX] - outer
    scale = np.abs(found.potency).max()
    np.testing.assert_allclose(total_eigenstrain(mesh, found), expected, atol=ROUNDING * scale)


def test_dipping_fault_hangs_above() -> None:
    mesh = cut_box(bend=sheared(30.0))
    found = source(mesh, surface="fault", slip=slip(dip=1.0))
    b = slip_vectors(np.array([0.0, 1.0, 0.0]), frames(0.0, 30.0))
    np.testing.assert_allclose(found.arrows[:, 3:].mean(axis=0), b, atol=1e-9)
    assert found.offset is not None
    x = mesh.points[mesh.tets[found.elements]].mean(axis=1)
    above = (x @ frames(0.0, 30.0)[2]) > 0.0
    moved = np.einsum("mai,i->ma", found.offset, b)
    assert np.all(moved[above] >= 0.0)
    assert np.all(moved[~above] <= 0.0)
    np.testing.assert_allclose(found.outline[0][0], found.outline[0][-1])


def test_steep_fault_needs_its_hanging_side() -> None:
    mesh = cut_box()
    with pytest.raises(InputError, match=r"faults\.main\.hanging_side: needed.*east or west"):
        source(mesh, surface="fault", slip=slip(strike=1.0))
    steep = cut_box(bend=sheared(84.0))
    assert source(steep, surface="fault", slip=slip(strike=1.0)).potency[0, 1] > 0
    steeper = cut_box(bend=sheared(86.0))
    with pytest.raises(InputError, match="hanging_side"):
        source(steeper, surface="fault", slip=slip(strike=1.0))
    above = source(steeper, surface="fault", hanging_side="above", slip=slip(dip=1.0))
    east = source(steeper, surface="fault", hanging_side="east", slip=slip(dip=1.0))
    np.testing.assert_allclose(above.eigenstrain, east.eigenstrain)


@pytest.mark.parametrize(
    ("bend", "side", "complaint"),
    [
        (lambda x: x, "north", "along the strike"),
        (lambda x: x, "up", "is no side"),
        (lambda x: x, "above", "needed|dips"),
        (sheared(45.0), "west", "foot wall"),
    ],
)
def test_wrong_hanging_side_is_refused(bend, side, complaint) -> None:
    with pytest.raises(InputError, match=complaint):
        source(cut_box(bend=bend), surface="fault", hanging_side=side, slip=slip(strike=1.0))


def test_facets_outside_or_missing_are_refused() -> None:
    mesh = cut_box()
    given = {"surface": "fault", "hanging_side": "east", "slip": slip(strike=1.0)}
    top = mesh.points[:, 2] > -1
    face = next(t[top[t]] for t in mesh.tets if top[t].sum() == 3)
    outside = replace(mesh, surfaces={"fault": face[None].astype(np.int32)})
    with pytest.raises(InputError, match=r"faults\.main\.surface: 1 of 1 .* outside of the mesh"):
        source(outside, **{**given, "hanging_side": None})
    far = np.array([[0, 1, mesh.n_points - 1]], dtype=np.int32)
    with pytest.raises(InputError, match="no faces of the mesh's tetrahedra"):
        source(replace(mesh, surfaces={"fault": far}), **{**given, "hanging_side": "north"})
    with pytest.raises(InputError, match="did you mean fault"):
        source(mesh, **{**given, "surface": "falt"})
    with pytest.raises(InputError, match="no triangles"):
        source(replace(mesh, surfaces={"fault": far[:0]}), **given)


def test_branching_and_closed_surfaces_are_refused() -> None:
    mesh = cut_box()
    facets = mesh.surfaces["fault"]
    inner = facets[np.isin(facets, facets[0]).sum(axis=1) == 3][0]
    tet = next(t for t in mesh.tets if np.isin(inner, t).all())
    others = [f for f in (np.delete(tet, i) for i in range(4)) if not np.isin(f, inner).all()]
    branch = np.concatenate([facets, np.array(others[:1], dtype=np.int32)])
    with pytest.raises(InputError, match="meet in an edge"):
        source(
            replace(mesh, surfaces={"fault": branch}),
            surface="fault",
            hanging_side="east",
            slip=slip(strike=1.0),
        )
    closed = np.array([np.delete(tet, i) for i in range(4)], dtype=np.int32)
    with pytest.raises(InputError, match="closes on itself"):
        source(replace(mesh, surfaces={"fault": closed}), surface="fault", slip=slip(strike=1.0))


def test_single_triangle_cannot_slip() -> None:
    mesh = cut_box()
    one = replace(mesh, surfaces={"fault": mesh.surfaces["fault"][:1]})
    with pytest.raises(InputError, match="only buried edges"):
        source(one, surface="fault", hanging_side="east", slip=slip(strike=1.0))


def test_taper_falls_to_zero_at_buried_edges_only() -> None:
    mesh = cut_box(z=(-8 * KM, 0.0))
    given = slip(strike=1.0, taper=4 * KM)
    found = source(mesh, surface="fault", hanging_side="east", slip=given)
    assert found.offset is not None
    for key, jump in jumps(mesh, found).items():
        x = mesh.points[list(key)].mean(axis=0)
        distance = min(4 * KM - abs(x[1]), x[2] + 8 * KM)
        assert jump[1] == pytest.approx(min(1.0, distance / (4 * KM)), abs=1e-12)


def test_slip_by_formula_is_taken_at_each_node() -> None:
    mesh = cut_box()
    formula = Expression("(4*km - abs(along))*down*(8*km - down)/km**3", ("along", "down"))
    found = source(mesh, surface="fault", hanging_side="east", slip=slip(dip=formula))
    keys = jumps(mesh, found)
    assert len(keys) > 20
    for key, jump in keys.items():
        y, down = mesh.points[list(key)].mean(axis=0)[1:] * (1, -1) - (0, 4 * KM)
        expected = (4 * KM - abs(y)) * down * (8 * KM - down) / KM**3
        assert jump[2] == pytest.approx(expected, abs=1e-9)


def test_slip_that_is_not_finite_is_refused() -> None:
    given = slip(dip=lambda x, y, z: np.where(y > 0, np.nan, 1.0))
    with pytest.raises(InputError, match=r"faults\.main\.slip"):
        source(cut_box(), surface="fault", hanging_side="east", slip=given)


def test_table_of_slip_is_linear_between_points_and_nearest_outside(tmp_path) -> None:
    y, z = np.meshgrid([-2.0, 0.0, 2.0], [-10.0, -8.0, -6.0])
    rows = "\n".join(
        f"0.3, {a}, {b}, {0.5 * a}, {b}" for a, b in zip(y.ravel(), z.ravel(), strict=True)
    )
    (tmp_path / "slip.csv").write_text(f"x_km,y_km,z_km,strike,dip\n{rows}\n")
    mesh = cut_box()
    found = source(
        mesh, directory=tmp_path, surface="fault", hanging_side="east", slip=slip(file="slip.csv")
    )
    for key, jump in jumps(mesh, found).items():
        _, a, b = mesh.points[list(key)].mean(axis=0) / KM
        if len(key) == 1:
            expected = (np.clip(a, -2, 2) * 0.5, np.clip(b, -10, -6))
            np.testing.assert_allclose(jump[1:], expected, atol=1e-9)


@pytest.mark.parametrize(("strike", "up"), [(0.0, 1.0), (180.0, -1.0)])
def test_rectangle_that_the_box_was_cut_along_is_split(strike, up) -> None:
    """Its hanging wall is right of its strike: east of a northward one, west of a southward one."""
    mesh = cut_box()
    mesh = replace(mesh, source="box", surfaces={"main": mesh.surfaces["fault"]})
    at = SimpleNamespace(
        top_center=(0.0, 0.0, -4 * KM), length=8 * KM, width=8 * KM, strike=strike, dip=90.0
    )
    found = source(mesh, rectangle=at, slip=slip(strike=1.0, dip=0.5))
    assert not found.crossed
    of_vertex = [v for k, v in jumps(mesh, found).items() if len(k) == 1]
    np.testing.assert_allclose(of_vertex, np.tile((0, 1.0, up * 0.5), (9, 1)), atol=1e-12)
