"""Which machine computes: the one door to the compiled core."""

from __future__ import annotations

import os
from typing import Any

from femcrust.errors import DeviceError, InputError

AVAILABLE = ("cpu",)


# Turns that a thread of libgomp spins at a barrier before it sleeps. Its own default is so long
# that one foreign job on the machine made solves 50 times slower; this one costs nothing alone.
SPIN = "2000"


def core() -> Any:
    """The compiled module; it is imported late so that `import femcrust` stays light."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # read once, when libgomp is loaded
    try:
        from femcrust import _core
    except ImportError as error:
        if "FEMCRUST_ISA" in str(error):  # the module refuses an instruction set that it lacks
            raise InputError(f"{error}; unset it, or choose one of these") from error
        raise
    return _core


def select(name: str = "auto") -> Any:
    """The submodule of the core for `auto` or `cpu`; an explicit choice never falls back."""
    asked = name or "auto"
    if asked == "auto":
        return core().cpu
    if asked not in AVAILABLE:
        raise DeviceError(
            f"solver.backend: '{asked}' is not in this build; available: {', '.join(AVAILABLE)}"
        )
    return getattr(core(), asked)


def set_threads(n: int | None) -> int:
    """Use n threads (None: OMP_NUM_THREADS, else every core) and return how many that is."""
    if n is not None:
        core().set_threads(n)
    elif "OMP_NUM_THREADS" not in os.environ:
        core().set_threads(len(os.sched_getaffinity(0)))
    return int(core().threads())


def description() -> dict[str, str | bool | int]:
    """What the module was built for and what it chose here."""
    return {
        "backend": "cpu",
        "instruction_set": str(core().instruction_set),
        "cuda": bool(core().has_cuda),
        "threads": int(core().threads()),
    }
