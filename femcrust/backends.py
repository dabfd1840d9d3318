"""Which machine computes: the one door to the compiled core."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from femcrust.errors import DeviceError, InputError

# Turns that a thread of libgomp spins at a barrier before it sleeps. Its own default is so long
# that one foreign job on the machine made solves 50 times slower; this one costs nothing alone.
SPIN = "2000"
# FEMCRUST_CUDA=emulated: the CUDA backend on the host, slowly, in builds for tests.
EMULATION_VARIABLE = "FEMCRUST_CUDA"
_NAME = re.compile(r"cuda(?::(\d{1,4}))?")


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


def select(name: str = "auto", place: int = 0) -> Any:
    """The submodule of the core for `auto`, `cpu`, `cuda` or `cuda:1`.

    auto: CUDA where a device answers. An explicit choice never falls back. Without a number, ranks
    on one machine take its devices in turn by their `place` there.
    """
    asked = name or "auto"
    if asked == "cpu":
        return core().cpu
    count, why = devices()
    if asked == "auto" and count == 0:
        return core().cpu
    if asked in ("auto", "cuda") and count > 0:
        core().device.choose(place % count)
        return core().cuda
    match = _NAME.fullmatch(asked)
    if match is None:
        raise DeviceError(f"solver.backend: '{asked}' is none of auto, cpu, cuda, cuda:1, …")
    if count == 0:
        raise DeviceError(f"solver.backend: '{asked}': {why}; available: cpu")
    device = int(match[1] or 0)
    if device >= count:
        there = ", ".join(f"cuda:{i}" for i in range(count))
        raise DeviceError(f"solver.backend: '{asked}': no such device; available: cpu, {there}")
    core().device.choose(device)
    return core().cuda


def devices() -> tuple[int, str]:
    """How many CUDA devices answer; where none does, why."""
    compiled = core()
    if emulated():
        if not compiled.has_emulator:
            return 0, "FEMCRUST_CUDA=emulated, but this build holds no emulator"
        compiled.device.emulate(True)
    elif not compiled.has_cuda:
        return 0, "this build has no CUDA; install femcrust where nvcc is found"
    else:
        compiled.device.emulate(False)
    count, why = compiled.device.devices()
    return int(count), str(why)


def emulated() -> bool:
    """Whether the CUDA backend would work on the host."""
    return os.environ.get(EMULATION_VARIABLE) == "emulated"


def is_cuda(backend: Any) -> bool:
    """Whether what `select` returned works on a CUDA device."""
    return backend is not core().cpu


def name(backend: Any) -> str:
    """cpu or cuda."""
    return "cuda" if is_cuda(backend) else "cpu"


def device_name(backend: Any) -> str:
    """The device of a backend; empty for the processor."""
    if not is_cuda(backend):
        return ""
    device = core().device
    return str(device.properties(device.chosen())["name"])


def device_memory(backend: Any) -> dict[str, int]:
    """Bytes of the chosen device: total, free, held by femcrust now and at most; all zero for the
    processor."""
    if not is_cuda(backend):
        return {"total": 0, "free": 0, "held": 0, "most_held": 0}
    return {key: int(value) for key, value in core().device.memory().items()}


def device_lines() -> Iterator[str]:
    """One line for each device, or why there is none."""
    count, why = devices()
    if count == 0:
        yield f"none: {why}"
        return
    device = core().device
    driver, runtime = device.versions()
    for i in range(count):
        found = device.properties(i)
        yield (
            f"cuda:{i} {found['name']}, compute capability {found['major']}.{found['minor']},"
            f" {found['multiprocessors']} multiprocessors"
        )
    memory = device.memory()
    yield (
        f"memory of cuda:{device.chosen()}: {memory['total'] / 2**30:.1f} GiB,"
        f" {memory['free'] / 2**30:.1f} GiB free; driver {_version(driver)},"
        f" runtime {_version(runtime)}"
    )


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}" if number else "–"


def set_threads(n: int | None, ranks: int = 1) -> int:
    """Use n threads (None: OMP_NUM_THREADS, else this machine's cores, divided by the ranks on it)
    and return how many that is."""
    if n is not None:
        core().set_threads(n)
    elif "OMP_NUM_THREADS" not in os.environ:
        core().set_threads(max(1, len(os.sched_getaffinity(0)) // ranks))
    return int(core().threads())


def description() -> dict[str, str | bool | int]:
    """What the module was built for and what it chose here."""
    return {
        "backend": "cpu",
        "instruction_set": str(core().instruction_set),
        "cuda": bool(core().has_cuda),
        "threads": int(core().threads()),
    }
