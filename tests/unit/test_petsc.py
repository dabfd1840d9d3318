"""PETSc as the solver: its matrix is our operator, its answers are ours, its options are no code.

What needs petsc4py is marked so; `make petsc` runs it in an environment that has it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_conditions import block, conditions

import femcrust as fc
import tiny_case
from conftest import absent
from femcrust import backends, operators, solvers
from femcrust.boundaries.conditions import Conditions
from femcrust.case import build_case
from femcrust.case.load import load_case
from femcrust.discretisation import discretise
from femcrust.errors import InputError, NotConverged
from femcrust.operators import assembled
from femcrust.run import run
from tiny_case import desk

__all__ = ["desk"]  # a fixture

ROUNDING = 1e-12  # of the largest force: sums of some hundred products
TIGHT = 1e-11  # solver.tolerance: far below what is asserted of the answers
AGREE = 1e-8  # of the largest displacement


@pytest.fixture(scope="module")
def petsc() -> Any:
    from femcrust.petsc import library

    try:
        return library()
    except InputError as error:
        absent("petsc", str(error))


MIXED = {
    "sides": "infinite",
    "bottom": {"springs": {"normal": 1e7, "tangential": 3e6}},
    "north": {"displacement": {"x": 0.3}},
    "east": "roller",
}


def test_the_matrix_is_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Infinite elements, springs, held directions that meet at edges; random unequal λ, μ."""
    monkeypatch.setattr(assembled, "CHUNK", 50)  # several parts
    mesh = block(4)
    space, chosen = discretise(mesh), conditions(mesh, MIXED)
    rng = np.random.default_rng(660_215_873)
    lam, mu = rng.uniform(1e10, 9e10, (2, mesh.n_tets))
    operator = operators.elastic(space, lam, mu, chosen, backends.select("cpu"))
    assert len(operator.held_nodes) > 50
    matrix = assembled.matrix(operator, chosen)
    u = operator.project(rng.normal(size=(space.n_nodes, 3, 1)))[:, :, 0]
    wanted = operator @ u
    bound = ROUNDING * np.abs(wanted).max()
    np.testing.assert_allclose((matrix @ u.ravel()).reshape(-1, 3), wanted, atol=bound)
    # of what is held, the matrix keeps the directions apart and is regular
    held = rng.normal(size=u.shape)
    held -= operator.project(held[:, :, None])[:, :, 0]
    there = (matrix @ held.ravel()).reshape(-1, 3)
    scale = there[operator.held_nodes] / np.where(held == 0, 1, held)[operator.held_nodes]
    assert scale[scale != 0].min() > 0.999 * scale.max() > 0
    without = assembled.matrix(operator, Conditions())
    assert np.abs(without @ u.ravel() - wanted.ravel()).max() > 1e-3 * np.abs(wanted).max()


def both(case: dict[str, Any], **petsc: Any) -> tuple[Any, Any]:
    """The case by femcrust and by PETSc."""
    case = {**case, "solver": {"tolerance": TIGHT, "backend": "cpu"}}
    ours = run(build_case(case))
    case["solver"] |= {"library": "petsc", **petsc}
    return ours, run(build_case(case))


BOX = {"box": {"x": [-40e3, 40e3], "y": [-40e3, 40e3], "z": [-30e3, 0.0],
               "size": {"near": 8e3, "far": 16e3}}}  # fmt: skip
FAULT = {
    "rectangle": {"top_center": [0.0, 0.0, -5e3], "length": 2e4, "width": 1e4, "strike": 0.5,
                  "dip": 1.2},
    "slip": {"amount": 1.0, "rake": 0.8},
}  # fmt: skip
LAYERS = {
    "crust": {"mu": 3e10, "nu": 0.25, "where": {"depth": [0.0, 15e3]}},
    "mantle": {"mu": 9e10, "nu": 0.3, "where": {"depth": [15e3, 30e3]}},
}
HELD = {"bottom": "fixed", "west": "roller", "east": {"displacement": {"x": 0.1, "z": 0.02}},
        "north": {"springs": {"normal": 1e7}}}  # fmt: skip
DISC = {"ice": {"disc": {"center": [0.0, 1e4], "radius": 1e4}, "pressure": 9e6}}
ROCK = {"mu": 3e10, "nu": 0.25}
CASES: dict[str, dict[str, Any]] = {
    "infinite elements, layers, a fault": {
        "mesh": BOX, "materials": LAYERS, "faults": {"main": FAULT},
        "boundaries": {"sides": "infinite", "bottom": "infinite"},
    },
    "held, pushed, on springs, a disc load": {
        "mesh": BOX, "materials": LAYERS, "loads": DISC, "boundaries": HELD,
    },
    "three years of a Maxwell body": {
        "mesh": BOX, "materials": {"rock": {**ROCK, "model": "maxwell", "eta": 1e18}},
        "faults": {"main": FAULT}, "boundaries": {"sides": "infinite", "bottom": "infinite"},
        "time": {"end": 9.5e7, "step": 2e7},
    },
}  # fmt: skip


@pytest.mark.petsc
@pytest.mark.parametrize("name", CASES)
def test_the_answers_are_ours(name: str, petsc: Any) -> None:
    ours, theirs = both(CASES[name])
    peak = np.abs(ours.displacement).max()
    assert peak > 1e-2
    assert np.abs(theirs.displacement - ours.displacement).max() < AGREE * peak
    assert all(step["relative_residual"] <= TIGHT for step in theirs.summary["steps"])
    assert theirs.summary["preconditioner"] == "petsc"


