"""What stands beside every number measured on a device, and how results are written and kept.

A result is one JSON file a part: the device, its driver, the commit, the date, the copy bandwidth
of the same run, then the part's own numbers. `perf/gpu.sh keep FOLDER` joins the parts of a folder
into perf/baselines/DEVICE.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import compare
import machine

from femcrust import backends

PERF = Path(__file__).resolve().parent.parent
PARTS = ("build", "suite", "sanitize", "ladder", "solves", "relaxation", "library", "ranks")
COPY_BYTES = 1 << 30  # of one array: many times any cache
TURNS = 20


@lru_cache
def nvidia_smi(*names: str) -> tuple[str, ...]:
    """What nvidia-smi answers for the first device; empty strings where there is none."""
    command = ["nvidia-smi", f"--query-gpu={','.join(names)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ("",) * len(names)
    lines = done.stdout.splitlines()
    return tuple(word.strip() for word in lines[0].split(",")) if lines else ("",) * len(names)


def on_device(backend: str) -> bool:
    """Whether this backend works on a device, not on the host or its emulation of one."""
    return backend == "cuda" and not backends.emulated()


def about(backend: str) -> dict[str, Any]:
    """The head of every result."""
    name, driver, capability = nvidia_smi("name", "driver_version", "compute_cap")
    host = machine.description()
    memory = backends.device_memory(backends.select(backend))
    device = name if on_device(backend) else f"{backend} on {host['machine']}"
    return {
        "device": device or "unnamed",
        "driver": driver,
        "compute_capability": capability,
        "device_memory": {key: memory[key] for key in ("total", "free")},
        "backend": backend,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "copy_bytes_per_s": copy_bandwidth(backend),
        "host": host,
    }


def copy_bandwidth(backend: str) -> float:
    """Bytes read and written a second by a copy from memory to memory."""
    if on_device(backend):
        return float(backends.core().device.copy_bandwidth(COPY_BYTES, TURNS))
    return float(backends.core().peak.copy_bandwidth(COPY_BYTES // 16, 3))


def event_seconds(work: Any, turns: int) -> list[float]:
    """Seconds of each turn by events of the device, after two that warm up."""
    import cupy

    work(), work()
    found = []
    for _ in range(turns):
        first, last = cupy.cuda.Event(), cupy.cuda.Event()
        first.record()
        work()
        last.record()
        last.synchronize()
        found.append(cupy.cuda.get_elapsed_time(first, last) / 1e3)
    return found


def of_copy(moved: float, seconds: float, copy: float) -> float:
    """Bytes moved in these seconds as a part of the copy bandwidth."""
    return moved / seconds / copy


def write(folder: Path, part: str, result: dict[str, Any]) -> Path:
    """PART.json in the folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{part}.json"
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def table(rows: list[tuple[Any, ...]], head: tuple[str, ...]) -> str:
    """Columns padded to their widest entry; floats by three digits."""
    text = [head, *(tuple(_short(value) for value in row) for row in rows)]
    widths = [max(len(line[k]) for line in text) for k in range(len(head))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in text
    )


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def slug(device: str) -> str:
    """A file name for a device.

    >>> slug("NVIDIA H200")
    'nvidia-h200'
    """
    return re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")


def keep(folder: Path, into: Path = PERF / "baselines") -> Path:
    """Join the parts of a folder into the baseline of their device."""
    parts = {
        part: json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
        for part in PARTS
        if (folder / f"{part}.json").exists()
    }
    devices = {result["device"] for result in parts.values() if "device" in result}
    if len(devices) != 1:
        raise SystemExit(f"{folder}: results of {len(devices)} devices; give those of one")
    (device,) = devices
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{slug(device)}.json"
    text = json.dumps({"device": device, **parts}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=["keep", "compare"])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    if given.do == "keep":
        print(keep(given.folder))
    else:
        new = keep(given.folder, given.folder / "joined")
        if not (PERF / "baselines" / new.name).exists():
            raise SystemExit(f"no baseline of {new.stem} yet: perf/gpu.sh keep {given.folder}")
        sys.exit(compare.main([str(PERF / "baselines" / new.name), str(new)]))


if __name__ == "__main__":
    main()
