"""Strain from the displacement: exact, and where nothing relaxes that of the stress."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from femcrust.case import load_case
from femcrust.outputs.coulomb import strain_from_stress
from femcrust.outputs.strain import mean_strain
from femcrust.outputs.vtu import fields_for_vtu
from femcrust.run import run
from tiny_case import CASE, STATIONS
from unit.synthetic_series import synthetic_series

SPLIT = (
    ("strike: 30 deg, dip: 70 deg", "strike: 0 deg, dip: 90 deg"),
    ("far: 20 km}\n", "far: 20 km}\n    fault_planes: [main]\n"),
)


def test_strain_is_that_of_the_displacement_though_stress_has_relaxed():
    result = synthetic_series(3, years=[50.0])[0]
    shear = np.array([[1e-4, 3e-5, 0.0], [-1e-5, -2e-5, 6e-5], [0.0, 2e-5, 4e-5]])  # du_i/dx_j
    u = result.nodes @ shear.T
    strain = fields_for_vtu(replace(result, displacement=u, sources=[])).cell_data["strain"]
    xx_yy_zz_xy_yz_xz = [1e-4, -2e-5, 4e-5, 1e-5, 4e-5, 0.0]
    np.testing.assert_allclose(strain, np.tile(xx_yy_zz_xy_yz_xz, (len(strain), 1)), atol=1e-16)


def test_the_rate_of_strain_is_that_of_the_velocity():
    result = synthetic_series(3, years=[50.0])[0]
    case = result.case
    shear = np.array([[1e-12, 3e-13, 0.0], [-1e-13, -2e-13, 6e-13], [0.0, 2e-13, 4e-13]])
    fields = SimpleNamespace(**(vars(case.output) | {"fields": ("strain_rate",)}))
    asked = SimpleNamespace(**(vars(case) | {"output": fields}))
    moving = replace(result, case=asked, velocity=result.nodes @ shear.T)
    rate = fields_for_vtu(moving).cell_data["strain_rate"]
    np.testing.assert_allclose(
        rate, np.tile([1e-12, -2e-13, 4e-13, 1e-13, 4e-13, 0.0], (len(rate), 1)), atol=1e-24
    )
    assert "strain_rate" not in fields_for_vtu(replace(moving, velocity=None)).cell_data


def test_mean_strain_of_a_quadratic_field_is_exact_and_slip_is_no_strain():
    result = synthetic_series(3, years=[50.0])[0]
    x, y, z = result.nodes.T
    u = np.stack([x * y, z**2, x * z], axis=1) * 1e-9
    source = SimpleNamespace(elements=np.array([5]), eigenstrain=np.full((1, 4, 6), 2e-5))
    strain = mean_strain(replace(result, displacement=u, sources=[source]))
    x, y, z = result.nodes[result.elements[:, :4]].mean(axis=1).T
    zero = 0.0 * x
    expected = np.stack([y, zero, x, x / 2.0, z / 2.0, z], axis=1) * 1e-9
    expected[5] -= 2e-5
    np.testing.assert_allclose(strain, expected, atol=1e-15)


@pytest.mark.parametrize("split", [False, True])
def test_strain_of_an_elastic_run_is_that_of_its_stress(tmp_path, split):
    text = CASE
    for old, new in SPLIT if split else ():
        text = text.replace(old, new)
    (tmp_path / "case.yaml").write_text(text)
    (tmp_path / "stations.csv").write_text(STATIONS)
    result = run(load_case(tmp_path / "case.yaml"))
    assert (result.sources[0].offset is not None) == split
    expected = strain_from_stress(result.stress.mean(axis=1), result.elastic.lam, result.elastic.mu)
    strain = mean_strain(result)
    touched = result.sources[0].elements
    np.testing.assert_allclose(strain, expected, atol=1e-10 * np.abs(expected).max())
    without = mean_strain(replace(result, sources=[]))
    assert np.abs(without - expected)[touched].max() > 0.1 * np.abs(expected).max()