@pytest.mark.petsc
@pytest.mark.parametrize(
    "options",
    [
        "-ksp_type preonly -pc_type cholesky",
        "-ksp_type gmres -pc_type jacobi -ksp_rtol 1e-3",
        "-pc_type bjacobi -sub_pc_type icc -ksp_norm_type preconditioned",
        "-pc_gamg_threshold 0.01 -mg_levels_ksp_max_it 3",
    ],
)
def test_options_change_how_not_what(options: str, petsc: Any) -> None:
    case = CASES["held, pushed, on springs, a disc load"]
    ours, theirs = both(case, petsc={"options": options}, max_iterations=5000)
    bound = AGREE * np.abs(ours.displacement).max()
    assert np.abs(theirs.displacement - ours.displacement).max() < bound


@pytest.mark.petsc
def test_a_wrong_matrix_does_not_converge(petsc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The residual is that of our operator, whatever PETSc thinks it has solved."""
    case = CASES["infinite elements, layers, a fault"]
    right = assembled.element_matrices

    def softer(*given: Any) -> Any:
        return ((part, 0.5 * k) for part, k in right(*given))

    monkeypatch.setattr(assembled, "element_matrices", softer)
    with pytest.raises(NotConverged, match="PETSc stopped at relative residual"):
        both(case)


@pytest.mark.petsc
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-pc_type nonsense", r"options: PETSc says: .*nonsense.*; choose other solver.petsc"),
        ("-ksp_type preonly -pc_type cholesky -pc_factor_mat_solver_type nosuch", r"PETSc says: "),
    ],
)
def test_what_petsc_refuses_is_one_line(options: str, message: str, petsc: Any) -> None:
    with pytest.raises(InputError, match=message) as caught:
        both(CASES["infinite elements, layers, a fault"], petsc={"options": options})
    assert "\n" not in str(caught.value)


@pytest.mark.petsc
def test_too_few_iterations_and_misspelt_options_are_told(
    petsc: Any, caplog: pytest.LogCaptureFixture
) -> None:
    few = {"max_iterations": 2, "petsc": {"options": "-pc_gamg_treshold 0.01"}}
    with pytest.raises(NotConverged, match=r"after 2 iterations of at most 2 .*max_iterations"):
        both(CASES["infinite elements, layers, a fault"], **few)
    assert "PETSc has no use for -pc_gamg_treshold here" in caplog.text


@pytest.mark.petsc
def test_many_columns_and_a_guess(petsc: Any) -> None:
    case = build_case({**CASES["infinite elements, layers, a fault"],
                       "solver": {"library": "petsc", "tolerance": TIGHT}})  # fmt: skip
    operator, solver = fc.build(case)
    rng = np.random.default_rng(118_273_999)
    loads = rng.normal(size=(operator.space.n_nodes, 3, 2))
    found = solvers.solve_many(operator, solver, loads, tolerance=TIGHT)
    for i in range(2):
        left = loads[:, :, i] - operator @ found.displacement[:, :, i]
        assert np.linalg.norm(left) <= 1.001 * TIGHT * np.linalg.norm(loads[:, :, i])
    again = solvers.solve_many(
        operator, solver, loads, tolerance=1.1 * TIGHT, guess=found.displacement
    )
    assert again.iterations == [0, 0]
    nothing = solvers.solve_many(operator, solver, 0 * loads[:, :, :1])
    assert not nothing.displacement.any()


# --- without petsc4py ---


def test_a_missing_petsc4py_is_one_line_before_any_work(
    monkeypatch: pytest.MonkeyPatch, desk: tiny_case.Desk
) -> None:
    monkeypatch.setitem(sys.modules, "petsc4py", None)
    told = desk.told("run", "case.yaml", "--set", "solver.library=petsc")
    assert tiny_case.matches(r"^solver.library: petsc needs petsc4py, .*; pip install", told)
    with pytest.raises(InputError, match="needs petsc4py"):
        run(build_case({**CASES["infinite elements, layers, a fault"],
                        "solver": {"library": "petsc"}}))  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        "-pc_type python -pc_python_type os.system",
        "-ksp_type python",
        "-options_file other",
        "-ksp_view binary:../x",
        "-ksp_monitor :/tmp/x",
        "-mat_view_solution a",
        "-log_view",
        "-pc_type ../x",
        "-pc_type a/b",
        "-mat_mumps_ooc_tmpdir x",
        "-pc_type lu lu",
        "lu",
        "-pc_type $(x)",
        "-pc_type a:b",
        "-malloc_dump",
        "-pc_hypre_euclid_file x",
        "-prefix_push x",
    ],
)
def test_options_that_could_do_more_than_solve_are_refused(options: str, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    solver = f"solver: {{library: petsc, petsc: {{options: '{options}'}}}}\n"
    case.write_text(tiny_case.CASE + solver)
    with pytest.raises(InputError, match=r"case.yaml:\d+: solver.petsc.options: .* is no option"):
        load_case(case)


def test_options_of_how_to_solve_are_taken(tmp_path: Path) -> None:
    text = "-ksp_type fgmres -ksp_rtol 1e-9 -mg_levels_0_pc_type sor -mg_coarse_ksp_max_it 3"
    text += " -pc_gamg_threshold -0.01 -pc_hypre_boomeramg_strong_threshold .5 -pc_gamg_sym 1"
    case = tmp_path / "case.yaml"
    case.write_text(f"{tiny_case.CASE}solver: {{library: petsc, petsc: {{options: '{text}'}}}}\n")
    loaded = load_case(case).solver.petsc
    assert loaded is not None
    assert loaded.options == text
    case.write_text(f"{tiny_case.CASE}solver: {{petsc: {{options: ''}}}}\n")
    with pytest.raises(InputError, match=r"solver.petsc: is for library: petsc; write that too"):
        load_case(case)
