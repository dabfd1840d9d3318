"""Coulomb stress change on receivers: frame, signs, and stresses with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.outputs.coulomb import bilinear, coulomb, receiver_frame, strain_from_stress

strikes = st.floats(0.0, 360.0)
dips = st.floats(0.0, 90.0)
rakes = st.floats(-180.0, 180.0)


def matrix(s):
    xx, yy, zz, xy, xz, yz = s
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


@given(strikes, dips, rakes)
def test_slip_lies_in_the_fault_and_the_normal_points_up(strike, dip, rake):
    normal, slip = receiver_frame(strike, dip, rake)
    assert np.linalg.norm(normal) == pytest.approx(1.0)
    assert np.linalg.norm(slip) == pytest.approx(1.0)
    assert normal @ slip == pytest.approx(0.0, abs=1e-12)
    assert normal[2] >= 0.0


def test_fault_dips_to_the_right_of_its_strike():
    normal, slip = receiver_frame(0.0, 30.0, 90.0)  # strikes north, dips east, thrust
    assert normal[0] > 0.0  # the hanging wall is to the east
    np.testing.assert_allclose(slip, [-np.cos(np.pi / 6), 0.0, 0.5], atol=1e-15)


def test_left_lateral_hanging_wall_moves_along_strike():
    _, slip = receiver_frame(30.0, 60.0, 0.0)
    np.testing.assert_allclose(slip, [0.5, np.cos(np.pi / 6), 0.0], atol=1e-15)


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), strikes, dips, rakes)
def test_agrees_with_the_stress_tensor_written_out(stress, strike, dip, rake):
    normal, slip = receiver_frame(strike, dip, rake)
    traction = matrix(stress) @ normal
    expected = traction @ slip + 0.6 * traction @ normal
    found = coulomb(np.array(stress), strike, dip, rake, friction=0.6)
    assert found == pytest.approx(expected, abs=1e-6)  # Pa, of 1e6: rounding of a dozen products


def test_simple_shear_promotes_left_lateral_slip_and_hinders_right_lateral():
    # east side dragged north: sigma_xy > 0
    shear = np.array([0.0, 0.0, 0.0, 1e5, 0.0, 0.0])
    assert coulomb(shear, 0.0, 90.0, 0.0) == pytest.approx(1e5)
    assert coulomb(shear, 0.0, 90.0, 180.0) == pytest.approx(-1e5)


def test_unclamping_counts_with_friction_only():
    pull = np.array([1e5, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert coulomb(pull, 0.0, 90.0, 0.0, friction=0.4) == pytest.approx(4e4)
    assert coulomb(pull, 0.0, 90.0, 0.0, friction=0.0) == pytest.approx(0.0)


def test_vertical_fault_is_the_same_from_either_side():
    stress = np.array([3e5, -1e5, 2e5, 4e4, -7e4, 5e4])
    there = coulomb(stress, 20.0, 90.0, 35.0)
    assert coulomb(stress, 200.0, 90.0, -35.0) == pytest.approx(there)


def test_optimum_for_right_lateral_slip_lies_between_compression_and_shear():
    # north-south compression; the best right-lateral plane strikes at 45° − φ/2, tan φ = μ'
    squeeze = np.array([0.0, -1e6, 0.0, 0.0, 0.0, 0.0])
    grid = np.arange(0.0, 180.0, 0.5)
    changes = [float(coulomb(squeeze, s, 90.0, 180.0, 0.4)) for s in grid]
    expected = 180.0 - (45.0 - np.degrees(np.arctan(0.4)) / 2.0)
    assert grid[np.argmax(changes)] == pytest.approx(expected, abs=0.5)


def test_many_points_at_once():
    stress = np.random.default_rng(550_317).normal(size=(5, 4, 6))
    every = coulomb(stress, 10.0, 50.0, 70.0)
    assert every.shape == (5, 4)
    assert every[2, 3] == pytest.approx(float(coulomb(stress[2, 3], 10.0, 50.0, 70.0)))


@pytest.mark.parametrize(("dip", "friction"), [(95.0, 0.4), (np.nan, 0.4), (45.0, 40.0)])
def test_impossible_receivers_are_refused(dip, friction):
    with pytest.raises(InputError, match="coulomb"):
        coulomb(np.zeros(6), 0.0, dip, 0.0, friction)


def test_strain_gives_back_its_stress():
    rng = np.random.default_rng(77_041)
    lam, mu = rng.uniform(1e10, 5e10, (2, 8))
    strain = rng.normal(0.0, 1e-6, (8, 6))
    stress = 2.0 * mu[:, None] * strain
    stress[:, :3] += (lam * strain[:, :3].sum(axis=1))[:, None]
    np.testing.assert_allclose(strain_from_stress(stress, lam, mu), strain, atol=1e-18)


def test_bilinear_form_uses_tensor_shear():
    x, y = np.eye(3)[:2]
    assert bilinear(np.array([0.0, 0.0, 0.0, 5.0, 0.0, 0.0]), x, y) == 5.0
