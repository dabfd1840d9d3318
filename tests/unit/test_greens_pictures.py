"""Pictures of a library: the right patch, the right station, seen from the right side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from femcrust.cli import main
from femcrust.greens import pictures
from femcrust.greens.library import read_arrays
from femcrust.greens.views import outlines
from tiny_case import CASE

PNG = b"\x89PNG"
STATIONS = "name,x_km,y_km\nA,1,12\nB 2,-10,5\nC,9,-7\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("greens")
    section = "greens: {patches: {along_strike: 3, down_dip: 2}}\n"
    (folder / "case.yaml").write_text(CASE.replace("output: {", f"{section}output: {{"))
    (folder / "stations.csv").write_text(STATIONS)
    assert main(["greens", str(folder / "case.yaml"), "--quiet", "-o", str(folder / "lib.nc")]) == 0
    return folder / "lib.nc"


def test_the_command_draws_beside_the_library(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, name in (("--patch 4", "lib-patch4.png"), ("--station A", "lib-station-A.png")):
        assert main(["plot", str(made), *words.split()]) == 0
        assert capsys.readouterr().out.strip() == str(made.with_name(name))
        assert made.with_name(name).read_bytes().startswith(PNG)
    assert main(["plot", str(made), "--station", "B 2"]) == 0
    assert made.with_name("lib-station-B_2.png").read_bytes().startswith(PNG)


def test_a_folder_of_results_will_do(made: Path) -> None:
    (made.parent / "results").mkdir()
    (made.parent / "results" / "greens.nc").write_bytes(made.read_bytes())
    assert main(["plot", str(made.parent / "results"), "--patch", "0"]) == 0
    assert (made.parent / "results" / "greens-patch0.png").exists()


def test_pictures_show_what_the_library_holds(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The colours and arrows that matplotlib gets are the numbers, in the unit of the bar."""
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

    arrays = {**read_arrays(made), "after": ""}
    drawn: list[Any] = []
    scatter, quiver = Axes.scatter, Axes.quiver
    collection = PolyCollection.__init__

    def seen(kind: str, function: Any) -> Any:
        def call(self: Any, *given: Any, **named: Any) -> Any:
            drawn.append((kind, given, named))
            return function(self, *given, **named)

        return call

    monkeypatch.setattr(Axes, "scatter", seen("scatter", scatter))
    monkeypatch.setattr(Axes, "quiver", seen("quiver", quiver))
    monkeypatch.setattr(PolyCollection, "__init__", seen("cells", collection))
    pictures.patch_picture(arrays, 4)
    moved = arrays["displacement"][4]
    dots = [named["c"] for kind, _, named in drawn if kind == "scatter"]
    arrows = [given for kind, given, _ in drawn if kind == "quiver"]
    assert len(dots) == len(arrows) == 2
    for dot, arrow, values in zip(dots, arrows, moved, strict=True):
        assert dot / values[:, 2] == pytest.approx(dot[0] / values[0, 2])
        assert arrow[2].tolist() == values[:, 0].tolist()
        assert arrow[3].tolist() == values[:, 1].tolist()
    drawn.clear()
    pictures.station_picture(arrays, 1)
    cells = [named["array"] for kind, _, named in drawn if kind == "cells"]
    assert len(cells) == 6
    factor = cells[0][0] / arrays["displacement"][0, 0, 1, 0]
    for i, values in enumerate(cells):  # rows are axes, columns components
        wanted = factor * arrays["displacement"][:, i % 2, 1, i // 2]
        assert values == pytest.approx(wanted)


def test_pictures_of_one_epoch(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last one, or the one that is asked for, under its own name."""
    words = ["time.end=4 yr", "time.step=1 yr", "output.times=[1 yr, 2.5 yr]"]
    words += ["materials.rock.model=maxwell", "materials.rock.eta=1e18 Pa*s"]
    sets = [word for change in words for word in ("--set", change)]
    late = tmp_path / "late.nc"
    assert main(["greens", str(made.parent / "case.yaml"), "-q", "-o", str(late), *sets]) == 0
    arrays = read_arrays(late)
    drawn: list[Any] = []
    monkeypatch.setattr(
        pictures, "patch_picture", lambda arrays, patch: drawn.append(arrays) or b"picture"
    )
    for asked, epoch, name in (
        ([], 3, "late-patch4.png"),
        (["--epoch", "2.5 yr"], 2, "late-patch4-2.5yr.png"),
        (["--epoch", "365.25day"], 1, "late-patch4-1yr.png"),
        (["--epoch", "0yr"], 0, "late-patch4-0yr.png"),
    ):
        assert main(["plot", str(late), "--patch", "4", *asked]) == 0
        assert capsys.readouterr().out.strip() == str(tmp_path / name)
        found = drawn.pop()
        assert np.array_equal(found["displacement"], arrays["displacement"][..., epoch])
        assert found["after"] == f" after {[0, 1, 2.5, 4][epoch]} yr"
    monkeypatch.undo()
    assert main(["plot", str(late), "--station", "A", "--epoch", "1yr"]) == 0
    assert (tmp_path / "late-station-A-1yr.png").read_bytes().startswith(PNG)
    assert main(["plot", str(late), "--patch", "0"]) == 0


def test_patches_from_above_and_from_the_side(made: Path) -> None:
    arrays = read_arrays(made)
    above, beside = (outlines(arrays, upright=upright) for upright in (False, True))
    assert above.of_polygon.tolist() == list(range(6))
    corners = np.stack([arrays["corner_x"][2], arrays["corner_y"][2]], axis=1)
    assert above.polygons[2] == pytest.approx(corners / 1e3)
    whole = np.concatenate(beside.polygons)
    assert np.ptp(whole, axis=0) == pytest.approx([20.0, 10.0 * np.sin(np.radians(70))], rel=1e-6)
    assert whole[:, 1].max() == pytest.approx(-5.0)
