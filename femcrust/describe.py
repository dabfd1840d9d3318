"""What a model is, in lines for people: they catch km for m and GPa slips before any solve."""

from __future__ import annotations

import logging

import numpy as np

from femcrust import materials, progress
from femcrust.materials import creep
from femcrust.mesh.quality import quality
from femcrust.model import Model
from femcrust.outputs.stations import SECONDS_PER_YEAR

COARSE = 2.0  # relaxation times in a step, whose stress then errs by 7 % of what was there

log = logging.getLogger("femcrust")


def describe(model: Model) -> None:
    """Print the mesh, the materials and the moments of a model."""
    progress.say(quality(model.mesh).text())
    elastic = model.elastic
    for number, name in enumerate(elastic.names):
        own = elastic.index == number
        mu = elastic.mu[own] / 1e9
        progress.say(
            f"material {name}: {own.sum():,} elements, mu {mu.min():.4g} … {mu.max():.4g} GPa"
        )
    _describe_relaxation(model)
    slow = materials.nearly_incompressible(elastic)
    if slow:
        log.warning(f"{slow}: convergence is slow where volume hardly changes; 0.49 is faster")
    for source in model.sources:
        progress.say(
            f"fault {source.name}: area {source.area / 1e6:.4g} km²,"
            f" moment {source.moment:.3e} N m, Mw {source.magnitude:.2f}"
        )


def _describe_relaxation(model: Model) -> None:
    """The range of relaxation times of every material that relaxes."""
    relaxing = model.relaxing
    if relaxing is None:
        return
    of = model.elastic.index[relaxing.elements]
    for number in np.unique(of):
        rock = relaxing.only(of == number)
        times, at = rock.times, ""
        if rock.creeps.any():
            x = creep.AN_EXAMPLE / creep.sigma_of_strain(rock.moduli[:, 0])
            times = 1 / (1 / times[:, 0] + rock.powers * x ** (rock.exponents - 1))
            at = " at a differential stress of 1 MPa"
        times = times[np.isfinite(times)] / SECONDS_PER_YEAR
        progress.say(
            f"material {model.elastic.names[number]}: relaxation times"
            f" {times.min():.4g} … {times.max():.4g} yr{at}"
        )
    _warn_of_long_steps(model, float(relaxing.times.min()))


def _warn_of_long_steps(model: Model, shortest: float) -> None:
    """Steps of a fixed length that pass over the fastest relaxation: nobody would see the error."""
    span = model.case.time
    if span is not None and span.tolerance is None and span.step > COARSE * shortest:
        log.warning(
            f"time.step: {span.step / SECONDS_PER_YEAR:.4g} yr is {span.step / shortest:.3g} times"
            f" the shortest relaxation time, {shortest / SECONDS_PER_YEAR:.4g} yr, and nothing"
            " estimates the error; give time.tolerance, e.g. 1e-3, or a shorter step"
        )
