"""How elements relax: values at centroids, branches side by side, what a case may say, `check`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hard_bodies
from case_texts import SMALL, Writer, told
from femcrust.case import load_case
from femcrust.case.expressions import Expression
from femcrust.case.schema_materials import Material
from femcrust.describe import describe
from femcrust.errors import InputError
from femcrust.materials import Relaxing, elastic_fields, relaxing_fields, rheology
from femcrust.mesh.mesh import Mesh
from reference import viscoelastic_point
from small_meshes import split_cubes

POSITION = ("x", "y", "z", "depth")
ROCK: dict[str, Any] = {"mu": 30e9, "nu": 0.25}
MAXWELL = ROCK | {"model": "maxwell", "eta": 1e19}
SOLID = ROCK | {"model": "standard_linear_solid", "mu_kelvin": 20e9, "eta_kelvin": 1e18}
BURGERS = SOLID | {"model": "burgers", "eta": 1e19}
PARTS = [{"mu": 12e9, "eta": 1e18}, {"mu": 6e9, "eta": 1e19}, {"mu": 3e9, "eta": 1e20}]
MANY = ROCK | {"model": "generalised_maxwell", "branches": PARTS}
YEAR = 365.25 * 86400.0


def block(n: int = 4) -> Mesh:
    """A block 8 x 8 x 4 km below the ground."""
    return split_cubes(n, (8e3, 8e3, 4e3), (-4e3, -4e3, -4e3))


def fields(mesh: Mesh, materials: dict[str, Any], directory: Path | str = ".") -> Relaxing:
    found = relaxing_fields(mesh, materials, elastic_fields(mesh, materials, directory), directory)
    assert found is not None
    return found


def refused(materials: dict[str, Any]) -> str:
    with pytest.raises(InputError) as error:
        fields(block(1), materials)
    return str(error.value)


# --- elements -------------------------------------------------------------------------------------


def test_elements_of_several_rheologies_stand_side_by_side() -> None:
    """Materials that alternate in the mesh, so that no order of theirs is that of the elements."""
    mesh = block(4)
    x, y, z = mesh.points[mesh.tets].mean(axis=1).T
    chosen = (np.floor(x / 2e3) + np.floor(y / 2e3) + np.floor(z / 1e3)).astype(int) % 4
    bodies = {"many": MANY, "rock": ROCK, "burgers": BURGERS, "maxwell": MAXWELL}
    materials = {}
    for number, (name, body) in enumerate(bodies.items()):
        mesh.volumes[name] = np.flatnonzero(chosen == number).astype(np.int32)
        materials[name] = body | {"where": {"group": name}}
    found = fields(mesh, materials)
    assert found.elements.dtype == np.int32
    assert np.array_equal(found.elements, np.flatnonzero(chosen != 1))
    assert found.moduli.shape == found.times.shape == (len(found.elements), 3)
    many = [12e9, 6e9, 3e9], [1e18 / 12e9, 1e19 / 6e9, 1e20 / 3e9]
    (m1, m2), (t1, t2) = rheology.burgers(30e9, 1e19, 20e9, 1e18)
    expected = {
        0: many,
        2: ([m1, m2, 0.0], [t1, t2, np.inf]),
        3: ([30e9, 0.0, 0.0], [1e19 / 30e9, np.inf, np.inf]),
    }
    for number, (moduli, times) in expected.items():
        own = chosen[found.elements] == number
        assert (found.moduli[own] == moduli).all()
        assert (found.times[own] == times).all()
    rest = found.lasting(np.full(mesh.n_tets, 30e9))
    assert np.array_equal(np.unique(rest), [0.0, 9e9])
    assert (rest[chosen[found.elements] == 0] == 9e9).all()


def test_what_lasts_of_the_modulus_is_that_of_long_times() -> None:
    for body, point in (
        (MAXWELL, viscoelastic_point.maxwell(30e9, 1e19)),
        (BURGERS, viscoelastic_point.burgers(30e9, 1e19, 20e9, 1e18)),
        (MANY, viscoelastic_point.branches([12e9, 6e9, 3e9], [1.0, 2.0, 3.0], 9e9)),
        (SOLID, viscoelastic_point.standard_linear_solid(12e9, 18e9, 1e18)),
    ):
        mesh = block(1)
        rest = fields(mesh, {"rock": body}).lasting(np.full(mesh.n_tets, 30e9))
        np.testing.assert_allclose(rest, point.modulus(0.0), rtol=1e-12)


def test_rounding_of_the_branches_neither_lasts_nor_is_refused() -> None:
    thirds = [{"mu": 0.1, "eta": 1.0}, {"mu": 0.2, "eta": 1.0}]  # 0.1 + 0.2 > 0.3
    assert 0.1 + 0.2 > 0.3
    body = {"mu": 0.3, "nu": 0.25, "model": "generalised_maxwell", "branches": thirds}
    mesh = block(1)
    assert (fields(mesh, {"rock": Material(**body)}).lasting(np.full(mesh.n_tets, 0.3)) == 0).all()


def test_viscosity_may_follow_depth_in_every_form(tmp_path: Path) -> None:
    mesh = block(4)
    x, _, z = mesh.points[mesh.tets].mean(axis=1).T
    expected = 1e19 * (1 - z / 4e3)  # twice as much at the bottom
    (tmp_path / "m.csv").write_text("depth_km,eta_Pas,eta_kelvin_Pa_s\n0,1e19,1e19\n4,2e19,2e19\n")
    forms = [
        Expression("1e19*(1 + depth/(4*km))", POSITION),
        lambda x, y, z: 1e19 * (1 - z / 4e3),
        {"file": "m.csv"},
    ]
    for value in forms:
        found = fields(mesh, {"rock": Material(**MAXWELL | {"eta": value})}, tmp_path)
        np.testing.assert_allclose(found.times[:, 0], expected / 30e9, rtol=1e-14)
        kelvin = Material(**BURGERS | {"eta": value, "eta_kelvin": value})
        found = fields(mesh, {"rock": kelvin}, tmp_path)
        for part, wanted in zip(
            (found.moduli, found.times),
            rheology.burgers(np.full_like(z, 30e9), expected, np.full_like(z, 20e9), expected),
            strict=True,
        ):
            np.testing.assert_allclose(part, wanted, rtol=1e-12)
    across = Expression("20*GPa + MPa*x", POSITION)
    part = {"mu": across, "eta": Expression("1e18*exp(-depth/km)", POSITION)}
    found = fields(mesh, {"rock": Material(**MANY | {"branches": [part]})})
    np.testing.assert_allclose(found.moduli[:, 0], 20e9 + 1e6 * x, rtol=1e-14)
    eta = found.times[:, 0] * found.moduli[:, 0]
    np.testing.assert_allclose(eta, 1e18 * np.exp(z / 1e3), rtol=1e-14)


def test_columns_of_a_kelvin_element_are_read_with_their_units(tmp_path: Path) -> None:
    header = "depth_km,mu_GPa,mu_kelvin_GPa,eta_kelvin(Pa s),eta_Pas\n"
    (tmp_path / "m.csv").write_text(header + "0,30,20,1e18,1e19\n9,30,20,1e18,1e19\n")
    names = ("mu", "mu_kelvin", "eta_kelvin", "eta")
    read = BURGERS | {name: {"file": "m.csv"} for name in names}
    mesh = block(1)
    found, plain = (fields(mesh, {"rock": Material(**m)}, tmp_path) for m in (read, BURGERS))
    np.testing.assert_allclose(found.moduli, plain.moduli, rtol=1e-14)
    np.testing.assert_allclose(found.times, plain.times, rtol=1e-14)


PLACE = "at (0, -2000, -1000) m"
ETA = "viscosity is positive; where nothing relaxes use model: elastic"
MU = "the shear modulus is positive"
ABOVE = "their mu sum to 3.3e+10 Pa, above the shear modulus 3e+10 Pa"
SUM = "lower them, what they leave of it does not relax"
ONLY = "only; remove it or change the model"
WRITE = "branches: [{mu: 20 GPa, eta: 1e19 Pa*s}]"
MODELS = "elastic, maxwell, generalised_maxwell, burgers, standard_linear_solid or power_law"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (MAXWELL | {"eta": 0.0}, f"rock.eta: value is 0 {PLACE}; {ETA}"),
        (MAXWELL | {"eta": lambda x, y, z: z}, f"rock.eta: value is -1000 {PLACE}; {ETA}"),
        (
            MAXWELL | {"eta": np.inf},
            f"rock.eta: value is inf {PLACE}; give a finite number everywhere",
        ),
        (BURGERS | {"eta_kelvin": -1.0}, f"rock.eta_kelvin: value is -1 {PLACE}; {ETA}"),
        (SOLID | {"mu_kelvin": -2e9}, f"rock.mu_kelvin: value is -2e+09 {PLACE}; {MU}"),
        (
            MANY | {"branches": [PARTS[0], {"mu": -1e9, "eta": 1e18}]},
            f"rock.branches[1].mu: value is -1e+09 {PLACE}; {MU}",
        ),
        (
            MANY | {"branches": [PARTS[0], {"mu": 1e9, "eta": 0.0}]},
            f"rock.branches[1].eta: value is 0 {PLACE}; {ETA}",
        ),
        (
            MANY | {"branches": [{"mu": lambda x, y, z: -1.1e7 * z, "eta": 1e18}]},
            f"rock.branches: {ABOVE} at (0, 2000, -3000) m; {SUM}",
        ),
        (
            ROCK | {"model": "jelly"},
            f"rock.model: 'jelly' is no model; choose one of {MODELS}".replace(" or", ","),
        ),
    ],
)
def test_what_cannot_relax_is_refused_with_its_place(body: Any, said: str) -> None:
    assert refused({"rock": body}) == f"materials.{said}"


# --- the case -------------------------------------------------------------------------------------


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


def case_with(model: str) -> str:
    """The smallest case with a material whose model and its keys are given."""
    return SMALL.replace("E: 75 GPa, nu: 0.25", f"mu: 30 GPa, nu: 0.25, model: {model}")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("maxwell", ".eta: missing; maxwell needs it, e.g. eta: 1e19 Pa*s"),
        ("burgers, eta: 1e19 Pa*s, mu_kelvin: 9 GPa",
         ".eta_kelvin: missing; burgers needs it, e.g. eta_kelvin: 1e18 Pa*s"),
        ("standard_linear_solid, eta_kelvin: 1e18 Pa*s",
         ".mu_kelvin: missing; standard_linear_solid needs it, e.g. mu_kelvin: 20 GPa"),
        ("generalised_maxwell",
         f".branches: missing; generalised_maxwell needs it, e.g. {WRITE}"),
        ("elastic, eta: 1e19 Pa*s", f".eta: goes with model: maxwell, burgers or power_law {ONLY}"),
        ("maxwell, eta: 1e19 Pa*s, mu_kelvin: 9 GPa",
         f".mu_kelvin: goes with model: burgers or standard_linear_solid {ONLY}"),
        ("maxwell, eta: 1e19 Pa*s, branches: [{mu: 9 GPa, eta: 1e19 Pa*s}]",
         f".branches: goes with model: generalised_maxwell {ONLY}"),
        ("maxwell, eta: -1e19 Pa*s",
         ".eta: '-1e19 Pa*s' must be above 0 Pa*s, or an expression in x, y, z, depth"),
        ("maxwell, eta: 1e19 Pa", ".eta: '1e19 Pa' is no viscosity; write e.g. '1e19 Pa*s'"),
        ("generalised_maxwell, branches: []", ".branches: has 0 branches; give 1 to 8"),
        ("generalised_maxwell, branches: [" + "{mu: 1 GPa, eta: 1 Pa*s}, " * 9 + "]",
         ".branches: has 9 branches; give 1 to 8"),
        ("generalised_maxwell, branches: 3",
         f".branches: 3 is no list, [...]; write e.g. {WRITE}"),
        ("generalised_maxwell, branches: [{mu: 9 GPa, eat: 1e19 Pa*s, eta: 1 Pa*s}]",
         ".branches[0].eat: unknown key; did you mean eta?"),
        ("generalised_maxwell, branches: [{mu: 9 GPa}]",
         ".branches[0].eta: missing; write e.g. eta: 1e19 Pa*s"),
        ("generalised_maxwell, branches: [{mu: 0 GPa, eta: 1e19 Pa*s}]",
         ".branches[0].mu: '0 GPa' must be above 0 Pa"),
        ("generalised_maxwell, branches: [{mu: 20 GPa, eta: 1 Pa*s}, {mu: 11 GPa, eta: 1 Pa*s}]",
         f".branches: their mu sum to 3.1e+10 Pa, above the shear modulus 3e+10 Pa; {SUM}"),
        ("plastic", f".model: 'plastic' is not yet available; use {MODELS}"),
        ("generalized_maxwell",
         ".model: 'generalized_maxwell' is no model; did you mean generalised_maxwell?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rheology_is_one_line(model: str, said: str, write: Writer) -> None:
    assert told(write(case_with(model))) == f"case.yaml:3: materials.rock{said}"


def test_rheologies_come_back_from_the_case_as_they_were_written(write: Writer) -> None:
    branches = "[{mu: 1e10 Pa, eta: 1e19*exp(-depth/km)}, {mu: {file: a.csv}, eta: 1 Pa*s}]"
    for model in (
        "burgers, eta: 1e19 Pa*s, mu_kelvin: 20 GPa, eta_kelvin: 1e18 Pa*s",
        f"generalised_maxwell, branches: {branches}",
        "standard_linear_solid, mu_kelvin: 20 GPa, eta_kelvin: 1e18*(1 + x/km)**2",
    ):
        case = load_case(write(case_with(model)))
        again = type(case).model_validate(case.resolved())
        assert again.materials == case.materials


SPAN = {"end": 50 * YEAR, "step": YEAR}


def test_only_a_case_with_time_relaxes(capsys: pytest.CaptureFixture[str]) -> None:
    upper = MANY | {"where": {"depth": (0.0, 20e3)}}
    lower = BURGERS | {"where": {"depth": (20e3, 90e3)}}
    lower |= {"eta": Expression("1e19*(1 + (depth > 30*km))", POSITION)}
    materials = {"upper": upper, "lower": lower}
    model = hard_bodies.cube(4, materials, time=SPAN)
    assert model.relaxing is not None
    assert np.array_equal(model.relaxing.elements, np.arange(model.mesh.n_tets))
    assert (model.elastic.mu == 30e9).all()  # the instantaneous modulus
    describe(model)
    said = [line for line in capsys.readouterr().out.splitlines() if "relaxation" in line]
    fast = rheology.burgers(30e9, 1e19, 20e9, 1e18)[1][0] / YEAR
    slow = rheology.burgers(30e9, 2e19, 20e9, 1e18)[1][1] / YEAR
    assert said == [
        "material upper: relaxation times 2.641 … 1056 yr",
        f"material lower: relaxation times {fast:.4g} … {slow:.4g} yr",
    ]
    assert hard_bodies.cube(4, {"rock": ROCK}, time=SPAN).relaxing is None
    assert hard_bodies.cube(4, materials).relaxing is None
    describe(replace(model, relaxing=None))
    assert "relaxation" not in capsys.readouterr().out
