"""Faults inside elements: what is projected is exact, wherever the mesh cuts the fault."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.case.expressions import Expression
from femcrust.errors import InputError
from femcrust.faults import Source
from femcrust.faults.clip import sheet_points
from femcrust.faults.geometry import frames, slip_vectors, symmetric_dyad
from femcrust.mesh.locate import Locator
from femcrust.mesh.mesh import Floats, Mesh, tet_volumes
from small_meshes import split_cubes
from unit.small_faults import KM, LAM, MU, SIX, slip, source, total_eigenstrain, uniform

ROUNDING = 1e-9
MESH = split_cubes(7, (20 * KM, 20 * KM, 15 * KM), (-10 * KM, -10 * KM, -15 * KM), jiggle=0.25)
EVEN = split_cubes(8, (16 * KM, 16 * KM, 16 * KM), (-8 * KM, -8 * KM, -16 * KM))
LOCATOR = Locator(MESH)


def rectangle(**changes) -> SimpleNamespace:
    values = {"top_center": (500.0, 300.0, -3 * KM), "length": 8 * KM, "width": 5 * KM}
    return SimpleNamespace(**{**values, "strike": 30.0, "dip": 40.0, **changes})


def first_moment(mesh: Mesh, found: Source) -> Floats:
    """∫ x ε* dV, (3, 6): x is linear and so is ε*, so this uses the mass matrix V/20 (1 + δ)."""
    mass = (np.ones((4, 4)) + np.eye(4)) / 20.0
    x = mesh.points[mesh.tets[found.elements]]
    volume = tet_volumes(mesh)[found.elements]
    return np.einsum("m,mai,ab,mbc->ic", volume, x, mass, found.eigenstrain)


@given(
    strike=st.floats(0, 360),
    dip=st.floats(0, 90),
    x=st.floats(-2 * KM, 2 * KM),
    depth=st.floats(1 * KM, 4 * KM),
)
def test_eigenstrain_has_the_potency_and_its_first_moment(strike, dip, x, depth) -> None:
    """Linear fields see the projection as they see the slip itself."""
    at = rectangle(strike=strike, dip=dip, top_center=(x, 100.0, -depth))
    found = source(MESH, rectangle=at, slip=slip(strike=1.0, dip=-2.0, open=0.5))
    frame = frames(strike, dip)
    b = slip_vectors(np.array([1.0, -2.0, 0.5]), frame)
    potency = 40e6 * symmetric_dyad(b, frame[2])
    scale = np.abs(potency).max()
    np.testing.assert_allclose(total_eigenstrain(MESH, found), potency, atol=ROUNDING * scale)
    np.testing.assert_allclose(found.potency[SIX], potency, atol=ROUNDING * scale)
    center = np.array([x, 100.0, -depth]) - 2.5 * KM * frame[1]
    np.testing.assert_allclose(found.center, center, atol=1e-4)
    moment = first_moment(MESH, found)
    np.testing.assert_allclose(moment, np.outer(center, potency), atol=1e4 * ROUNDING * scale)
    assert found.crossed
    assert found.offset is None


def test_any_field_that_is_linear_in_elements_sees_the_slip() -> None:
    """Σ_e ∫ f ε* dV = ∫ f sym(b⊗n) dA, the right side by brute force on a fine grid."""
    f = np.random.default_rng(66102931).normal(size=MESH.n_points)
    at = rectangle()
    found = source(MESH, rectangle=at, slip=slip(strike=1.0))
    mass = (np.ones((4, 4)) + np.eye(4)) / 20.0
    volume = tet_volumes(MESH)[found.elements]
    nodal = f[MESH.tets[found.elements]]
    projected = np.einsum("m,ma,ab,mbc->c", volume, nodal, mass, found.eigenstrain)

    n = 400
    s = (np.arange(n) + 0.5) / n
    a, d = np.meshgrid((s - 0.5) * at.length, s * at.width)
    frame = frames(at.strike, at.dip)
    points = at.top_center + a.reshape(-1, 1) * frame[0] - d.reshape(-1, 1) * frame[1]
    tets, bary = LOCATOR.find(points)
    mean = np.einsum("ni,ni->n", bary, f[MESH.tets[tets]]).mean()
    expected = 40e6 * mean * symmetric_dyad(frame[0], frame[2])
    # The midpoint rule over kinks of f on a grid of 400: 1/400² of a unit, with room.
    np.testing.assert_allclose(projected, expected, atol=40e6 * 2e-5)


def test_moment_of_uniform_slip_is_mu_area_slip() -> None:
    found = source(MESH, rectangle=rectangle(), slip=slip(amount=2.0, rake=35.0))
    assert found.area == pytest.approx(40e6)
    assert found.moment == pytest.approx(MU * 40e6 * 2.0)
    assert found.magnitude == pytest.approx((np.log10(MU * 80e6) - 9.1) / 1.5)


def test_moment_uses_the_rock_that_is_crossed() -> None:
    elastic = uniform(EVEN)
    elastic.mu[EVEN.points[EVEN.tets, 2].mean(axis=1) < -6 * KM] = 3 * MU
    at = rectangle(dip=90.0, top_center=(300.0, 0.0, -4 * KM), width=4 * KM)
    found = source(EVEN, elastic, rectangle=at, slip=slip(dip=1.0))
    assert found.moment == pytest.approx(2 * MU * 32e6, rel=ROUNDING)


@pytest.mark.parametrize("dip", [90.0, 0.0, 45.0])
def test_fault_on_element_faces_belongs_to_both_sides(dip) -> None:
    """x = 0, z = −4 km and the diagonal through them are faces of the mesh."""
    at = rectangle(top_center=(0.0, 0.0, -4 * KM), strike=0.0, dip=dip, length=7 * KM)
    found = source(EVEN, rectangle=at, slip=slip(strike=1.0, open=0.1))
    frame = frames(0.0, dip)
    potency = 35e6 * symmetric_dyad(slip_vectors(np.array([1.0, 0.0, 0.1]), frame), frame[2])
    np.testing.assert_allclose(
        total_eigenstrain(EVEN, found), potency, atol=ROUNDING * np.abs(potency).max()
    )
    height = (EVEN.points[EVEN.tets[found.elements]].mean(axis=1) - at.top_center) @ frame[2]
    volume = tet_volumes(EVEN)[found.elements]
    of_element = np.einsum("m,mvc->mc", volume / 4.0, found.eigenstrain)
    upper = of_element[height > 0].sum(axis=0)
    if dip != 45.0:  # there the other diagonal of the cells is a face
        np.testing.assert_allclose(upper, potency / 2, atol=ROUNDING * np.abs(potency).max())


def test_fault_near_a_face_is_counted_once() -> None:
    """Distances around the tolerance of "on a face", 1e-9 of an element, must not lose area."""
    for distance in (0.0, 1e-9, 1e-7, 1e-6, 2e-6, 3e-6, 1e-5, 1e-3, 1.0):
        at = rectangle(top_center=(distance, 0.0, -4 * KM), strike=0.0, dip=90.0)
        found = source(EVEN, rectangle=at, slip=slip(strike=1.0))
        assert found.moment == pytest.approx(MU * 40e6, rel=1e-8), distance


def test_slip_by_formula_is_integrated_exactly() -> None:
    """A polynomial of degree three, on cells cut by the mesh: the rule has degree four."""
    formula = Expression("(4*km - along)*(5*km - down)*down/km**3", ("along", "down"))
    found = source(MESH, rectangle=rectangle(), slip=slip(dip=formula))
    expected = MU * 32.0 * (5 * 12.5 - 125 / 3) * KM**2
    assert found.moment == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize(
    ("top", "volume"),
    [
        # w ∫∫ min(1, d/t): frustum of height 1 over 8 x 5 km, t = 1 km; open at the ground or not
        (-3 * KM, 40.0 - 2 * (8 + 5) / 2 + 4 / 3),
        (0.0, 40.0 - (8 + 2 * 5) / 2 + 2 / 3),
    ],
)
def test_taper_is_a_roof_over_the_buried_edges(top, volume) -> None:
    at = rectangle(top_center=(500.0, 300.0, top))
    found = source(MESH, rectangle=at, slip=slip(strike=1.0, taper=1 * KM))
    assert found.moment == pytest.approx(MU * volume * KM**2, rel=2e-3)  # kinks in cells


def test_fault_above_ground_is_refused_with_the_height() -> None:
    at = rectangle(top_center=(0.0, 0.0, 250.0))
    with pytest.raises(InputError, match=r"faults\.main: .* up to 250 m above the ground"):
        source(MESH, rectangle=at, slip=slip(strike=1.0))


def test_fault_beyond_a_side_is_refused_with_the_distance() -> None:
    at = rectangle(top_center=(0.0, 0.0, -3 * KM), strike=90.0, length=26 * KM)
    with pytest.raises(InputError, match=r"up to 3000 m beyond the (east|west) side"):
        source(MESH, rectangle=at, slip=slip(strike=1.0))
    deep = rectangle(top_center=(0.0, 0.0, -14 * KM), dip=90.0)
    with pytest.raises(InputError, match=r"up to 4000 m beyond the bottom"):
        source(MESH, rectangle=deep, slip=slip(strike=1.0))
    away = rectangle(top_center=(500 * KM, 0.0, -4 * KM))
    with pytest.raises(InputError, match=r"100 % of its area"):
        source(MESH, rectangle=away, slip=slip(strike=1.0))


@pytest.mark.parametrize("change", [{"length": 0.0}, {"width": np.nan}, {"dip": 95.0}])
def test_impossible_rectangles_are_refused(change) -> None:
    with pytest.raises(InputError, match=r"faults\.main\.rectangle"):
        source(MESH, rectangle=rectangle(**change), slip=slip(strike=1.0))


def test_weights_of_a_triangle_sum_to_its_area_in_a_graded_mesh() -> None:
    stretch = MESH.points * np.array([1.0, 1.0, 1.0])
    stretch[:, 0] = np.sign(stretch[:, 0]) * np.abs(stretch[:, 0]) ** 1.6 / KM**0.6
    graded = Mesh(stretch, MESH.tets)
    corners = np.array([[[-9 * KM, -9 * KM, -1 * KM], [9 * KM, 0, -14 * KM], [-8 * KM, 9 * KM, 0]]])
    normal = np.cross(corners[0, 1] - corners[0, 0], corners[0, 2] - corners[0, 0])
    area = np.linalg.norm(normal) / 2
    points = sheet_points(graded, corners, np.array([3]), (normal / 2 / area)[None])
    assert points.weight.sum() == pytest.approx(area, rel=ROUNDING)
    inside = np.einsum("qv,qvi->qi", points.bary, graded.points[graded.tets[points.tet]])
    np.testing.assert_allclose(inside, points.x, atol=1e-6)
    assert points.bary.min() > -1e-9


# --- moment tensors at a point ---


def test_double_couple_is_the_limit_of_a_small_fault() -> None:
    moment = SimpleNamespace(M0=MU * 1e4 * 2.0, strike=30.0, dip=40.0, rake=70.0)
    center = MESH.points[MESH.tets[447]].mean(axis=0)
    point = source(MESH, point=SimpleNamespace(at=tuple(center)), moment=moment)
    top = center + 50.0 * frames(30.0, 40.0)[1]
    at = rectangle(top_center=tuple(top), length=100.0, width=100.0)
    small = source(MESH, rectangle=at, slip=slip(amount=2.0, rake=70.0))
    np.testing.assert_array_equal(point.elements, small.elements)
    np.testing.assert_allclose(point.potency, small.potency, atol=1e-4)
    np.testing.assert_allclose(
        point.eigenstrain, small.eigenstrain, atol=1e-9 * np.abs(small.eigenstrain).max()
    )
    assert point.moment == pytest.approx(small.moment)


def test_stress_of_the_eigenstrain_is_the_moment_tensor() -> None:
    """∫ C : ε* dV = m, trace included."""
    m = np.array([3.0, -1.0, 2.0, 0.5, 0.25, -4.0]) * 1e17
    names = ("mxx", "myy", "mzz", "mxy", "mxz", "myz")
    moment = SimpleNamespace(**dict(zip(names, m, strict=True)))
    found = source(MESH, point=SimpleNamespace(at=(0.0, 0.0, -4321.0)), moment=moment)
    potency = total_eigenstrain(MESH, found)
    stress = 2 * MU * potency
    stress[:3] += LAM * potency[:3].sum()
    np.testing.assert_allclose(stress, m, rtol=1e-9)
    full = np.array([[m[0], m[3], m[4]], [m[3], m[1], m[5]], [m[4], m[5], m[2]]])
    assert found.moment == pytest.approx(np.linalg.norm(full) / np.sqrt(2))


def test_point_outside_the_mesh_is_refused() -> None:
    moment = SimpleNamespace(Mw=6.0, strike=0.0, dip=90.0, rake=0.0)
    with pytest.raises(InputError, match=r"faults\.main\.point.*100 m above the ground"):
        source(MESH, point=SimpleNamespace(at=(0.0, 0.0, 100.0)), moment=moment)


def test_magnitude_of_a_point_source_is_the_given_one() -> None:
    moment = SimpleNamespace(Mw=6.3, strike=10.0, dip=80.0, rake=5.0)
    found = source(MESH, point=SimpleNamespace(at=(0.0, 0.0, -4 * KM)), moment=moment)
    assert found.magnitude == pytest.approx(6.3)


def test_two_kinds_or_none_are_refused() -> None:
    with pytest.raises(InputError, match=r"faults\.main: has none"):
        source(MESH, slip=slip(strike=1.0))
    with pytest.raises(InputError, match="rectangle and point"):
        source(MESH, rectangle=rectangle(), point=SimpleNamespace(at=(0, 0, 0)))
