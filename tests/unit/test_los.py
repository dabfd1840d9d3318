"""Line of sight: positive toward the satellite, in true east and north."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.outputs.los import (
    checked_unit,
    line_of_sight,
    los_unit,
    los_vectors,
    to_grid_north,
    to_true_north,
)

angles = st.floats(-360.0, 360.0)


def test_uplift_comes_nearer_by_the_cosine_of_incidence():
    up = np.array([0.0, 0.0, 1.0])
    assert line_of_sight(up, los_unit(-13.0, 39.0)) == pytest.approx(np.cos(np.radians(39.0)))


def test_ascending_right_looking_radar_sees_westward_motion_as_approach():
    # flying north, looking east: the satellite is to the west
    west = np.array([-1.0, 0.0, 0.0])
    assert line_of_sight(west, los_unit(0.0, 30.0)) == pytest.approx(0.5)


def test_descending_right_looking_radar_sees_eastward_motion_as_approach():
    east = np.array([1.0, 0.0, 0.0])
    assert line_of_sight(east, los_unit(180.0, 30.0)) == pytest.approx(0.5)


@given(angles, st.floats(0.0, 90.0))
def test_look_vector_is_a_unit_vector_square_to_the_flight(heading, incidence):
    unit = los_unit(heading, incidence)
    flight = np.array([np.sin(np.radians(heading)), np.cos(np.radians(heading)), 0.0])
    assert np.linalg.norm(unit) == pytest.approx(1.0)
    assert unit @ flight == pytest.approx(0.0, abs=1e-12)
    assert unit[2] >= 0.0  # the satellite is above


def test_both_ways_of_giving_a_track_agree():
    unit = los_unit(-167.0, 41.0)
    views = {
        "angles": SimpleNamespace(unit=None, heading=-167.0, incidence=41.0),
        "vector": SimpleNamespace(unit=list(np.round(unit, 3)), heading=None, incidence=None),
    }
    vectors = los_vectors(views)
    # three digits of the vector: half a unit in the third place on each component
    np.testing.assert_allclose(vectors["angles"], vectors["vector"], atol=2e-3)


@pytest.mark.parametrize("vector", [[0.0, 0.0, 2.0], [0.6, 0.1], [np.nan, 0.0, 1.0], [0, 0, 0]])
def test_no_unit_vector_is_refused_by_name(vector):
    with pytest.raises(InputError, match=r"output\.los\.t1\.unit.*length"):
        checked_unit(vector, "output.los.t1.unit")


@pytest.mark.parametrize(("heading", "incidence"), [(0.0, 91.0), (np.nan, 30.0), (0.0, np.nan)])
def test_impossible_look_angles_are_refused(heading, incidence):
    with pytest.raises(InputError, match="incidence is 0 to 90"):
        los_unit(heading, incidence)


def test_grid_north_east_of_true_north_turns_vectors_clockwise():
    grid_north = np.array([[0.0, 1.0, 0.3]])
    turned = to_true_north(grid_north, np.array([np.radians(2.0)]))
    azimuth = np.degrees(np.arctan2(turned[0, 0], turned[0, 1]))
    assert azimuth == pytest.approx(2.0)
    assert turned[0, 2] == 0.3


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3), st.floats(-0.2, 0.2))
def test_turning_back_and_forth_is_the_identity(vector, angle):
    there = to_true_north(np.array(vector), np.array(angle))
    np.testing.assert_allclose(to_grid_north(there, np.array(angle)), vector, atol=1e-13)
