"""The built-in box mesher: exact volumes and areas, no gaps, good shapes, the asked-for sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femcrust.errors import InputError
from femcrust.mesh.box import BoxSpec, FaultPlane, box_mesh
from femcrust.mesh.mesh import Floats, Ints, Mesh, tet_volumes
from femcrust.mesh.sizes import distance, wanted_size

KM = 1e3
FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))  # outward, opposite to each vertex
EXACT = 1e-12  # relative; sums of at most 1e5 terms rounded at 1e-16
ON_PLANE = 1e-6  # m; coordinates are below 1e6 m, so their rounding is below 1e-9 m
GOOD_ANGLE = 20.0  # degrees; the smoother of the solver was tuned on such cells
SEED = 882_730_164


def rectangle(low: tuple[float, ...], high: tuple[float, ...]) -> Floats:
    """Corners, in cyclic order, of the rectangle along the axes with these extremes."""
    a, c = np.array(low), np.array(high)
    first, second = np.flatnonzero(a != c)
    b, d = a.copy(), a.copy()
    b[first], d[second] = c[first], c[second]
    return np.array([a, b, c, d])


MAIN = rectangle((0.0, -35 * KM, -16 * KM), (0.0, 35 * KM, 0.0))
# none of these numbers is a multiple of another
BURIED = rectangle((-21.3 * KM, 7.1 * KM, -17.9 * KM), (13.7 * KM, 7.1 * KM, -3.7 * KM))
SILL = rectangle((-9.1 * KM, -8.3 * KM, -11.3 * KM), (5.9 * KM, 6.1 * KM, -11.3 * KM))
# single points, so that only the balance of the octree grades the cells
SCATTER = np.random.default_rng(SEED).uniform(-1, 0, (20, 3)) * [90 * KM, 90 * KM, 90 * KM]

WIDE = BoxSpec(
    (-105 * KM, 105 * KM), (-105 * KM, 105 * KM), (-105 * KM, 0.0), 4 * KM, 20 * KM, at=(MAIN,)
)
ODD = BoxSpec(
    (-47.3 * KM, 52.9 * KM), (-38.1 * KM, 61.7 * KM), (-43.9 * KM, 0.0), 2.7 * KM, 13 * KM
)
SPECS = {
    "uniform": BoxSpec((0.0, 1.0), (0.0, 2.0), (-1.0, 0.0), 0.25, 0.25),
    "one cell": BoxSpec((0.0, 1.0), (0.0, 1.0), (-1.0, 0.0), 1.0, 1.0),
    "point": replace(WIDE, near=1.5 * KM, at=(np.array([[3.1 * KM, -2.2 * KM, -7.7 * KM]]),)),
    "steep": replace(WIDE, near=0.05 * KM, growth=20.0, at=(SCATTER,)),
    "surface fault": replace(WIDE, faults=(FaultPlane("main", MAIN),)),
    "layers": replace(WIDE, layers=(-16 * KM, -35 * KM)),
    "thin layer": replace(ODD, at=(BURIED,), layers=(-20.3 * KM, -19.2 * KM)),
    "crossing layers": replace(
        ODD, at=(BURIED,), layers=(-10.7 * KM, -31.1 * KM), faults=(FaultPlane("f", BURIED),)
    ),
    "sill": replace(ODD, at=(SILL,), layers=(-24.7 * KM,), faults=(FaultPlane("sill", SILL),)),
    "fault without target": replace(ODD, faults=(FaultPlane("f", BURIED),)),
    "two faults": replace(
        ODD, at=(BURIED, SILL), faults=(FaultPlane("f", BURIED), FaultPlane("sill", SILL))
    ),
}


@pytest.fixture(scope="module", params=SPECS, ids=lambda name: name.replace(" ", "-"))
def meshed(request: pytest.FixtureRequest) -> tuple[BoxSpec, Mesh]:
    spec = SPECS[request.param]
    return spec, box_mesh(spec)


def lone_faces(tets: Ints) -> Ints:
    """Faces of exactly one tetrahedron; fails if a face has more than two."""
    faces = np.sort(np.concatenate([tets[:, face] for face in FACES]), axis=1)
    unique, count = np.unique(faces, axis=0, return_counts=True)
    assert count.max() <= 2, "a face is shared by more than two tetrahedra"
    return np.asarray(unique[count == 1])


def check_conforming(spec: BoxSpec, points: Floats, tets: Ints) -> None:
    """Lone faces lie on the box's sides and cover these exactly."""
    ends = np.array([spec.x, spec.y, spec.z], dtype=np.float64)
    corners = points[lone_faces(tets)]
    sides = [
        (np.abs(corners[:, :, axis] - ends[axis, end]) == 0).all(axis=1)
        for axis in range(3)
        for end in (0, 1)
    ]
    assert np.any(sides, axis=0).all(), "an inner face has a tetrahedron on one side only"
    for i, side in enumerate(sides):
        across = np.delete(ends[:, 1] - ends[:, 0], i // 2)
        assert areas(corners[side]).sum() == pytest.approx(np.prod(across), rel=EXACT)


def areas(corners: Floats) -> Floats:
    """Areas, m², of triangles (n, 3, 3)."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(np.linalg.norm(normal, axis=1) / 2)


def dihedral_angles(mesh: Mesh) -> Floats:
    """The six angles between faces of each tetrahedron, degrees. (6, n_tets)"""
    corners = mesh.points[mesh.tets]
    normals = []
    for i, j, k in FACES:
        normal = np.cross(corners[:, j] - corners[:, i], corners[:, k] - corners[:, i])
        normals.append(normal / np.linalg.norm(normal, axis=1, keepdims=True))
    cosines = [-(normals[i] * normals[j]).sum(axis=1) for i in range(4) for j in range(i)]
    return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1, 1))))


def edge_ends(mesh: Mesh) -> tuple[Floats, Floats]:
    pairs = np.concatenate([mesh.tets[:, [i, j]] for i in range(4) for j in range(i)])
    return mesh.points[pairs[:, 0]], mesh.points[pairs[:, 1]]


def test_volumes_sum_to_the_box(meshed: tuple[BoxSpec, Mesh]) -> None:
    spec, mesh = meshed
    volumes = tet_volumes(mesh)
    assert volumes.min() > 0
    box = np.prod([high - low for low, high in (spec.x, spec.y, spec.z)])
    assert volumes.sum() == pytest.approx(box, rel=EXACT)


def test_no_gaps_and_no_hanging_nodes(meshed: tuple[BoxSpec, Mesh]) -> None:
    spec, mesh = meshed
    check_conforming(spec, mesh.points, mesh.tets)
    assert np.array_equal(np.unique(mesh.tets), np.arange(mesh.n_points))


def test_cells_are_well_shaped(meshed: tuple[BoxSpec, Mesh]) -> None:
    _, mesh = meshed
    assert dihedral_angles(mesh).min() >= GOOD_ANGLE


def test_cubes_give_45_degrees() -> None:
    point = np.array([[0.3, 0.4, -0.3]])
    mesh = box_mesh(BoxSpec((0, 1), (0, 1), (-1, 0), 1 / 32, 1 / 4, at=(point,)))
    # rounding of the coordinates, amplified by at most 1e3, is far below 1e-6 degrees
    assert dihedral_angles(mesh).min() == pytest.approx(45.0, abs=1e-6)


def test_layers_are_covered_by_faces(meshed: tuple[BoxSpec, Mesh]) -> None:
    spec, mesh = meshed
    faces = np.unique(
        np.sort(np.concatenate([mesh.tets[:, face] for face in FACES]), axis=1), axis=0
    )
    area = (spec.x[1] - spec.x[0]) * (spec.y[1] - spec.y[0])
    for z in spec.layers:
        on = (np.abs(mesh.points[faces][:, :, 2] - z) < ON_PLANE).all(axis=1)
        assert areas(mesh.points[faces[on]]).sum() == pytest.approx(area, rel=EXACT)


def test_layer_volumes_lie_between_their_planes(meshed: tuple[BoxSpec, Mesh]) -> None:
    spec, mesh = meshed
    if not spec.layers:
        assert mesh.volumes == {}
        return
    planes = [spec.z[1], *sorted(spec.layers, reverse=True), spec.z[0]]
    assert list(mesh.volumes) == [f"layer{i + 1}" for i in range(len(planes) - 1)]
    volumes = tet_volumes(mesh)
    for i, tets in enumerate(mesh.volumes.values()):
        z = mesh.points[mesh.tets[tets]][:, :, 2]
        assert z.max() <= planes[i] + ON_PLANE
        assert z.min() >= planes[i + 1] - ON_PLANE
        area = (spec.x[1] - spec.x[0]) * (spec.y[1] - spec.y[0])
        slab = area * (planes[i] - planes[i + 1])
        assert volumes[tets].sum() == pytest.approx(slab, rel=EXACT)


def test_faults_are_covered_exactly(meshed: tuple[BoxSpec, Mesh]) -> None:
    spec, mesh = meshed
    assert list(mesh.surfaces) == [fault.name for fault in spec.faults]
    inner = {tuple(face) for face in np.sort(mesh.tets[:, FACES].reshape(-1, 3), axis=1)}
    for fault in spec.faults:
        triangles = mesh.surfaces[fault.name]
        assert {tuple(face) for face in np.sort(triangles, axis=1)} <= inner
        corners = mesh.points[triangles]
        low, high = fault.corners.min(axis=0), fault.corners.max(axis=0)
        assert (corners >= low - ON_PLANE).all()
        assert (corners <= high + ON_PLANE).all()
        axis = int(np.argmin(high - low))
        extent = np.delete(high - low, axis)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        # signed sum: equal to the area only if all normals point along the positive axis
        assert normal[:, axis].sum() / 2 == pytest.approx(np.prod(extent), rel=EXACT)
        assert areas(corners).sum() == pytest.approx(np.prod(extent), rel=EXACT)


def test_edges_have_the_wanted_length(meshed: tuple[BoxSpec, Mesh]) -> None:
    spec, mesh = meshed
    start, end = edge_ends(mesh)
    length = np.linalg.norm(end - start, axis=1)
    separation = distance((start + end) / 2, spec.at)
    wanted = wanted_size(separation, spec.near, spec.far, spec.growth)
    assert (length / wanted).max() <= 2.0
    if spec.at and not spec.layers and spec.growth < 1:  # a thin layer may ask for smaller cells
        # halving leaves cells of 0.5 to 1 of the wanted size, 0.72 on average; their edges are
        # sides (1), half sides, half space diagonals (0.87) and a few face diagonals
        assert 0.5 <= np.mean(length / wanted) <= 0.7
        close = separation < 2 * spec.near
        assert np.median(length[close]) >= spec.near / 2


def test_same_input_gives_the_same_mesh() -> None:
    spec = SPECS["crossing layers"]
    one, two = box_mesh(spec), box_mesh(spec)
    assert np.array_equal(one.points, two.points)
    assert np.array_equal(one.tets, two.tets)
    assert np.array_equal(one.surfaces["f"], two.surfaces["f"])


def test_mirror_symmetric_input_gives_a_mirror_symmetric_fault() -> None:
    mesh = box_mesh(SPECS["surface fault"])
    triangles = mesh.points[mesh.surfaces["main"]]
    mirrored = triangles * [1.0, -1.0, 1.0]

    def centroids(corners: Floats) -> Floats:  # to the metre; triangles are kilometres wide
        return np.unique(np.round(corners.mean(axis=1)), axis=0)

    assert np.array_equal(centroids(triangles), centroids(mirrored))


def test_grading_saves_cells() -> None:
    graded = box_mesh(WIDE).n_tets
    everywhere = 12 * 210 * 210 * 105 / 4**3  # 12 tetrahedra per cube
    assert graded < everywhere / 10


def test_topography_moves_the_top_and_keeps_the_rest_whole() -> None:
    def ground(x: Floats, y: Floats) -> Floats:  # slopes up to 13 %
        return np.asarray(1500 * np.sin(x / (15 * KM)) * np.cos(y / (20 * KM)))

    flat = replace(WIDE, layers=(-40 * KM,), faults=(FaultPlane("main", MAIN),))
    level, draped = box_mesh(flat), box_mesh(replace(flat, topography=ground))
    assert tet_volumes(draped).min() > 0
    assert dihedral_angles(draped).min() >= GOOD_ANGLE
    assert len(lone_faces(draped.tets)) == len(lone_faces(level.tets))
    top = np.abs(level.points[np.unique(lone_faces(level.tets))][:, 2]) == 0
    assert top.any()
    faces = draped.points[lone_faces(draped.tets)]
    x, y, z = faces.reshape(-1, 3).T
    inside = (np.abs(x) < 105 * KM) & (np.abs(y) < 105 * KM) & (z > -52 * KM)
    assert np.allclose(z[inside], ground(x[inside], y[inside]), rtol=0, atol=ON_PLANE)
    # the fault that reached the flat top reaches the ground, along its full length
    trace = draped.points[np.unique(draped.surfaces["main"])]
    at_ground = np.abs(trace[:, 2] - ground(trace[:, 0], trace[:, 1])) < ON_PLANE
    assert np.ptp(trace[at_ground, 1]) == pytest.approx(70 * KM, rel=EXACT)
    # below ten times the relief nothing has moved
    deep = [np.unique(m.points[m.points[:, 2] <= -15 * KM], axis=0) for m in (level, draped)]
    assert len(deep[0]) > 1000
    assert np.array_equal(deep[0], deep[1])


@pytest.mark.parametrize("damage", ["dropped", "doubled", "moved", "swapped"])
def test_damage_is_seen_by_the_conformity_check(damage: str) -> None:
    spec = SPECS["uniform"]
    mesh = box_mesh(spec)
    check_conforming(spec, mesh.points, mesh.tets)
    rng = np.random.default_rng(SEED)
    inside = np.flatnonzero(~np.isin(mesh.tets, np.unique(lone_faces(mesh.tets))).any(axis=1))
    victim = int(rng.choice(inside if len(inside) else np.arange(mesh.n_tets)))
    points, tets = mesh.points.copy(), mesh.tets.copy()
    if damage == "dropped":
        tets = np.delete(tets, victim, axis=0)
    elif damage == "doubled":
        tets = np.concatenate([tets, tets[[victim]]])
    elif damage == "moved":  # a node of the boundary, off its side
        points[lone_faces(tets)[0, 0]] += 1e-3
    else:  # a vertex of one tetrahedron replaced by another of the mesh
        others = np.setdiff1d(np.arange(mesh.n_points), tets[victim])
        tets[victim, 0] = rng.choice(others)
    with pytest.raises(AssertionError):
        check_conforming(spec, points, tets)


def corners_of_a_dipping_fault() -> Floats:
    dipping = BURIED.copy()
    dipping[dipping[:, 2] < -10 * KM, 1] += 3 * KM
    return dipping


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x": (1.0, 1.0)}, r"mesh\.box\.x"),
        ({"z": (float("nan"), 0.0)}, r"mesh\.box\.z"),
        ({"near": 0.0}, r"mesh\.box\.size"),
        ({"near": 30 * KM}, r"near <= far"),
        ({"near": float("nan")}, r"mesh\.box\.size"),
        ({"near": 1.0, "far": 1.0}, r"raise"),
        ({"growth": -0.1}, r"growth"),
        ({"growth": float("nan")}, r"growth"),
        ({"layers": (16 * KM,)}, r"negative downwards"),
        ({"layers": (-10 * KM, -10.01 * KM)}, r"merge them"),
        ({"at": (np.array([[0.0, np.nan, 0.0]]),)}, r"mesh\.box\.at"),
        ({"faults": (FaultPlane("tilted", corners_of_a_dipping_fault()),)}, r"tilted is no rect"),
        ({"faults": (FaultPlane("far", MAIN + 200 * KM),)}, r"far leaves the box"),
        ({"faults": (FaultPlane("rim", MAIN - [105 * KM, 0, 0]),)}, r"rim lies on a side"),
        ({"topography": lambda x, y: np.where(x > 0, np.nan, 0.0)}, r"no height at x="),
        ({"topography": lambda x, y: 0 * x + 80 * KM}, r"deepen"),
    ],
)
def test_wrong_input_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        box_mesh(replace(WIDE, **change))  # type: ignore[arg-type]


def test_distance_to_a_rectangle_is_that_to_its_nearest_point() -> None:
    rng = np.random.default_rng(SEED)
    points = rng.uniform(-60 * KM, 60 * KM, (200, 3))
    s, t = np.meshgrid(np.linspace(0, 1, 281), np.linspace(0, 1, 65))
    along, down = BURIED[1] - BURIED[0], BURIED[3] - BURIED[0]
    dense = BURIED[0] + s.reshape(-1, 1) * along + t.reshape(-1, 1) * down
    exact = distance(points, (BURIED,))
    sampled = distance(points, (dense,))
    assert (exact <= sampled + ON_PLANE).all()
    # the sampling is 125 by 222 m, so its nearest point is at most half a diagonal farther
    assert (sampled - exact).max() < np.hypot(125, 222) / 2
