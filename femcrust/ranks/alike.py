"""Ranks compute what they share on each of them, and count on the same bits everywhere."""

from __future__ import annotations

from typing import Any

from femcrust import backends
from femcrust.comm import Comm, together
from femcrust.errors import InputError


def check_alike(comm: Comm, backend: Any) -> None:
    """InputError where ranks have other backends or, on processors, other instruction sets."""
    kind = "CUDA" if backends.is_cuda(backend) else f"cpu {backends.core().instruction_set}"
    told = comm.gather(kind)

    def compare() -> None:
        if told is not None and len(set(told)) > 1:
            kinds = ", ".join(f"{told.count(kind)} with {kind}" for kind in sorted(set(told)))
            raise InputError(
                f"solver.backend: ranks differ ({kinds}), and their answers would not fit together;"
                " set solver.backend: cpu, and FEMCRUST_ISA to the least of them (v2, v3)"
            )

    together(comm, compare)
