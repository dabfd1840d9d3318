"""Every template is a case that runs; `check` and `run` on it leave what they promise."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from femcrust import cli, templates
from femcrust.case import load_case
from femcrust.errors import InputError

FILES = {"report.html", "fields.vtu", "map_displacement.png"}
COARSE = {
    "mesh.box.size.near": "6 km",
    "mesh.box.size.far": "25 km",
}
WIDE = {  # and over time
    "mesh.box.size.near": "60 km",
    "mesh.box.size.far": "150 km",
    "time.tolerance": "1e-2",
    "output.every": "1 yr",
}
RUNS = {
    "postseismic": (WIDE | {"time.end": "4 yr"}, {"report.html", "fields.pvd", "series.png"}),
    "cycle": (
        WIDE | {"time.end": "4 yr", "faults.locked.time": "[0 yr, 2 yr]"},
        {"report.html", "stations.nc", "series.png"},
    ),
}


def settings(changes: dict[str, str]) -> list[str]:
    return [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]


@pytest.mark.parametrize("name", templates.names())
def test_template_runs_and_leaves_its_results(name: str, tmp_path: Path) -> None:
    assert cli.main(["init", name, str(tmp_path / name)]) == 0
    case = tmp_path / name / "case.yaml"
    changes, files = RUNS.get(name, (COARSE, FILES))
    assert cli.main(["run", str(case), "--quiet", *settings(changes)]) == 0
    results = tmp_path / name / "results"
    summary = json.loads((results / "summary.json").read_text())
    assert summary["status"] == "converged"
    assert summary["steps"][0]["relative_residual"] <= 1e-8
    assert summary["n_dof"] == 3 * summary["n_nodes"]
    with (results / "stations.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:8] == [
        *("name", "time_yr", "x_m", "y_m", "z_m"),
        *("east_m", "north_m", "up_m"),
    ]
    assert any(abs(float(row[key])) > 1e-6 for row in rows for key in ("north_m", "up_m"))
    assert files <= {path.name for path in results.iterdir()}


@pytest.mark.parametrize(("name", "other"), [("strike-slip", "gmsh"), ("magma", "cavity")])
def test_variant_for_a_mesh_of_gmsh_is_a_valid_case(name, other, tmp_path) -> None:
    templates.init(name, tmp_path)
    case = load_case(tmp_path / f"{other}.yaml")
    assert case.mesh.box is None
    assert case.mesh.file == "mesh.msh"


def test_check_draws_the_setup_and_solves_nothing(tmp_path, capsys) -> None:
    templates.init("okada", tmp_path)
    assert cli.main(["check", str(tmp_path / "case.yaml"), *settings(COARSE)]) == 0
    printed = capsys.readouterr().out + capsys.readouterr().err
    assert "Mw" in printed
    assert "unknowns" in printed
    assert (tmp_path / "case-check.png").stat().st_size > 10_000
    assert not (tmp_path / "results").exists()


def test_a_folder_with_a_case_is_not_overwritten(tmp_path) -> None:
    templates.init("load", tmp_path)
    (tmp_path / "case.yaml").write_text("mine")
    with pytest.raises(InputError, match="exists"):
        templates.init("load", tmp_path)
    assert (tmp_path / "case.yaml").read_text() == "mine"


def test_unknown_template_names_the_nearest(tmp_path) -> None:
    with pytest.raises(InputError, match="did you mean thrust"):
        templates.init("trust", tmp_path / "new")
    assert not (tmp_path / "new").exists()
