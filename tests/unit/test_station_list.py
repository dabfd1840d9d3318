"""Stations files: every mistake is one line with file and line number, never a traceback."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.projection import convergence, convergence_at, project
from femcrust.station_list import read_station_list

UTM = "EPSG:32654"  # zone 54 north: central meridian 141° E


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "gnss.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def test_metres_with_some_heights(write):
    stations = read_station_list(write("name,x,y,z\nA,1,2,-3\nB, 4e3 ,5,\n"))
    assert stations.names == ("A", "B")
    assert stations.x.tolist() == [1.0, 4000.0]
    assert stations.z[0] == -3.0
    assert np.isnan(stations.z[1])
    assert stations.lonlat is None


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffname,x_km,y_km\r\nA,1,2\r\n",
        "# made by hand\n\nY_km , Name, x_km\n2,A,1\n",
        'name,x_km,y_km\n"A",1,2\n\n',
    ],
)
def test_kilometres_marks_comments_and_quotes(write, text):
    stations = read_station_list(write(text))
    assert (stations.x[0], stations.y[0]) == (1e3, 2e3)


def test_columns_in_any_order_with_extra_ones(write):
    stations = read_station_list(write("# GNSS\nnetwork,Y,x,NAME\nGEONET,2,1,A\n"))
    assert (stations.names, stations.x[0], stations.y[0]) == (("A",), 1.0, 2.0)


def test_degrees_are_projected_and_know_their_north(write):
    text = "name,lon,lat,height\nA,141,38,20\nB,142,38,\nC,140,38,\n"
    stations = read_station_list(write(text), UTM)
    assert stations.x[0] == pytest.approx(5e5, abs=1e-3)  # false easting of the zone
    assert stations.z[0] == 20.0
    # transverse Mercator: tan γ = tan Δλ sin φ on the sphere; the ellipsoid differs by 1e-6
    expected = np.arctan(np.tan(np.radians([0.0, 1.0, -1.0])) * np.sin(np.radians(38.0)))
    np.testing.assert_allclose(stations.convergence, expected, atol=1e-5)


def test_convergence_agrees_with_the_projection_library():
    import pyproj

    lonlat = np.array([[139.2, 35.5], [143.0, 41.0], [141.0, 10.0]])
    factors = pyproj.Proj(UTM).get_factors(lonlat[:, 0], lonlat[:, 1])
    expected = np.radians(factors.meridian_convergence)
    np.testing.assert_allclose(convergence(UTM, lonlat), expected, atol=1e-8)
    xy = project(UTM, lonlat)
    np.testing.assert_allclose(convergence_at(UTM, xy), expected, atol=1e-8)
    assert convergence_at(None, xy).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,x,y\nA,1,2\nB,nan,2\n", r"gnss\.csv:3: x is 'nan'"),
        ("name,x,y\nA,1,inf\n", r":2: y is 'inf'"),
        ("name,x,y\nA,1,1e999\n", r":2: y is '1e999'"),
        ("name,x,y\nA,1_0,1\n", r":2: x is '1_0'"),
        ("name,x,y\nA,1,\n", r":2: y is empty"),
        ("name,x,y\nA,1,two\n", r":2: y is 'two'"),
        ("name,x,y,z\nA,1,2,NaN\n", r":2: z is 'NaN'"),
        ("name,x,y\nA,1,2\n\nA,3,4\n", r":4: name 'A' occurs on line 2"),
        ("name,x,y\n,1,2\n", r":2: the name is empty"),
        ("name,x,y\nA,1\n", r":2: 2 cells under 3 columns"),
        ("name,x,y\nA,1,2,3\n", r":2: 4 cells under 3 columns"),
        ("station,x,y\nA,1,2\n", r":1: the header is station,x,y; write name,x,y"),
        ("A,1,2\nB,3,4\n", r":1: the header"),
        ("name;x;y\nA;1;2\n", r"separated by commas"),
        ("name,x,y,x\nA,1,2,3\n", r"names a column twice"),
        ("name,x,y,lon,lat\nA,1,2,3,4\n", r"keep one of them"),
        ("name,x,y,depth\nA,1,2,3\n", r"depth as vertical position is unclear"),
        ("name,x,y,z,height\nA,1,2,3,4\n", r"z and height"),
        ("name,x,y\n", r"no stations"),
        ("", r":1: the header is empty"),
        (b"name,x,y\nA,1,2\n\xff\xfe,1,2\n", r":3: the file is not UTF-8"),
        ("name,lon,lat\nA,140,38\n", r":1: lon,lat need a projection; give case\.crs"),
    ],
)
def test_mistake_is_reported_with_its_line(write, text, message):
    with pytest.raises(InputError, match=message) as raised:
        read_station_list(write(text))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "crs", "message"),
    [
        ("name,lon,lat\nA,38,140\n", UTM, r":2: lon 38, lat 140 is no position"),
        ("name,lon,lat\nA,1,2\n", "EPSG:4326", "give a projected one"),
        ("name,lon,lat\nA,1,2\n", "nowhere", "no coordinate reference system"),
        ("name,lon,lat\nA,-120,40\n", "EPSG:2226", "give one in metres"),
        ("name,lon,lat\nA,51,0\nB,-129,0\n", UTM, r":2: 'A'.*cannot be projected"),
    ],
)
def test_projection_mistakes(write, text, crs, message):
    with pytest.raises(InputError, match=message):
        read_station_list(write(text), crs)


def test_missing_file_is_no_traceback(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(InputError, match=r"cannot be read"):
            read_station_list(path)


cells = st.one_of(
    st.floats().map(repr), st.text(max_size=6), st.sampled_from(["", "1", "a,b", '"'])
)
tables = st.lists(st.lists(cells, max_size=5).map(",".join), max_size=6).map("\n".join)


@given(
    st.one_of(
        st.binary(max_size=80), tables.map(lambda t: f"name,x,y,z\n{t}".encode("utf-8", "replace"))
    )
)
@example(b"name,x,y\n\x00,1,2")
@example(b'name,x,y\n"A,1,2')
@example(b"name,x,y\rA,1,2\r")
@example(b"name,x,y\nA,\xd9\xa1,2")
def test_any_bytes_give_stations_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "s.csv"
    path.write_bytes(content)
    message, stations = "", None
    try:
        stations = read_station_list(path)
    except InputError as error:
        message = str(error)
    if stations is None:
        assert message.startswith(str(path))
        assert "\n" not in message
        return
    count = len(stations.names)
    assert count == len(set(stations.names)) == len(stations.x) > 0
    assert np.isfinite(stations.x).all()
    assert np.isfinite(stations.y).all()
    assert not np.isinf(stations.z).any()
