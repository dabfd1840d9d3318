"""Infinite elements and springs against quadrature that differentiates the displacement itself."""

from __future__ import annotations

import numpy as np
import pytest

from femcrust import backends
from femcrust.operators import surface

CORNERS = np.array([[[3.0, 1.0, -2.0], [4.0, 3.5, -1.0], [2.5, 2.0, -4.0]]])
POLE = np.array([0.3, -0.2, 0.1])


def interpolation() -> np.ndarray:
    """P2 values of a linear function on a face. (6, 3)"""
    half = 0.5 * np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    return np.concatenate([np.eye(3), half])


def energy_by_quadrature(nodal: np.ndarray, exponent: float, lam: float, mu: float) -> float:
    """½ ∫ σ:ε over the wedge: Gauss points in 1/s and a collapsed square, ∇u by complex steps."""
    x, w = np.polynomial.legendre.leggauss(12)
    x, w = (x + 1) / 2, w / 2
    rays = (CORNERS[0] - POLE).T  # columns X_i − x₀
    inverse = np.linalg.inv(rays)

    def displacement(point: np.ndarray) -> np.ndarray:
        weights = inverse @ (point - POLE)
        s = weights.sum()
        bary = weights / s
        shape = [bary[i] * (2 * bary[i] - 1) for i in range(3)]
        shape += [4 * bary[i] * bary[j] for i, j in ((0, 1), (1, 2), (0, 2))]
        return np.array(shape) @ nodal * s ** (-exponent)

    total = 0.0
    for t, wt in zip(x, w, strict=True):  # s = 1/t, ds = dt/t²
        for a, wa in zip(x, w, strict=True):
            for b, wb in zip(x, w, strict=True):
                bary = np.array([a, (1 - a) * b, (1 - a) * (1 - b)])
                point = POLE + (rays @ bary) / t
                gradient = np.empty((3, 3))
                for k in range(3):
                    step = np.zeros(3, dtype=complex)
                    step[k] = 1e-30j
                    gradient[:, k] = displacement(point + step).imag / 1e-30
                strain = (gradient + gradient.T) / 2
                density = 0.5 * lam * np.trace(strain) ** 2 + mu * np.sum(strain**2)
                volume = abs(np.linalg.det(rays)) * t**-2 * (1 - a) * t**-2
                total += wt * wa * wb * volume * density
    return total


@pytest.mark.parametrize("exponent", [1, 2])
def test_infinite_element_stores_the_energy_of_its_displacement(exponent) -> None:
    nodal = np.random.default_rng(60913).normal(size=(6, 3))
    blocks = surface.infinite_blocks(CORNERS, POLE, exponent, np.array([3.0]), np.array([2.0]))[0]
    got = 0.5 * np.einsum("ac,abcd,bd->", nodal, blocks, nodal)
    expected = energy_by_quadrature(nodal, exponent, 3.0, 2.0)
    assert got == pytest.approx(expected, rel=1e-11)  # Gauss points resolve polynomials in 1/s, L
    other = energy_by_quadrature(nodal, 3 - exponent, 3.0, 2.0)  # planted: the wrong exponent
    assert abs(got - other) > 0.05 * expected


@pytest.mark.parametrize("exponent", [1, 2])
def test_linear_infinite_element_is_the_galerkin_product(exponent) -> None:
    moduli = (np.array([3.0]), np.array([2.0]))
    fine = surface.infinite_blocks(CORNERS, POLE, exponent, *moduli)[0]
    coarse = surface.infinite_blocks(CORNERS, POLE, exponent, *moduli, linear=True)[0]
    p = interpolation()
    assert np.einsum("ai,abcd,bj->ijcd", p, fine, p) == pytest.approx(coarse, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("linear", [False, True])
def test_infinite_element_resists_every_motion(linear) -> None:
    """Symmetric positive definite: even a translation costs energy, for it must die out."""
    blocks = surface.infinite_blocks(CORNERS, POLE, 2, np.array([3.0]), np.array([2.0]), linear)[0]
    n = len(blocks)
    matrix = blocks.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)
    assert np.abs(matrix - matrix.T).max() <= 1e-14 * np.abs(matrix).max()
    assert np.linalg.eigvalsh(matrix).min() > 1e-4 * np.linalg.eigvalsh(matrix).max()


def test_springs_push_back_along_their_normal() -> None:
    corners = np.array([[[0.0, 0, 0], [2.0, 0, 0], [0, 3.0, 0]]])
    blocks = surface.spring_blocks(corners, np.array([7.0]), np.array([5.0]))[0]
    lift = np.tile([0.0, 0.0, 1.0], (6, 1))
    slide = np.tile([1.0, 0.0, 0.0], (6, 1))
    assert np.einsum("ac,abcd,bd->", lift, blocks, lift) == pytest.approx(7.0 * 3.0)
    assert np.einsum("ac,abcd,bd->", slide, blocks, slide) == pytest.approx(5.0 * 3.0)


def test_assembly_adds_faces_that_share_nodes() -> None:
    blocks = np.random.default_rng(4099).normal(size=(2, 3, 3, 3, 3))
    faces = np.array([[0, 4, 2], [4, 2, 7]], dtype=np.int32)
    rows = surface.assemble([faces], [blocks], backends.select())
    dense = np.zeros((9, 9, 3, 3))
    for face, block in zip(faces, blocks, strict=True):
        for i, a in enumerate(face):
            for j, b in enumerate(face):
                dense[a, b] += block[i, j]
    got = np.zeros_like(dense)
    for k, row in enumerate(rows.rows):
        for entry in range(rows.begin[k], rows.begin[k + 1]):
            got[row, rows.columns[entry]] = rows.blocks[entry]
    assert got == pytest.approx(dense, abs=1e-14)
