"""What stands beside every number: the machine, its load, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from femcrust import backends
from femcrust.machine import physical_memory


def description() -> dict[str, Any]:
    """Processor, cores, memory, system, instruction set, load, commit; no name of the machine."""
    return {
        "machine": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": physical_memory(),
        "python": platform.python_version(),
        "instruction_set": backends.description()["instruction_set"],
        "load": os.getloadavg()[0],
        "commit": commit(),
    }


def commit() -> str:
    """Of the sources measured; with a + where they were changed since. A copy without history is
    told by FEMCRUST_COMMIT or by the file commit.txt beside this one."""
    here = Path(__file__).resolve().parent
    told, note = os.environ.get("FEMCRUST_COMMIT"), here / "commit.txt"
    if told:
        return told
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
            cwd=here, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return note.read_text("utf-8").strip() if note.exists() else "unknown"
    return found.stdout.strip()


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    found = {key.strip(): value.strip() for key, value in lines.items()}
    return (
        f"{found.get('model name', platform.machine())}, family {found.get('cpu family', '?')}, "
        f"model {found.get('model', '?')}"
    )
