"""Slip models from files: they arrive in model axes; garbage gets one line, no traceback."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.faults.csv_table import read_table
from femcrust.faults.fsp import read_fsp
from femcrust.faults.patches import projected, read_patches
from femcrust.faults.slip_table import read_slip_table
from femcrust.faults.triangles import read_triangles
from small_meshes import split_cubes
from unit.small_faults import KM, MU, source, written

EARTH = 6371e3
GARBAGE = settings(
    max_examples=int(os.environ.get("FEMCRUST_EXAMPLES", "200")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
BOX = split_cubes(8, (40 * KM, 40 * KM, 20 * KM), (-20 * KM, -20 * KM, -20 * KM))

FSP = """% Event : made up
% Mech : STRK = 20.0  DIP = 60.0  RAKE = 90.0  Htop = 2.0 km
% Invs : Dx = 9.00 km  Dz = 9.00 km
% SEGMENT # 1: STRIKE = 0.0 deg  DIP = 90.0 deg
%   LEN = 4.0 km  WID = 2.0 km
%   Dx = 4.00 km  Dz = 2.00 km
%   LAT  LON  X==EW  Y==NS  Z  SLIP  RAKE
  0.01 0.02 1.0 2.0 3.0 1.5 0.0
% SEGMENT # 2: STRIKE = 90.0 deg  DIP = 30.0 deg
%   LAT  LON  X==EW  Y==NS  Z  SLIP
  0.03 0.04 -1.0 -2.0 5.0 0.5
"""


def plate_carree(lon, lat):
    """Around (0, 0); the model's north is 10° clockwise of true north."""
    east, north = (np.radians(np.asarray(v)) * EARTH for v in (lon, lat))
    c, s = np.cos(np.radians(10.0)), np.sin(np.radians(10.0))
    return c * east - s * north, s * east + c * north


# --- tables of patches ---


def test_table_of_patches_becomes_one_source(tmp_path) -> None:
    text = (
        "x_km,y_km,z_km,length_km,width_km,strike,dip,rake,slip\n"
        "# a comment\n"
        "0.3, 0, -2, 10, 4, 0, 90, 0, 2   # northern\n"
        "0.3, 0, -6, 10, 4, 0, 90, 180, 1\n"
    )
    written(tmp_path, "patches.csv", text)
    found = source(BOX, directory=tmp_path, file="patches.csv")
    assert found.area == pytest.approx(80e6)
    assert found.moment == pytest.approx(MU * 40e6 * 3.0)
    assert found.potency[0, 1] == pytest.approx(40e6 * (2.0 - 1.0) / 2)
    assert found.center[2] == pytest.approx(-(4 * 2 + 8 * 1) / 3 * KM)
    assert len(found.outline) == 2
    np.testing.assert_allclose(found.arrows[:, 4], [2.0, -1.0], atol=1e-12)


def test_components_of_slip_and_opening_are_read_by_name(tmp_path) -> None:
    text = "open,dip_slip,x,y,z,length,width,strike,dip\n3,2,1,2,-3,4,5,6,7\n"
    found = read_patches(written(tmp_path, "a.csv", text), None)
    assert found.components.tolist() == [[0.0, 2.0, 3.0]]
    assert found.top_center.tolist() == [[1.0, 2.0, -3.0]]
    assert [float(v[0]) for v in (found.length, found.width, found.strike, found.dip)] == [
        4,
        5,
        6,
        7,
    ]


def test_longitudes_turn_the_strike_to_the_grid(tmp_path) -> None:
    text = "lon,lat,depth_km,length,width,strike,dip,rake,slip\n0,0.1,3,4,5,30,40,90,1\n"
    found = read_patches(written(tmp_path, "a.csv", text), plate_carree)
    north = np.radians(0.1) * EARTH
    expected = (-north * np.sin(np.radians(10)), north * np.cos(np.radians(10)), -3 * KM)
    np.testing.assert_allclose(found.top_center[0], expected, rtol=1e-9)
    assert found.strike[0] == pytest.approx(30.0 - 10.0, abs=1e-6)
    with pytest.raises(InputError, match=r"case\.crs"):
        read_patches(tmp_path / "a.csv", None)


