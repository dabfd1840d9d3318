"""The same slip in every format that people own is the same: place, plane, slip vector."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.faults.geometry import frames, slip_vectors
from femcrust.faults.patches import Patches
from femcrust.faults.polygons import Polygons, of_rectangles
from femcrust.faults.tables import read_polygons
from femcrust.model import projector
from femcrust.projection import unproject

KM = 1e3
CRS = "EPSG:32633"
UTM = projector(CRS)
STRIKE, DIP, LENGTH, WIDTH = 63.0, 38.0, 8 * KM, 5 * KM  # of four patches, two by two
SLIP = np.array([[1.2, 0.4, 0.0], [-0.7, 1.1, 0.0], [0.3, -0.9, 0.0], [0.0, 2.0, 0.0]])
AT = np.array([512 * KM, 4612 * KM, -6 * KM])  # upper corner where strike starts


def wanted(strike: float = STRIKE, origin: np.ndarray = AT) -> Polygons:
    """Patches along strike first, then down dip."""
    frame = frames(strike, DIP)
    along, down = np.array([0.5, 1.5, 0.5, 1.5]) * LENGTH, np.array([0, 0, 1, 1]) * WIDTH
    top = origin + along[:, None] * frame[0] - down[:, None] * frame[1]
    same = np.ones(4)
    return of_rectangles(Patches(top, LENGTH * same, WIDTH * same, strike * same, DIP * same, SLIP))


def off(found: Polygons, right: Polygons) -> float:
    """Largest difference of corners, m, in any order around, and of slip vectors, mm."""
    gap = np.linalg.norm(found.corners[:, :, None] - right.corners[:, None], axis=3)
    place = max(gap.min(axis=1).max(), gap.min(axis=2).max())
    b = [slip_vectors(p.components, p.frames) for p in (found, right)]
    n = [p.frames[:, 2] for p in (found, right)]
    return float(max(place, 1e3 * np.abs(b[0] - b[1]).max(), 1e3 * np.abs(n[0] - n[1]).max()))


def convergence_of(xy: np.ndarray) -> float:
    """Azimuth of true north in the model, degrees."""
    lonlat = unproject(CRS, xy[None])
    step = np.array([[0.0, 1e-4]])
    x, y = UTM(*(lonlat + step).T)
    x0, y0 = UTM(*(lonlat - step).T)
    return float(np.degrees(np.arctan2(x - x0, y - y0))[0])


def pscmp() -> str:
    lon, lat = unproject(CRS, AT[None, :2])[0]
    strike = STRIKE - convergence_of(AT[:2])
    lines = "".join(
        f"   {p:.3f} {d:.3f} {s:.6f} {-u:.6f} {o:.6f}\n"
        for (p, d), (s, u, o) in zip(
            [(4.0, 2.5), (12.0, 2.5), (4.0, 7.5), (12.0, 7.5)], SLIP, strict=True
        )
    )
    return f"""\
# n_faults
#-----
 1
