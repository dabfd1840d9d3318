"""`femcrust check`: everything that can be wrong with a case, without solving it.

Builds mesh, materials, faults, boundaries and stations, forecasts the cost, prints moments, and
draws the faults with their strike and slip, the stations and the mesh beside the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from femcrust import backends, greens, machine, memory, outputs, progress
from femcrust.case import load_case
from femcrust.describe import describe
from femcrust.discretisation import count_nodes
from femcrust.model import build_model
from femcrust.preconditioners import STORAGE
from femcrust.stations import case_stations


def check_file(path: Path, overrides: Sequence[str] = ()) -> Path:
    """Check the case in a file; returns the picture that was drawn beside it."""
    case = load_case(path, overrides)
    backends.select(case.solver.backend)  # complains where it is not in this build
    directory = case.directory / case.output.directory
    outputs.check_directory(directory)
    outputs.check_inputs_survive(case, directory)
    model = build_model(case)
    stations = case_stations(case, model)
    outputs.check_grid(case, model.mesh)
    progress.say(f"{path}: {case.case.title}")
    describe(model)
    n_nodes = count_nodes(model.mesh)
    n_dof = 3 * n_nodes
    if case.greens is not None and stations is not None:
        sources, seen, plan = greens.planned(model)
        progress.say(greens.described(sources, seen, plan))
        progress.say(greens.forecast(n_dof, model.n_branches, greens.loaded_fields(case, seen)))
    threads = backends.set_threads(case.solver.threads)
    by_petsc = case.solver.library == "petsc"
    needed = machine.memory_needed(n_dof, model.n_branches, assembled=by_petsc)
    progress.say(
        f"forecast: {n_dof:,} unknowns, {needed / machine.GIB:.1f} of"
        f" {machine.physical_memory() / machine.GIB:.1f} GiB of memory, about"
        f" {progress.duration(machine.seconds_needed(n_dof, threads))} on {threads} threads"
        + (" for the first answer" if case.time is not None else "")
    )
    far = model.conditions.infinite
    on_device = memory.device_bytes(
        model.mesh.n_tets,
        n_nodes,
        model.mesh.n_points,
        storage=STORAGE[case.solver.precision],
        n_infinite=0 if far is None else len(far.faces),
    )
    progress.say(f"on a GPU: {on_device / memory.GIB:.1f} GiB of its memory")
    machine.check_memory(n_dof, "mesh", model.n_branches, assembled=by_petsc)
    picture = outputs.draw_check(
        model.mesh,
        model.elastic,
        model.sources,
        case.directory / f"{path.stem}-check.png",
        None if stations is None else stations.xyz,
        () if stations is None else stations.listed.names,
        case.case.title,
    )
    progress.say(f"the set-up is drawn in {picture}; the case is valid")
    return picture
