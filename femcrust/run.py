"""From a case to its results: the whole data flow on one screen.

case → mesh, materials, faults, boundaries (model) → quadratic space (discretisation) → operator
→ preconditioner → conjugate gradients (relax: in every step of time) → displacement, stress,
stations (answers) → files.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from femcrust import (
    backends,
    comm,
    machine,
    materials,
    operators,
    outputs,
    preconditioners,
    progress,
    solvers,
)
from femcrust.answers import Answers
from femcrust.case import Case, load_case
from femcrust.checkpoint import Keeper
from femcrust.describe import describe
from femcrust.errors import NotConverged
from femcrust.mesh.from_case import check_target, write_mesh
from femcrust.mesh.quality import quality
from femcrust.model import Body, Model, build_model, mesh_of
from femcrust.operators import ElasticOperator
from femcrust.outputs.result import Result
from femcrust.ranks import Share, share
from femcrust.ranks.alike import check_alike
from femcrust.relax import Observe, relax
from femcrust.stations import case_stations


def run(
    case: Case,
    model: Model | None = None,
    observe: Observe | None = None,
    keeper: Keeper | None = None,
) -> Result:
    """Solve a case; raises NotConverged rather than returning a wrong answer.

    Over a span of time the last result is returned, and `observe` gets that of every wanted time;
    `keeper` keeps checkpoints. Under mpirun every rank calls this, and rank 0 has the whole result.
    """
    started = time.perf_counter()
    mine = share(case, lambda: build_model(case) if model is None else model)
    return run_part(case, mine, started, observe, keeper)


def run_part(
    case: Case,
    mine: Share,
    started: float,
    observe: Observe | None = None,
    keeper: Keeper | None = None,
    kept: bool = False,
) -> Result:
    """What each rank does of a run, with its share of the model; `kept` as in Answers."""
    stations = comm.on_root(mine.comm, lambda: case_stations(case, mine.whole))
    threads = backends.set_threads(case.solver.threads, mine.comm.here)
    machine.check_threads(threads)

    setup = time.perf_counter()
    operator, preconditioner = pieces(case, mine)
    setup = time.perf_counter() - setup

    progress.say(
        f"solving for {3 * mine.n_nodes():,} unknowns on {_machine(operator, mine, threads)}"
    )
    answers = Answers(case, mine, operator.backend, stations, threads, started, setup, kept)
    with _naming_the_cause(mine.held or mine.model):
        if case.time is not None:
            return relax(answers, operator, preconditioner, observe, keeper)
        solution = _at_once(case, mine.model, operator, preconditioner)
    answers.device_memory_bytes = backends.device_memory(operator.backend)["held"]
    del preconditioner  # its memory is wanted for stresses and pictures
    u = solution.displacement
    step = {
        "time_s": 0.0,
        "iterations": solution.iterations,
        "relative_residual": solution.residuals[-1],
        "solve_s": solution.seconds,
        "initial_relative_residual": solution.residuals[0],
    }
    stress = operators.stress(operator, mine.model.sources, u)
    return answers.result(u, stress, [step], history=solution.residuals)


def _at_once(
    case: Case, model: Body, operator: ElasticOperator, preconditioner: Any
) -> solvers.Solution:
    """The elastic answer."""
    with progress.task("solve") as advance:
        return solvers.solve(
            operator,
            preconditioner,
            operators.load(operator, model.sources, model.conditions),
            tolerance=case.solver.tolerance,
            max_iterations=case.solver.max_iterations,
            watch=solvers.reporting(advance, case.solver.tolerance),
        )


@contextlib.contextmanager
def _naming_the_cause(model: Body) -> Iterator[None]:
    """A solve that does not converge tells which material it may be due to."""
    try:
        yield
    except NotConverged as error:
        slow = materials.nearly_incompressible(model.elastic)
        if not slow:
            raise
        raise NotConverged(f"{error}; {slow}, nearly incompressible: lower it to 0.49") from error


def build(case: Case, model: Model | None = None) -> tuple[ElasticOperator, Any]:
    """The pieces of a solve: `operator @ u` gives forces, `preconditioner(r)` a correction; of this
    rank's part, where there are several."""
    return pieces(case, share(case, lambda: build_model(case) if model is None else model))


def pieces(case: Case, mine: Share, ranks: comm.Comm | None = None) -> tuple[ElasticOperator, Any]:
    """The same of a share of a model; `ranks` are those that work beside it, where each has a whole
    model for itself."""
    space, model = mine.space(), mine.model
    beside = ranks or mine.comm
    n_dof, by_petsc = space.n_dof * beside.here, case.solver.library == "petsc"
    whole = 0 if mine.part is None or mine.held is None else mine.held.mesh.n_tets

    def check_memory() -> None:
        machine.check_memory(
            n_dof, "mesh", model.n_branches, assembled=by_petsc, n_tets_of_whole=whole
        )

    comm.together(mine.comm, check_memory)
    backend = backends.select(case.solver.backend, beside.place)
    check_alike(mine.comm, backend)
    elastic = model.elastic
    operator = operators.elastic(space, elastic.lam, elastic.mu, model.conditions, backend)
    return operator, preconditioners.of_case(case.solver, operator, model.conditions)


def _machine(operator: ElasticOperator, mine: Share, threads: int) -> str:
    where = backends.device_name(operator.backend) or f"{threads} threads"
    return where if mine.comm.size == 1 else f"{mine.comm.size} ranks, each with {where}"


def run_file(
    path: Path, overrides: Sequence[str] = (), output: Path | None = None, resume: bool = False
) -> Path:
    """Solve the case in a file and write its results; returns their folder.

    resume : go on from the last checkpoint of a run over time that was stopped
    """
    case = load_case(path, overrides)
    backends.select(case.solver.backend)  # complains before any work
    preconditioners.check(case.solver)
    directory = output or case.directory / case.output.directory

    def build_whole() -> Model:
        outputs.check_directory(directory)
        outputs.check_inputs_survive(case, directory)
        progress.say(f"{path}: {case.case.title}")
        model = build_model(case)
        outputs.check_grid(case, model.mesh)
        describe(model)
        return model

    mine = share(case, build_whole)
    series = outputs.Series(case, directory)
    keeper = Keeper(case, directory, series, resume)
    started = time.perf_counter()
    result = run_part(case, mine, started, series.add, keeper, kept=True)
    if case.time is None:
        step = result.summary["steps"][0]
        progress.say(
            f"solved: {step['iterations']} iterations, relative residual"
            f" {step['relative_residual']:.1e}, {step['solve_s']:.2f} s"
            f" (setup {result.summary['setup_s']:.2f} s)"
        )
    for written in series.write(result):
        progress.say(f"  {written}")
    if mine.root:
        keeper.forget()
    progress.say(f"results are in {directory}")
    return directory


def mesh_file(path: Path, overrides: Sequence[str] = (), output: Path | None = None) -> Path:
    """Make the mesh of the case in a file, print its quality and write it."""
    case = load_case(path, overrides)
    target = output or case.directory / "mesh.vtu"
    check_target(case, target)
    mesh = mesh_of(case)
    progress.say(quality(mesh).text())
    write_mesh(mesh, target)
    progress.say(f"mesh is in {target}")
    return target


class _Callable(ModuleType):
    """`femcrust.run(case)` calls `run` above although this module has the same name."""

    def __call__(
        self, case: Case, model: Model | None = None, observe: Observe | None = None
    ) -> Result:
        return run(case, model, observe)


sys.modules[__name__].__class__ = _Callable
