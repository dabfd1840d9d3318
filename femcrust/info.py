"""`femcrust info`: versions, what the core was built for, and what this machine offers."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from femcrust import backends
from femcrust.machine import GIB, physical_memory

PACKAGES = (
    *("numpy", "scipy", "h5py", "gmsh", "meshio", "pydantic", "pint", "pyproj"),
    *("matplotlib", "mpi4py", "petsc4py", "torch", "cupy-cuda13x"),
)


def text() -> str:
    """What `femcrust info` prints."""
    built = backends.description()
    level = str(built["instruction_set"])
    cpu = f"cpu ({level}: {INSTRUCTIONS[level]}, {built['threads']} threads)"
    lines = [
        f"femcrust {_version('femcrust')}",
        f"python   {platform.python_version()} on {platform.platform()}",
        f"memory   {physical_memory() / GIB:.1f} GiB",
        f"backends {', '.join([cpu, 'cuda (sm_80, sm_90)'] if built['cuda'] else [cpu])}",
        *(f"devices  {line}" for line in backends.device_lines()),
        "packages " + ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    ]
    return "\n".join(lines)


INSTRUCTIONS = {"v2": "plain x86-64 or another processor", "v3": "AVX2", "v4": "AVX-512"}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "–"
