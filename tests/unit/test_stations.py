"""Stations are sampled inside their element: displacement with the fault's jump, velocity alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from femcrust.case import load_case
from femcrust.discretisation import discretise
from femcrust.model import build_model
from femcrust.outputs.los import to_true_north
from femcrust.stations import case_stations, samples_in, stations_of
from tiny_case import CASE, STATIONS


@pytest.fixture
def sampled(tmp_path):
    """velocity -> what is sampled of it at the stations, placed by degrees where `angle` is one."""
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "stations.csv").write_text(STATIONS)
    case = load_case(tmp_path / "case.yaml")
    model = build_model(case)
    space = discretise(model.mesh)
    placed = case_stations(case, model)
    stress = np.zeros((model.mesh.n_tets, 4, 6))

    def sample(field, angle=None):
        velocity = None if field is None else field(space.nodes)
        here = placed
        if angle is not None:
            turned = {"lonlat": np.zeros((2, 2)), "convergence": np.full(2, angle)}
            here = replace(placed, listed=replace(placed.listed, **turned))
        u = np.zeros_like(space.nodes)
        samples = samples_in(here.tets, space, model.sources, u, stress, velocity)
        return stations_of(here, model.sources, samples)

    return sample


def quadratic(points):
    x, y, z = points.T / 1e4
    return 1e-9 * np.stack([x * y, y**2 - z, x + 2.0], axis=1)


def test_velocity_is_that_of_the_quadratic_field(sampled):
    stations = sampled(quadratic)
    np.testing.assert_allclose(stations.velocity, quadratic(stations.xyz), rtol=1e-10, atol=1e-22)
    assert not stations.displacement.any()


def test_velocity_turns_to_true_north_as_the_displacement_does(sampled):
    stations = sampled(quadratic, angle=0.2)
    expected = to_true_north(quadratic(stations.xyz), np.full(2, 0.2))
    np.testing.assert_allclose(stations.velocity, expected, rtol=1e-10, atol=1e-22)


def test_run_without_time_has_none(sampled):
    assert sampled(None).velocity is None
