"""From inversion.yaml to slip: the flow of `femcrust invert`.

library, data → rows and unknowns (design) → weight → slip, spread, resolution (estimate) → files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from femcrust import progress
from femcrust.case.load import build_section, load_file
from femcrust.errors import InputError
from femcrust.inversion.design import Problem, make_problem, predictions
from femcrust.inversion.estimate import estimate
from femcrust.inversion.library import Library, alike, chosen, read_library
from femcrust.inversion.measures import fits, moments
from femcrust.inversion.observations import read_data
from femcrust.inversion.result import SlipModel, Variant
from femcrust.inversion.schema import Inversion
from femcrust.outputs.atomic import check_directory

Given = Inversion | Mapping[str, Any] | str | os.PathLike[str]


def invert(given: Given, directory: str | os.PathLike[str] = ".") -> SlipModel:
    """The slip of an inversion.yaml, of the same as plain data, or as checked sections.

    directory : where relative files start in plain data
    """
    if isinstance(given, Mapping):
        return solve(build_section(Inversion, given, directory))
    if isinstance(given, Inversion):
        return solve(given)
    return solve(load_file(Inversion, given))


def invert_file(path: Path, overrides: Sequence[str] = (), output: Path | None = None) -> Path:
    """Invert as a file says and write the results; returns their folder."""
    from femcrust.inversion.files import write

    inversion = load_file(Inversion, path, overrides)
    directory = output or inversion.directory / inversion.output.directory
    check_directory(directory)
    _spare_inputs(inversion, directory)
    progress.say(f"{path}: {inversion.title}")
    model = solve(inversion)
    model.say()
    for written in write(model, directory):
        progress.say(f"  {written}")
    progress.say(f"results are in {directory}")
    return directory


def _spare_inputs(inversion: Inversion, directory: Path) -> None:
    """Refuse a folder in which a result would replace what it is made of."""
    from femcrust.inversion.files import NAMES

    files = [inversion.library, *inversion.structures]
    for section in inversion.data.values():
        files.append(section.file)
        if section.covariance is not None and section.covariance.file is not None:
            files.append(section.covariance.file)
    for name in files:
        path = (inversion.directory / name).resolve()
        if path.parent == directory.resolve() and path.name in NAMES:
            raise InputError(
                f"output.directory: the result {path.name} would replace the input {name}; choose"
                " another folder"
            )


def solve(inversion: Inversion) -> SlipModel:
    """Read what the sections name, and find slip."""
    started = time.perf_counter()
    sought = inversion.slip
    whole = read_library(inversion.directory / inversion.library, inversion.epoch)
    others = [
        alike(whole, read_library(inversion.directory / name, inversion.epoch))
        for name in inversion.structures
    ]
    library, *others = (chosen(lib, sought.faults, sought.components) for lib in (whole, *others))
    problem = make_problem(inversion, library, read_data(inversion, library))
    found = estimate(problem, inversion, others)
    variants = []
    if others:
        names = (inversion.library, *inversion.structures)
        first = None
        for name, other in zip(names, (library, *others), strict=True):
            variants.append(_variant(problem, inversion, name, other, first))
            first = variants[0]
    return SlipModel(inversion, problem, found, variants, time.perf_counter() - started)


def _variant(
    problem: Problem, inversion: Inversion, name: str, other: Library, first: Variant | None
) -> Variant:
    """What the data tell of slip where this structure alone is believed."""
    design = predictions(other, problem.basis, problem.data)
    theirs = replace(
        problem,
        library=replace(problem.library, rigidity=other.rigidity),
        system=replace(problem.system, design=design),
    )
    found = estimate(theirs, inversion)
    reference = found.slip if first is None else first.slip
    size = max(float(np.linalg.norm(reference)), 1e-300)
    return Variant(
        name=name,
        slip=found.slip,
        fit=fits(theirs, found.predicted, found.choice.sets),
        moment=moments(theirs, found.slip, found.covariance)[0],
        apart=float(np.linalg.norm(found.slip - reference)) / size,
    )