def test_place_beyond_the_projection_is_refused() -> None:
    def nowhere(lon, lat):
        return np.full_like(lon, np.inf), np.full_like(lat, np.inf)

    with pytest.raises(InputError, match="cannot be projected"), np.errstate(invalid="ignore"):
        projected(np.array([200.0]), np.array([95.0]), nowhere, "a.csv")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x,y,z,lenght,width,strike,dip,rake,slip\n", r"a.csv:1: .*did you mean length"),
        ("x,y,z,length,width,strike,dip,rake\n1,1,1,1,1,1,1,1\n", r"a.csv:1: no slip"),
        ("x,y,z,length,width,strike,dip,slip\n1,1,1,1,1,1,1,1\n", r"missing column rake"),
        ("x,y,z,length,width,strike,dip_km,slip\n", r"unknown column 'dip_km'"),
        ("x,x_km,z\n1,1,1\n", r"column 'x' stands twice"),
        ("x,y,z,length,width,strike,dip,open\n\n1,1,1,1,1,1,1\n", r"a.csv:3: 7 values in 8"),
        ("x,y,z,length,width,strike,dip,open\n1,1,1,1,1,1,1,nan\n", r"a.csv:2: open: 'nan'"),
        ("x,y,z,length,width,strike,dip,open\n1,1,1,1,1,1,ten,1\n", r"a.csv:2: dip: 'ten'"),
        ("x,y,z,length,width,strike,dip,open\n1,1,1,-1,1,1,1,1\n", r"a.csv:2: length must be"),
        ("x,y,z,length,width,strike,dip,open\n1,1,1,1,1,1,91,1\n", r"a.csv:2: dip must lie"),
        ("x,y,z,length,width,strike,dip,open\n1,1,1,1,1,1,9,0\n", r"no patch has slip"),
        ("x,y,z,length,width,strike,dip,open\n", r"no rows"),
        ("", r"no header"),
        ("\0", r"no text"),
    ],
)
def test_wrong_tables_are_refused_with_their_line(text, complaint, tmp_path) -> None:
    with pytest.raises(InputError, match=complaint) as raised:
        read_patches(written(tmp_path, "a.csv", text), None)
    assert "\n" not in str(raised.value)


def test_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        source(BOX, directory=tmp_path, file="absent.csv")


def test_slip_table_needs_positions_and_slip(tmp_path) -> None:
    with pytest.raises(InputError, match="missing column z"):
        read_slip_table(written(tmp_path, "a.csv", "x,y,strike\n1,2,3\n"))
    with pytest.raises(InputError, match="no slip"):
        read_slip_table(written(tmp_path, "a.csv", "x,y,z\n1,2,3\n"))


# --- SRCMOD ---


def test_srcmod_segments_override_the_event(tmp_path) -> None:
    found = read_fsp(written(tmp_path, "a.fsp", FSP))
    np.testing.assert_allclose(found.top_center, [[1e3, 2e3, -3e3], [-1e3, -2e3, -5e3]])
    assert found.strike.tolist() == [0.0, 90.0]
    assert found.dip.tolist() == [90.0, 30.0]
    assert found.length.tolist() == [4e3, 9e3]
    assert found.width.tolist() == [2e3, 9e3]
    np.testing.assert_allclose(found.components, [[1.5, 0, 0], [0, 0.5, 0]], atol=1e-12)


def test_srcmod_in_longitudes_is_projected(tmp_path) -> None:
    found = read_fsp(written(tmp_path, "a.fsp", FSP), plate_carree)
    x, y = plate_carree(0.02, 0.01)
    np.testing.assert_allclose(found.top_center[0], [x, y, -3e3])
    assert found.strike[1] == pytest.approx(80.0, abs=1e-6)


@pytest.mark.parametrize(
    ("old", "fresh", "complaint"),
    [
        ("1.5 0.0", "1.5", r"a.fsp:8: 6 values in 7 columns"),
        ("1.5 0.0", "much 0.0", r"a.fsp:8: SLIP: 'much'"),
        ("RAKE = 90.0", "RAKE = 999", r"a.fsp:11: no rake"),
        ("DIP = 90.0", "DIP = 95.0", r"a.fsp:8: dip 95"),
        ("Dx = 4.00", "Dx = 0.0", r"a.fsp:8: Dx and Dz"),
        ("X==EW  Y==NS  Z  SLIP  RAKE", "X==EW Y==NS Q SLIP RAKE", r"a.fsp:8: no column Z"),
        ("LAT  LON", "A B", r"no subfaults|columns"),
    ],
)
def test_wrong_srcmod_is_refused_with_its_line(old, fresh, complaint, tmp_path) -> None:
    with pytest.raises(InputError, match=complaint):
        read_fsp(written(tmp_path, "a.fsp", FSP.replace(old, fresh)))


def test_landers_has_its_published_moment(data) -> None:
    """Mw 7.08 to a tenth, which is what slips of 0.01 m and an unnamed rigidity allow."""
    found = read_fsp(data / "events" / "s1992LANDER01COHE.fsp")
    assert len(found.strike) == 54 + 60 + 90
    slips = np.linalg.norm(found.components, axis=1)
    assert slips.sum() == pytest.approx(220.94)  # the sum of the file's column
    moment = MU * (found.length * found.width * slips).sum()
    assert (np.log10(moment) - 9.1) / 1.5 == pytest.approx(7.08, abs=0.1)
    assert set(found.strike) == {354.0, 331.0, 322.0}
    assert np.all(found.components[:, 0] <= 0.0)  # right-lateral: rake 180
    assert found.top_center[:, 2].max() == 0.0
    assert found.top_center[:, 2].min() == -15e3