# n   O_lat   O_lon   O_depth length  width strike dip   np_st np_di start_time
1 {lat:.10f} {lon:.10f} 6.0 16.0 10.0 {strike:.10f} {DIP} 2 2 0.0
{lines}"""


def coulomb(by_rake: bool, zero: bool = False) -> str:
    right, shift, turn = wanted(), np.zeros(2), 0.0
    if zero:
        shift, turn = AT[:2], np.radians(convergence_of(AT[:2]))
    c, s = np.cos(turn), np.sin(turn)
    back = np.array([[c, -s], [s, c]])  # counter-clockwise by `turn`
    rows = []
    for corners, (strike, dip, _) in zip(right.corners, SLIP, strict=True):
        (x0, y0), (x1, y1) = ((corner[:2] - shift) @ back.T / KM for corner in corners[:2])
        top, bottom = -corners[0, 2] / KM, -corners[2, 2] / KM
        slip = (-strike, dip)
        if by_rake:
            slip = (np.degrees(np.arctan2(dip, strike)), np.hypot(strike, dip))
        rows.append(
            f"  1 {x0:.7f} {y0:.7f} {x1:.7f} {y1:.7f} 100 {slip[0]:.8f} {slip[1]:.8f} {DIP}"
            f" {top:.8f} {bottom:.8f} Fault {len(rows)}\n"
        )
    names = "rake     netslip" if by_rake else "rt.lat    reverse"
    end = "\n    Grid Parameters\n  1  ----  Start-x =    -30.0\n"
    if zero:
        lon, lat = unproject(CRS, AT[None, :2])[0]
        end += f"  5  ---- zero lon =  {lon:.10f}\n  6  ---- zero lat =  {lat:.10f}\n"
    return (
        "header line 1\nheader line 2\n#reg1=  0  #reg2=  0  #fixed=  4  sym=  1\n"
        " PR1=       0.250     PR2=       0.250   DEPTH=       10.000\n\n"
        f"  #   X-start    Y-start     X-fin      Y-fin   Kode  {names}   dip angle  top  bot\n"
        "xxx xxxxxxxxxx xxxxxxxxxx xxxxxxxxxx xxxxxxxxxx xxx xxxxxxxxxx xxxxxxxxxx xxxxxxxxxx\n"
        f"{''.join(rows)}{end}"
    )


def flt(scale: float) -> str:
    lines = ["# n slip x1 x2 x3 length width strike dip rake\n"]
    for i, (corners, (s, d, _)) in enumerate(zip(wanted().corners, SLIP, strict=True)):
        x, y, z = corners[0] / scale
        lines.append(
            f"{i} {np.hypot(s, d):.9f} {y:.9f} {x:.9f} {-z:.9f} {LENGTH / scale} {WIDTH / scale}"
            f" {STRIKE} {DIP} {np.degrees(np.arctan2(d, s)):.9f}\n"
        )
    return "".join(lines)


def csi(lonlat: bool) -> str:
    text = ""
    for i, (corners, slip) in enumerate(zip(wanted().corners, SLIP, strict=True)):
        text += f"> -Z{slip[0]} # {i} {i + 4} 99999  # {slip[0]} {slip[1]} {slip[2]} \n"
        for corner in corners[[1, 0, 3, 2]]:
            a, b = unproject(CRS, corner[None, :2])[0] if lonlat else corner[:2] / KM
            text += f"{a:.10f} {b:.10f} {-corner[2] / KM:.10f} \n"
    return text


FILES: dict[str, tuple[str, str, bool]] = {  # what → file, text, placed by the projection
    "pscmp": ("faults.inp", pscmp(), True),
    "pscmp without an ending": ("faults.dat", pscmp(), True),
    "coulomb": ("coulomb.inp", coulomb(False), False),
    "coulomb by rake": ("coulomb.inp", coulomb(True), False),
    "coulomb on a map": ("coulomb.inp", coulomb(False, zero=True), True),
    "unicycle": ("patches.flt", flt(1.0), False),
    "csi": ("slip.gmt", csi(lonlat=True), True),
    "csi in km": ("slip.txt", csi(lonlat=False), False),
}


def read(folder: Path, what: str, text: str | None = None) -> Polygons:
    name, good, projected = FILES[what]
    (folder / name).write_text(good if text is None else text)
    units = "m" if name.endswith(".flt") else None
    return read_polygons(folder / name, UTM if projected else None, units)


@pytest.mark.parametrize("what", FILES)
def test_every_format_gives_the_same_slip(what: str, tmp_path: Path) -> None:
    assert off(read(tmp_path, what), wanted()) < 0.1
    assert off(read(tmp_path, what), wanted(strike=STRIKE + 0.01)) > 0.2  # what 0.1 m refuses
    wrong = wanted()
    turned = Polygons(wrong.corners, wrong.n_corners, wrong.frames, wrong.components[:, [1, 0, 2]])
    assert off(read(tmp_path, what), turned) > 100.0


def test_km_of_a_flt_file(tmp_path: Path) -> None:
    (tmp_path / "a.flt").write_text(flt(KM))
    assert off(read_polygons(tmp_path / "a.flt", None, "km"), wanted()) < 0.1


def test_triangles_of_csi(tmp_path: Path) -> None:
    corners = wanted().corners[:, :3]
    text = "".join(
        ">  # 0 1 2 # 0 1.5 0\n" + "".join(f"{x / KM} {y / KM} {-z / KM}\n" for x, y, z in patch)
        for patch in corners.tolist()
    )
    (tmp_path / "t.gmt").write_text(text)
    found = read_polygons(tmp_path / "t.gmt", None)
    assert found.n_corners.tolist() == [3] * 4
    assert found.corners[:, :3] == pytest.approx(corners, abs=1e-6)
    assert found.frames == pytest.approx(wanted().frames, abs=1e-9)
    assert found.components[:, 1].tolist() == [1.5] * 4


@pytest.mark.parametrize("strike", [0.0, 90.0, 150.0, 180.0, 330.0])
def test_vertical_patches_of_csi_strike_below_180(strike: float, tmp_path: Path) -> None:
    frame = frames(strike, 90.0)
    corners = [[0, 0], [5, 0], [5, 4], [0, 4]]
    text = "> # 0 1 2 # 1 0 0\n" + "".join(
        f"{a * frame[0, 0]} {a * frame[0, 1]} {d + 1}\n" for a, d in corners
    )
    (tmp_path / "t.gmt").write_text(text)
    found = read_polygons(tmp_path / "t.gmt", None)
    assert found.frames[0] == pytest.approx(frames(strike % 180.0, 90.0), abs=1e-9)


MISTAKES = [
    ("pscmp", (" 2 2 0.0", " 2 3 0.0"), r"faults.inp:5: 6 patches belong to this fault, 4 lines"),
    ("pscmp", (" 2 2 0.0", " 2 1 0.0"), r"faults.inp:8: 5 values where a fault has 11"),
    ("pscmp", (" 2 2 0.0", " 2 1.5 0.0"), r"faults.inp:5: 2 x 1.5 patches; give whole numbers"),
    ("pscmp", (" 38.0 ", " 98.0 "), r"faults.inp:5: dip 98 is not between 0 and 90"),
    ("pscmp", (" 16.0 10.0", " -16.0 10.0"), r"faults.inp:5: length -16, width 10 km must be pos"),
    ("pscmp", ("4.000 2.500", "4.000 nan"), r"faults.inp:6: patch: 'nan' is no number"),
    ("coulomb", (" 100 ", " 200 "), r"coulomb.inp:8: Kode 200 is not read, only 100"),
    ("coulomb", (" 38.0 ", " 0.0 "), r"coulomb.inp:8: dip must lie above 0 and not above 90"),
    ("coulomb", (" 100 ", " 100 oops "), r"coulomb.inp:8: element: 'oops' is no number"),
    ("coulomb on a map", ("zero lat", "zero"), r"has no 'zero lon' and 'zero lat'"),
    ("unicycle", (" 38.0 ", " 138.0 "), r"patches.flt:2: dip 138 is not between"),
    ("unicycle", ("\n0 ", "\n0 7 "), r"patches.flt:2: 11 values where 10 belong"),
    ("unicycle", (" 8000.0 ", " 0.0 "), r"patches.flt:2: length and width must be positive"),
    ("csi", ("\n> ", "\n1 2 3\n> "), r"slip.gmt:1: a patch of 5 corners; give 3 or 4"),
    ("csi", ("# 1.2 0.4 0.0", "# 1.2 0.4"), r"slip.gmt:1: 2 values after the second '#'"),
    ("csi in km", (" 6.0000", " 7.0000"), r"slip.txt:1: its corners lie on no plane"),
    ("csi in km", ("> -Z1.2", "x\n>"), r"slip.txt:1: 'x' is no corner; write '>' before each"),
]


@pytest.mark.parametrize(("what", "change", "message"), MISTAKES)
def test_mistakes_are_told_by_line(
    what: str, change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    text = FILES[what][1]
    assert change[0] in text
    with pytest.raises(InputError, match=message) as told:
        read(tmp_path, what, text.replace(*change, 1))
    assert "\n" not in str(told.value)


def test_a_flt_file_without_units(tmp_path: Path) -> None:
    (tmp_path / "a.flt").write_text(flt(KM))
    with pytest.raises(InputError, match=r"does not say whether its lengths are m or km"):
        read_polygons(tmp_path / "a.flt", None, None)


@pytest.mark.parametrize("what", ["pscmp", "csi", "coulomb on a map"])
def test_metres_where_kilometres_belong_are_far_away(what: str, tmp_path: Path) -> None:
    """Units mixed: what becomes a thousand times too large is refused when it meets the mesh."""
    from small_greens import rectangle_case

    from femcrust.model import build_model

    name, good, _ = FILES[what]
    table = good.replace(" 6.0", " 6000.0").replace(" 16.0 10.0 ", " 16000.0 10000.0 ")
    (tmp_path / name).write_text(table if what == "pscmp" else good)
    fault: dict[str, Any] = {"main": {"file": name}}
    case = rectangle_case(tmp_path, faults=fault, case={"crs": CRS})
    with pytest.raises(InputError, match=r"^faults\.main: .* outside the mesh|look at its units"):
        build_model(case)


def test_patches_of_a_library(tmp_path: Path) -> None:
    """A rectangle and a triangle of one file."""
    from small_greens import rectangle_case

    import femcrust
    from femcrust.model import build_model

    four = [(-6, -4, 5), (5, -4, 5), (5, 4, 11), (-6, 4, 11)]
    three = [(6, -4, 5), (9, -4, 5), (6, 4, 11)]
    blocks = ("".join(f"{x} {y} {z}\n" for x, y, z in patch) for patch in (four, three))
    (tmp_path / "slip.gmt").write_text("".join(f"> # 0 1 2 # 0 1 0\n{b}" for b in blocks))
    case = rectangle_case(tmp_path, faults={"main": {"file": "slip.gmt"}})
    model = build_model(case)
    sources, _, _ = femcrust.greens.planned(model)
    assert sources.patches is not None
    assert sources.patches.kind.tolist() == ["rectangle", "triangle"]
    assert sources.patches.area == pytest.approx([11 * 10 * KM**2, 3 * 10 / 2 * KM**2])
    assert sources.patches.centre[1] == pytest.approx([7 * KM, -4 / 3 * KM, -7 * KM])
    assert model.sources[0].area == pytest.approx(sources.patches.area.sum())


PIECES = ("", "nan", "-1", "1e999", ",", "\n", ">", "#", "  ", "x", "0", "99999999", "é")


@pytest.mark.parametrize("what", FILES)
@pytest.mark.filterwarnings("ignore")  # of numpy, about numbers that overflow on the way
@given(seed=st.integers(0, 2**32))
def test_damaged_files_are_read_or_refused_in_one_line(
    what: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    text = FILES[what][1]
    for _ in range(chance.randint(1, 4)):
        at, cut = chance.randint(0, len(text)), chance.choice((0, 1, 3, 8))
        text = text[:at] + chance.choice(PIECES) + text[at + cut :]
    if chance.random() < 0.1:
        text = text[: chance.randint(0, len(text))]
    try:
        found = read(tmp_path_factory.mktemp("damaged"), what, text)
    except InputError as error:
        message = str(error)
        assert "\n" not in message
        assert FILES[what][0] in message
    else:
        assert np.isfinite(found.corners).all()
        assert np.isfinite(found.components).all()
        assert np.abs(np.linalg.det(found.frames) - 1).max() < 1e-6
