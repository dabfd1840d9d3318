"""summary.json: what was solved, how fast, and whether it converged."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import resource
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any

from femcrust.faults.source import Source
from femcrust.mesh.mesh import Mesh

KEYS = (
    "status",
    "title",
    "n_elements",
    "n_nodes",
    "n_dof",
    "backend",
    "device",
    "ranks",
    "threads",
    "precision",
    "preconditioner",
    "steps",
    "faults",
    "setup_s",
    "solve_s",
    "total_s",
    "peak_memory_bytes",
    "device_memory_bytes",
    "versions",
)
STEP_KEYS = (
    "time_s",
    "iterations",
    "relative_residual",
    "solve_s",
    "initial_relative_residual",
)
RELAXATION_KEYS = ("step_s", "error")  # of a step of a run with time, besides
FAULT_KEYS = ("name", "area_m2", "moment_Nm", "magnitude")
STATUSES = ("converged", "not_converged", "interrupted", "failed")
PACKAGES = ("femcrust", "numpy", "scipy")


def make_summary(
    *,
    status: str,
    title: str,
    n_elements: int,
    n_nodes: int,
    n_dof: int,
    steps: Sequence[Mapping[str, float | None]],
    sources: Iterable[Source],
    setup_s: float,
    solve_s: float,
    total_s: float,
    backend: str = "cpu",
    device: str = "",
    ranks: int = 1,
    threads: int = 1,
    precision: str = "mixed",
    preconditioner: str = "multigrid",
    peak_memory_bytes: int | None = None,
    device_memory_bytes: int = 0,
    versions: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The summary as a dictionary with exactly `KEYS`, in their order.

    steps : per time step the `STEP_KEYS`, in a run with time the `RELAXATION_KEYS` too
    peak_memory_bytes : this process's high-water mark by default
    versions : `versions()` by default
    """
    values: dict[str, Any] = {
        "status": status,
        "title": title,
        "n_elements": int(n_elements),
        "n_nodes": int(n_nodes),
        "n_dof": int(n_dof),
        "backend": backend,
        "device": device or processor_name(),
        "ranks": int(ranks),
        "threads": int(threads),
        "precision": precision,
        "preconditioner": preconditioner,
        "steps": [{key: step[key] for key in _step_keys(step)} for step in steps],
        "faults": [
            {
                "name": source.name,
                "area_m2": source.area,
                "moment_Nm": source.moment,
                "magnitude": source.magnitude,
            }
            for source in sources
        ],
        "setup_s": setup_s,
        "solve_s": solve_s,
        "total_s": total_s,
        "peak_memory_bytes": peak_memory_bytes or peak_memory(),
        "device_memory_bytes": int(device_memory_bytes),
        "versions": dict(versions if versions is not None else current_versions()),
    }
    check_summary(values)
    return {key: values[key] for key in KEYS}


def check_summary(summary: Mapping[str, Any]) -> None:
    """A broken summary is our bug: ValueError."""
    if set(summary) != set(KEYS):
        raise ValueError(f"summary keys differ from the contract: {set(summary) ^ set(KEYS)}")
    if summary["status"] not in STATUSES:
        raise ValueError(f"summary status {summary['status']!r} is none of {STATUSES}")
    for step in summary["steps"]:
        if set(step) != set(_step_keys(step)):
            raise ValueError(f"summary step keys: {set(step) ^ set(_step_keys(step))}")
    for fault in summary["faults"]:
        if set(fault) != set(FAULT_KEYS):
            raise ValueError(f"summary fault keys: {set(fault) ^ set(FAULT_KEYS)}")


def _step_keys(step: Mapping[str, Any]) -> tuple[str, ...]:
    relaxes = any(key in step for key in RELAXATION_KEYS)
    return STEP_KEYS + RELAXATION_KEYS if relaxes else STEP_KEYS


def summary_json(summary: Mapping[str, Any]) -> str:
    """Strict JSON: numbers that are not finite (a failed solve's residual) become null."""
    check_summary(summary)
    return strict_json(summary)


def strict_json(values: Mapping[str, Any]) -> str:
    """The same for the summary of anything else."""
    return json.dumps(_finite(values), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):  # NumPy scalars
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def current_versions(mesh: Mesh | None = None) -> dict[str, str]:
    """Versions of what computed the numbers; with a mesh, its digest too."""
    versions = {"python": platform.python_version(), "system": platform.platform()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    if mesh is not None:
        versions["mesh"] = mesh_digest(mesh)
    return versions


def mesh_digest(mesh: Mesh) -> str:
    """Digest of points and tetrahedra, to tell whether two runs saw the same mesh."""
    digest = hashlib.sha256()
    digest.update(mesh.points.astype("<f8").tobytes())
    digest.update(mesh.tets.astype("<i4").tobytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def peak_memory() -> int:
    """Most memory that this process has held so far, bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def processor_name() -> str:
    """The processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
