"""Errors in tilt, strain and stress at stations."""

from __future__ import annotations

from mutations.mutation import Mutation

FIELDS = ("tests/unit/test_greens_fields.py",)
OKADA = ("tests/verification/greens/test_gradients_in_a_half_space.py",)

STATION_FIELDS = (
    Mutation(
        "slopes of mid-edge shape functions halved",
        "femcrust/sampling.py",
        "4 * (at[:, i] * linear[:, j] + at[:, j] * linear[:, i])",
        "2 * (at[:, i] * linear[:, j] + at[:, j] * linear[:, i])",
        FIELDS,
    ),
    Mutation(
        "tilt of a line to the north for one to the east",
        "femcrust/sampling.py",
        "rise, _gradients_in(space, tets)[..., :2]",
        "rise, _gradients_in(space, tets)[..., 1::-1]",
        OKADA,
    ),
    Mutation(
        "slip left in the strain at stations",
        "femcrust/sampling.py",
        "strain[here] -= source",
        "strain[here] -= 0 * source",
        FIELDS,
    ),
    Mutation(
        "shear at stations as engineers count it",
        "femcrust/sampling.py",
        "(g[..., i, j] + g[..., j, i]) / 2 for",
        "(g[..., i, j] + g[..., j, i]) / (1 + (i == j)) for",
        OKADA,
    ),
    Mutation(
        "a station's eigenstrain that is not dual to its cell's vertices",
        "femcrust/greens/station_loads.py",
        "barycentric[k] - 0.2",
        "barycentric[k] - 0.25",
        FIELDS,
    ),
    Mutation(
        "stress of a library that nothing has relaxed",
        "femcrust/greens/forward.py",
        'told["stress"][here] -= linear_at',
        'told["stress"][here] -= 0 * linear_at',
        FIELDS,
    ),
    Mutation(
        "tensors turned the other way at stations by degrees",
        "femcrust/outputs/station_fields.py",
        "convergence[:, None]).transpose(0, 2, 1)",
        "convergence[:, None])",
        FIELDS,
    ),
    Mutation(
        "batches of tilt that fill the strain",
        "femcrust/greens/library.py",
        "kind_of.get(field.name, STATIONS)",
        'kind_of.get({"strain": "tilt"}.get(field.name, field.name), STATIONS)',
        FIELDS,
    ),
)
