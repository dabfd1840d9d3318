"""What a model is, in lines for people: they catch km for m and GPa slips before any solve."""

from __future__ import annotations

import logging

from femcrust import materials, progress
from femcrust.mesh.quality import quality
from femcrust.model import Model

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
    slow = materials.nearly_incompressible(elastic)
    if slow:
        log.warning(f"{slow}: convergence is slow where volume hardly changes; 0.49 is faster")
    for source in model.sources:
        progress.say(
            f"fault {source.name}: area {source.area / 1e6:.4g} km²,"
            f" moment {source.moment:.3e} N m, Mw {source.magnitude:.2f}"
        )