def test_landers_runs_in_a_box(data) -> None:
    box = split_cubes(6, (160 * KM, 160 * KM, 40 * KM), (-80 * KM, -80 * KM, -40 * KM), jiggle=0.2)
    path = data / "events"
    found = source(box, directory=path, file="s1992LANDER01COHE.fsp")
    assert found.magnitude == pytest.approx(7.08, abs=0.1)
    assert found.potency[0, 1] < 0.0  # right-lateral, strike near north
    assert abs(np.trace(found.potency)) < 1e-9 * np.abs(found.potency).max()


def test_maule_of_200_segments_is_read(data) -> None:
    found = read_fsp(data / "events" / "s2010MAULEC02LORI.fsp.gz")
    assert len(found.strike) == 200
    assert np.all(found.length == 25e3)
    moment = 25e3**2 * np.linalg.norm(found.components, axis=1).sum()
    assert 1.78e22 / moment == pytest.approx(38e9, rel=0.5)
    assert np.all(found.components[:, 1] >= 0.0)  # thrust


# --- garbage ---


@st.composite
def damaged(draw, text: str) -> bytes:
    """A good file with pieces cut out, doubled and overwritten."""
    raw = bytearray(text.encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 12))
        raw[at : at + length] = draw(
            st.one_of(
                st.binary(max_size=8), st.sampled_from([b"nan", b"-1e999", b",", b"\n", b"%"])
            )
        )
    return bytes(raw)


def complaint_of(read, path) -> str:
    """What is wrong with a file, in the reader's words; anything but InputError goes through."""
    try:
        read(path)
    except InputError as error:
        return str(error)
    return ""


TABLE = "x,y,z,length,width,strike,dip,rake,slip\n1,2,-3,4,5,6,7,8,9\n1,2,-3,4,5,6,7,8,9\n"
NED = "1 0 0 1\n2 0 1 1\n3 1 0 2\n"
READERS = {
    "patches": (TABLE, "a.csv", lambda path: read_patches(path, None)),
    "slip": ("x,y,z,strike\n1,2,3,4\n2,2,3,4\n", "a.csv", read_slip_table),
    "srcmod": (FSP, "a.fsp", read_fsp),
    "srcmod, projected": (FSP, "a.fsp", lambda path: read_fsp(path, plate_carree)),
    "nodes": (NED, "a.ned", lambda path: read_triangles(path, "km", None, None)),
}


@pytest.mark.parametrize("kind", READERS)
@GARBAGE
@given(draw=st.data())
def test_garbage_gets_one_line_and_no_traceback(kind, draw, tmp_path) -> None:
    good, name, read = READERS[kind]
    path = tmp_path / name
    path.write_bytes(draw.draw(st.one_of(damaged(good), st.binary(max_size=60))))
    (tmp_path / "a.tri").write_text("1 1 2 3\n")
    complaint = complaint_of(read, path)
    assert "\n" not in complaint
    assert complaint == "" or str(tmp_path) in complaint


@GARBAGE
@given(draw=st.data())
def test_garbage_in_a_mesh_file_gets_one_line(draw, tmp_path) -> None:
    good = (
        "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n3\n1 0 0 -1\n2 1 0 -1\n3 0 1 -2\n$EndNodes\n"
        "$Elements\n1\n1 2 2 1 1 1 2 3\n$EndElements\n"
    )
    path = tmp_path / "a.msh"
    path.write_bytes(draw.draw(damaged(good)))
    complaint = complaint_of(lambda given: read_triangles(given, "m", None, None), path)
    assert "\n" not in complaint
    assert complaint == "" or str(path) in complaint


@GARBAGE
@given(raw=st.binary(max_size=80))
def test_broken_archives_get_one_line(raw, tmp_path) -> None:
    packed = gzip.compress(FSP.encode())
    path = tmp_path / "a.fsp.gz"
    path.write_bytes(packed[: len(raw) * 3] + raw)
    with pytest.raises(InputError, match=r"a\.fsp\.gz"):
        read_fsp(path)


def test_tables_from_spreadsheets_are_read(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfx , Y,z\r\n1 , 2,3\r\n\r\n,,\r\n4,5,6\r\n")
    table = read_table(path, ("x", "y", "z"))
    assert table.column("y").tolist() == [2.0, 5.0]
    assert table.lines == [2, 5]
