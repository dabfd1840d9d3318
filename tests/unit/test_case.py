"""Case files: a full one is read into SI, and every mistake is one line that points and helps."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from case_texts import FULL, SMALL, Writer
from femcrust.case import Case, Expression, build_case, evaluate, load_case
from femcrust.case.json_schema import SCHEMA_FILE, schema_text
from femcrust.errors import InputError


@pytest.fixture(autouse=True)
def _no_backend_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEMCRUST_BACKEND", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


def test_full_case_is_read_in_si(write: Writer) -> None:
    path = write(FULL)
    case = load_case(path)
    assert case.directory == path.parent
    assert case.name == str(path)
    assert case.case.title == "Two faults in a layered crust"
    assert case.case.authors == ("A. Author", "B. Author")
    assert case.case.crs == "EPSG:32654"
    box = case.mesh.box
    assert box is not None
    assert (box.x, box.z) == ((-60e3, 60e3), (-60e3, 0.0))
    assert (box.size.near, box.size.far, box.size.growth) == (2e3, 15e3, 0.3)
    assert box.at == ((0.0, 0.0, -8e3),)
    assert isinstance(box.topography, Expression)
    assert box.topography(x=0.0, y=0.0) == 1500.0
    crust, basin, slab = (case.materials[n] for n in ("crust", "basin", "slab"))
    assert (crust.vp, crust.vs, crust.rho) == (6e3, 3460.0, 2700.0)
    assert crust.where is not None
    assert crust.where.depth == (0.0, 30e3)
    assert isinstance(basin.E, Expression)
    assert basin.E(z=np.array([-1e3, 0.0])).tolist() == [20.5e9, 20e9]
    assert basin.where is not None
    assert basin.where.expression is not None
    assert basin.where.expression(x=[1e3, 3e3], y=[-1.0, -1.0]).tolist() == [False, True]
    assert (slab.K.file, slab.K.variable, slab.K.unit) == ("slab.nc", "bulk", "GPa")
    assert slab.where is not None
    assert slab.where.group == ("slab", "arc")
    assert case.materials["mantle"].where.group == ("mantle",)
    assert case.materials["mantle"].eta == 1e19
    assert case.materials["deep"].lambda_ == 60e9
    faults = case.faults
    assert [f.kind for f in faults.values()] == [
        "surface",
        "rectangle",
        "triangles",
        "rectangle",
        "file",
        "point",
        "point",
    ]
    assert (faults["main"].hanging_side, faults["main"].slip.strike) == ("east", 1.0)
    blind = faults["blind"]
    assert (blind.rectangle.strike, blind.rectangle.dip) == (30.0, 45.0)  # degrees
    assert blind.slip.rake == 90.0
    along = {"x": 0.0, "y": 0.0, "z": 0.0, "along": [-5e3, 0.0], "down": 0.0}
    assert evaluate(blind.slip.amount, "k", **along).tolist() == [1.0, 2.0]
    assert (faults["burst"].moment.Mw, faults["swell"].moment.mxx) == (5.5, 1e17)
    kinds = {name: boundary.kind for name, boundary in case.boundaries.items()}
    assert kinds == {
        "sides": "infinite",
        "bottom": "infinite",
        "top": "free",
        "west": "displacement",
        "cavity": "pressure",
        "plate": "fixed",
        "wall": "traction",
        "base": "springs",
    }
    assert case.boundaries["sides"].infinite.exponent is None
    assert case.boundaries["bottom"].infinite.exponent == 1
    assert case.boundaries["plate"].fixed == ("x", "y")
    assert case.boundaries["west"].displacement.x == 0.01
    assert case.boundaries["wall"].traction == (0.0, 0.0, -1e6)
    assert case.boundaries["base"].springs.normal == 1e7
    assert case.loads["ice"].disc.radius == 1e4
    assert case.loads["weight"].body_force == (0.0, 0.0, -26.5e3)
    assert case.solver.tolerance == 1e-10
    assert case.time is None
    assert case.output.los["track18"].unit == (-0.6, -0.1, 0.79)
    assert case.output.coulomb["receiver"].friction == 0.4
    assert case.output.grid.extent == (-30e3, 30e3, -30e3, 30e3)


def test_defaults(write: Writer) -> None:
    case = load_case(write(SMALL))
    assert {n: b.kind for n, b in case.boundaries.items()} == {
        "sides": "infinite",
        "bottom": "infinite",
        "top": "free",
    }
    assert (case.solver.tolerance, case.solver.max_iterations) == (1e-8, 500)
    assert (case.solver.backend, case.solver.threads) == ("auto", None)
    assert case.output.directory == "results"
    assert (case.faults, case.loads, case.case.title) == ({}, {}, "")


def test_resolved_case_is_a_case(write: Writer) -> None:
    case = load_case(write(FULL))
    text = json.dumps(case.resolved())
    again = load_case(write(text, "again.yaml"))
    assert again.resolved() == case.resolved()
    assert again.faults == case.faults
    assert again.materials == case.materials


def test_case_survives_pickling(write: Writer) -> None:
    case = load_case(write(FULL))
    copy = pickle.loads(pickle.dumps(case))
    assert copy == case
    assert copy.directory == case.directory


def test_case_is_frozen(write: Writer) -> None:
    case = load_case(write(SMALL))
    with pytest.raises(ValidationError):
        case.solver.tolerance = 1.0  # type: ignore[misc]


def test_case_from_python_takes_si_numbers_and_functions() -> None:
    def modulus(x: Any, y: Any, z: Any) -> Any:
        return 1e9 + 0 * x

    data = {
        "mesh": {"file": "m.msh"},
        "materials": {"rock": {"E": modulus, "nu": 0.25, "rho": np.float64(2700.0)}},
        "faults": {"f": {"surface": "f", "slip": {"strike": 1, "dip": "10 cm"}}},
        "output": {"directory": "/tmp/results"},
    }
    for case in (Case.model_validate(data), build_case(data, "somewhere"), Case(**data)):
        assert case.materials["rock"].E is modulus
        assert case.materials["rock"].rho == 2700.0
        assert (case.faults["f"].slip.strike, case.faults["f"].slip.dip) == (1.0, 0.1)
    assert build_case(data, "somewhere").directory == Path("somewhere")
    with pytest.raises(InputError, match=r"^mesh\.fil: unknown key; did you mean file\?"):
        build_case({**data, "mesh": {"fil": "m.msh"}})


def test_stored_json_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "write it anew: python -m femcrust.case.json_schema > femcrust/case/case.schema.json"
    )


def test_json_schema_agrees_with_the_reader(write: Writer) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    schema = json.loads(schema_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    text = FULL.replace("1e-10", "1.0e-10")  # a number by the rules of PyYAML, too
    assert [e.message for e in validator.iter_errors(yaml.safe_load(text))] == []
    assert [e.message for e in validator.iter_errors(load_case(write(FULL)).resolved())] == []
    for wrong in ("solver: {tolerence: 1}", "mesh: {file: 3}", "boundaries: {top: fre}"):
        assert list(validator.iter_errors(yaml.safe_load(SMALL + wrong))), wrong


def test_every_key_is_explained_or_a_section() -> None:
    schema = json.loads(schema_text())
    for section in schema["$defs"].values():
        for name, field in section.get("properties", {}).items():
            says = "description" in field or "$ref" in json.dumps(field) or "enum" in field
            assert says or "default" in field or "const" in field, name
