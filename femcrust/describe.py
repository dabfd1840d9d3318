"""What a model is, in lines for people: they catch km for m and GPa slips before any solve."""

from __future__ import annotations

from femcrust import progress
from femcrust.mesh.quality import quality
from femcrust.model import Model


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
    for source in model.sources:
        progress.say(
            f"fault {source.name}: area {source.area / 1e6:.4g} km²,"
            f" moment {source.moment:.3e} N m, Mw {source.magnitude:.2f}"
        )
