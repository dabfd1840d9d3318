"""The element product against energies, rigid motion and an independent quadrature."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from femcrust import backends
from femcrust.discretisation import Discretisation, discretise
from small_meshes import split_cubes

EPS64, EPS32 = np.finfo(np.float64).eps, np.finfo(np.float32).eps


@pytest.fixture(scope="module")
def space() -> Discretisation:
    return discretise(split_cubes(5, size=(2.0, 1.0, 1.5), jiggle=0.25))


def body_of(space: Discretisation, lam: np.ndarray, mu: np.ndarray):
    return backends.select("cpu").Body(space.elements, space.nodes, lam, mu, space.n_vertices)


def random_moduli(n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(81173)
    return random.uniform(0.5, 40.0, n), random.uniform(0.5, 40.0, n)


def energy(space: Discretisation, lam: float, mu: float, gradient: np.ndarray) -> float:
    n = len(space.elements)
    body = body_of(space, np.full(n, lam), np.full(n, mu))
    u = space.nodes @ gradient.T
    return 0.5 * float(np.sum(u * body.product(u)))


VOLUME = 3.0


@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (2, 0)])
def test_simple_shear_stores_half_mu_g_squared_per_volume(space, axes) -> None:
    gradient = np.zeros((3, 3))
    gradient[axes] = 0.7
    # exact polynomial: only rounding of ~1e4 sums remains
    assert energy(space, 3.0, 5.0, gradient) == pytest.approx(
        0.5 * 5.0 * 0.49 * VOLUME, rel=1e4 * EPS64
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_uniaxial_strain_stores_half_p_wave_modulus(space, axis) -> None:
    gradient = np.zeros((3, 3))
    gradient[axis, axis] = 0.3
    assert energy(space, 3.0, 5.0, gradient) == pytest.approx(
        0.5 * (3.0 + 2 * 5.0) * 0.09 * VOLUME, rel=1e4 * EPS64
    )


def test_rigid_motions_give_no_force(space) -> None:
    body = body_of(space, *random_moduli(len(space.elements)))
    scale = np.abs(body.product(np.random.default_rng(5511).normal(size=space.nodes.shape))).max()
    for k in range(6):
        u = np.zeros_like(space.nodes)
        if k < 3:
            u[:, k] = 1.0
        else:
            u = np.cross(np.eye(3)[k - 3], space.nodes)
        assert np.abs(body.product(u)).max() <= 100 * EPS64 * scale


def test_operator_is_symmetric(space) -> None:
    body = body_of(space, *random_moduli(len(space.elements)))
    random = np.random.default_rng(96001)
    u, v = random.normal(size=(2, *space.nodes.shape))
    uv, vu = np.sum(u * body.product(v)), np.sum(v * body.product(u))
    assert abs(uv - vu) <= 1e3 * EPS64 * np.sum(np.abs(u * body.product(v)))


def quadrature_product(space: Discretisation, lam, mu, u) -> np.ndarray:
    """∫ Bᵀ D B u by textbook shape functions at the four Gauss points of degree 2."""
    a, b = 0.58541019662496852, 0.13819660112501048
    edges = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
    f = np.zeros_like(u)
    for e, nodes in enumerate(space.elements):
        x = space.nodes[nodes[:4]]
        matrix = np.concatenate([np.ones((4, 1)), x], axis=1)
        gradients = np.linalg.inv(matrix)[1:].T  # ∇L_i
        volume = abs(np.linalg.det(matrix)) / 6
        for point in range(4):
            bary = np.full(4, b)
            bary[point] = a
            dn = np.empty((10, 3))
            for i in range(4):
                dn[i] = (4 * bary[i] - 1) * gradients[i]
            for k, (i, j) in enumerate(edges, start=4):
                dn[k] = 4 * (bary[i] * gradients[j] + bary[j] * gradients[i])
            h = u[nodes].T @ dn
            strain = (h + h.T) / 2
            sigma = lam[e] * np.trace(strain) * np.eye(3) + 2 * mu[e] * strain
            np.add.at(f, nodes, volume / 4 * dn @ sigma)
    return f


def test_product_equals_independent_quadrature(space) -> None:
    lam, mu = random_moduli(len(space.elements))
    u = np.random.default_rng(4242117).normal(size=space.nodes.shape)
    expected = quadrature_product(space, lam, mu, u)
    got = body_of(space, lam, mu).product(u)
    assert np.abs(got - expected).max() <= 1e3 * EPS64 * np.abs(expected).max()
    swapped = quadrature_product(space, mu, lam, u)  # planted: the moduli change places
    assert np.abs(got - swapped).max() > 0.01 * np.abs(expected).max()


def test_single_precision_product_is_accurate_to_its_rounding(space) -> None:
    body = body_of(space, *random_moduli(len(space.elements)))
    u = np.random.default_rng(68113).normal(size=space.nodes.shape)
    exact = body.product(u)
    rounded = body.product(u.astype(np.float32))
    assert rounded.dtype == np.float32
    assert np.abs(rounded - exact).max() <= 50 * EPS32 * np.abs(exact).max()


@pytest.mark.parametrize("columns", [4, 8, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_of_a_batch_equal_single_products(space, columns, dtype) -> None:
    body = body_of(space, *random_moduli(len(space.elements)))
    u = np.random.default_rng(77003).normal(size=(*space.nodes.shape, columns)).astype(dtype)
    together = body.product(u)
    for k in range(columns):
        alone = body.product(np.ascontiguousarray(u[:, :, k]))
        bound = 50 * np.finfo(dtype).eps * np.abs(alone).max()
        assert np.abs(together[:, :, k] - alone).max() <= bound


def test_body_of_other_shapes_is_refused(space) -> None:
    n = len(space.elements)
    good = (space.elements, space.nodes, np.ones(n), np.ones(n), space.n_vertices)
    core = backends.select("cpu")
    for k, wrong in ((0, space.elements[:, :4]), (2, np.ones(n - 1)), (4, 0)):
        arguments = [*good[:k], wrong, *good[k + 1 :]]
        with pytest.raises(ValueError, match=r"shape|outside"):
            core.Body(*arguments)
    with pytest.raises(ValueError, match="1, 4, 8 or 16"):
        core.Body(*good).product(np.zeros((space.n_nodes, 3, 5)))


def test_linear_level_is_the_galerkin_product(space) -> None:
    """K_1 = Pᵀ K_2 P with P the linear interpolation to mid-edge nodes."""
    body = body_of(space, *random_moduli(len(space.elements)))
    begin, columns, blocks = body.assemble_p1()
    coarse = np.random.default_rng(31337113).normal(size=(space.n_vertices, 3))
    fine = np.concatenate([coarse, coarse[space.edges].mean(axis=1)])
    f = body.product(fine)
    expected = f[: space.n_vertices].copy()
    for end in (0, 1):
        np.add.at(expected, space.edges[:, end], 0.5 * f[space.n_vertices :])
    rows = np.repeat(np.arange(space.n_vertices), np.diff(begin))
    got = np.zeros_like(coarse)
    np.add.at(got, rows, np.einsum("kij,kj->ki", blocks, coarse[columns]))
    assert np.abs(got - expected).max() <= 1e3 * EPS64 * np.abs(expected).max()


def test_forces_of_the_stress_of_u_are_k_u(space) -> None:
    lam, mu = random_moduli(len(space.elements))
    body = body_of(space, lam, mu)
    u = np.random.default_rng(5150911).normal(size=space.nodes.shape)
    every = np.arange(len(space.elements), dtype=np.int32)
    stress = 2 * mu[:, None, None] * body.strain(every, u)
    trace = stress[..., :3].sum(axis=-1) / (2 * mu[:, None])
    stress[..., :3] += (lam[:, None] * trace)[..., None]
    expected = body.product(u)
    got = body.stress_divergence(every, stress)
    assert np.abs(got - expected).max() <= 1e3 * EPS64 * np.abs(expected).max()


PRODUCT_DIGEST = """
import hashlib, sys
import numpy as np
sys.path.insert(0, {tests!r})
from femcrust import backends
from femcrust.discretisation import discretise
from femcrust.mesh.quality import smallest_dihedrals
from small_meshes import split_cubes
space = discretise(split_cubes(9, jiggle=0.2))
random = np.random.default_rng(1009)
lam, mu = random.uniform(1, 9, (2, len(space.elements)))
body = backends.select("cpu").Body(space.elements, space.nodes, lam, mu, space.n_vertices)
y = body.product(random.normal(size=space.nodes.shape))
print(hashlib.sha256(y.tobytes()).hexdigest(), repr(float(np.abs(y).sum())))
"""


def product_digest(**environment: str) -> tuple[str, float]:
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        [sys.executable, "-c", PRODUCT_DIGEST.format(tests=tests)],
        env={**os.environ, **environment},
        cwd=tests,  # not the source tree, whose package is not built
        capture_output=True,
        text=True,
        check=True,
    )
    digest, total = done.stdout.split()
    return digest, float(total)


def test_product_is_the_same_to_the_bit_on_one_and_two_threads() -> None:
    assert product_digest(OMP_NUM_THREADS="1") == product_digest(OMP_NUM_THREADS="2")


def test_instruction_sets_agree_to_rounding() -> None:
    _, best = product_digest()
    _, plain = product_digest(FEMCRUST_ISA="v2")
    assert plain == pytest.approx(best, rel=100 * EPS64)
