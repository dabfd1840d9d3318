"""Parts of `perf/gpu.sh` that run other programs: the suite, the sanitizer, the kernel ladders.

    python perf/gpu/programs.py suite|sanitize|ladder FOLDER [--backend cpu] [--limit SECONDS]

A program that is missing, refuses the device or runs out of time is recorded; the others go on.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import record

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLKITS = ("/usr/local/cuda/bin",)  # where programs of CUDA are when the PATH does not tell
CHECKS = ("memcheck", "racecheck", "synccheck", "initcheck")
FOUND = re.compile(r"ERROR SUMMARY: (\d+) error|RACECHECK SUMMARY: (\d+) hazard")
CLOSING = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed)")
KEPT = 20_000  # characters of a program's output
SPARE = 20.0  # seconds to write results in
OUT_OF_TIME = 124  # as a status
# Words in the names of the tests that each backend runs.
DEVICE_WORDS = {
    "cuda": "(cuda or device) and not device_build",  # builds were checked where they were made
    "cpu": "refinement or operators or solver",
}


def program(name: str) -> str | None:
    """Where a program is, or None."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *TOOLKITS])
    return shutil.which(name, path=path)


def alone(command: list[str], seconds: float, environment: dict[str, str]) -> tuple[int, str]:
    """Status and output; where time ends, what it has started ends with it, and TimeoutExpired
    holds what was printed."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env={**os.environ, **environment}, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=max(1.0, seconds))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output


def ran(command: list[str], seconds: float, **environment: str) -> dict[str, Any]:
    """Status, seconds and the end of what a program printed."""
    start = time.monotonic()
    try:
        status, output = alone(command, seconds, environment)
    except subprocess.TimeoutExpired as error:
        raw = error.stdout or b""
        output = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
        status, output = OUT_OF_TIME, output + f"\nout of time after {seconds:.0f} s"
    except OSError as error:
        status, output = 127, str(error)
    return {"status": status, "wall_s": time.monotonic() - start, "output": output[-KEPT:]}


LISTED = """
import importlib.util, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
sys.path[:0] = ["tests", "tests/unit"]
here = str(Path.cwd())
for path in sorted(Path("tests/unit").glob("test_*.py")):
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except ImportError as error:
        print(path, error, file=sys.stderr)
        for name in set(sys.modules) - before:  # half of a package must not serve the next file
            if here in str(getattr(sys.modules[name], "__file__", "")) and "_core" not in name:
                del sys.modules[name]
    else:
        print("TAKEN", path)
"""


def suite(backend: str, limit: float) -> tuple[dict[str, Any], list[tuple[Any, ...]], bool]:
    """Tests of the device, whose absence is a failure; files stay out whose packages are missing,
    such as mesh readers and case files on a bare node."""
    if importlib.util.find_spec("pytest") is None:
        why = "pytest is not here; put its wheels into WHEELS"
        return {"refused": why}, [("pytest", why)], False
    listed = ran([sys.executable, "-c", LISTED], limit)["output"].splitlines()
    files = [line.split()[1] for line in listed if line.startswith("TAKEN ")]
    out = [line for line in listed if not line.startswith("TAKEN ")]
    command = [sys.executable, "-m", "pytest", "-q", "--maxfail=20", "-p", "no:cacheprovider"]
    require = {"FEMCRUST_REQUIRE": "cuda"} if record.on_device(backend) else {}
    found = ran([*command, "-k", DEVICE_WORDS[backend], *files], limit, **require)
    last = next((line for line in reversed(found["output"].splitlines()) if " in " in line), "")
    counts = {word.removesuffix("s"): int(n) for n, word in CLOSING.findall(last)}
    good = found["status"] == 0 and counts.get("passed", 0) > 0
    rows: list[tuple[Any, ...]] = [("files", len(files)), ("files left out", len(out))]
    rows += [(f"tests {word}", n) for word, n in counts.items()]
    return {**found, "tests": counts, "left_out": out}, rows, good


def sanitize(backend: str, limit: float) -> tuple[dict[str, Any], list[tuple[Any, ...]], bool]:
    """compute-sanitizer on small_case.py, one check after the other."""
    tool = program("compute-sanitizer")
    command = [sys.executable, str(HERE / "small_case.py"), backend]
    start = time.monotonic()
    result: dict[str, Any] = {"alone": ran(command, limit)}
    rows: list[tuple[Any, ...]] = [("without a checker", f"status {result['alone']['status']}")]
    good = result["alone"]["status"] == 0
    for check in CHECKS:
        left = limit - (time.monotonic() - start)
        if not record.on_device(backend) or tool is None or left < 10:
            why = "out of time" if record.on_device(backend) else "not for this backend"
            result[check] = {"refused": why if tool else "compute-sanitizer is not here"}
            rows.append((check, result[check]["refused"]))
            continue
        share = left / (len(CHECKS) - CHECKS.index(check))
        options = ["--tool", check, "--target-processes", "all", "--error-exitcode", "9"]
        found = ran([tool, *options, *command], share)
        summaries = FOUND.findall(found["output"])
        n = sum(int(number) for pair in summaries for number in pair if number)
        found["errors"] = n if summaries else None
        result[check] = found
        # no summary: the tool refused the device or time ended; that is recorded, no failure
        rows.append((check, f"{n} errors" if summaries else f"no verdict: {found['status']}"))
        good &= n == 0 and (found["status"] in (0, OUT_OF_TIME) or not summaries)
    return result, rows, good


def ladders(backend: str) -> dict[str, list[str]]:
    """Programs of perf/kernels and their arguments; on the emulator seconds mean nothing."""
    if record.on_device(backend):
        return {"ebe_ladder": [], "cluster_ladder": ["5", "256", "10"]}
    if backend == "cpu":
        return {}
    small = ["--check", "3", "--cubes", "3", "--turns", "1"]
    return {"ebe_ladder_emulated": small, "cluster_ladder": ["2", "8", "10"]}


def ladder(backend: str, limit: float) -> tuple[dict[str, Any], list[tuple[Any, ...]], bool]:
    """Build and run the programs of perf/kernels. Of what they print, lines that are JSON objects
    are versions of a kernel: {"version": …, "seconds": …, "bytes": …}."""
    folder = Path(os.environ.get("FEMCRUST_BUILD", ROOT / "build"))
    copy = record.copy_bandwidth(backend)
    programs = ladders(backend)
    end = time.monotonic() + limit
    result: dict[str, Any] = {}
    rows: list[tuple[Any, ...]] = []
    good = True
    if not programs:
        result["refused"] = "kernels of devices have no ladder on a processor"
        rows.append((result["refused"], None, None, None))
    for index, (name, words) in enumerate(programs.items()):
        share = (end - time.monotonic()) / (len(programs) - index)
        built = ran([program("cmake") or "cmake", "--build", str(folder), "--target", name], share)
        found: dict[str, Any] = {"build": built}
        if built["status"] == 0:
            left = (end - time.monotonic()) / (len(programs) - index)
            found["run"] = ran([str(folder / "perf" / "kernels" / name), *words], left)
            found["versions"] = versions(found["run"]["output"], copy)
        result[name] = found
        status = found.get("run", built)["status"]
        good &= status == 0
        for one in found.get("versions", []):
            rows.append(
                (name, one.get("version"), one.get("times", {}).get("kernel_s"), one.get("of_copy"))
            )  # fmt: skip
        if status or not found.get("versions"):
            rows.append((name, f"status {status}", None, None))
    return result, rows, good


def versions(output: str, copy: float) -> list[dict[str, Any]]:
    """The JSON objects among printed lines, seconds as times and parts of the copy bandwidth.

    >>> versions('text\n{"version": "naive", "seconds": 2.0, "bytes": 4}', 8.0)
    [{'version': 'naive', 'bytes_moved': 4, 'times': {'kernel_s': 2.0}, 'of_copy': 0.25}]
    """
    found = []
    for line in output.splitlines():
        if not line.startswith("{"):
            continue
        try:
            one = json.loads(line)
        except ValueError:
            continue
        seconds, moved = one.pop("seconds", None), one.pop("bytes", None)
        if moved is not None:
            one["bytes_moved"] = moved
        if seconds:
            one["times"] = {"kernel_s": seconds}
            if moved:
                one["of_copy"] = record.of_copy(moved, seconds, copy)
        found.append(one)
    return found


DO = {"suite": suite, "sanitize": sanitize, "ladder": ladder}
HEADS = {
    "suite": ("what", "number"),
    "sanitize": ("check", "found"),
    "ladder": ("kernel", "version", "s", "of copy"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=DO)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backend", default="cuda", choices=DEVICE_WORDS)
    parser.add_argument("--limit", type=float, default=450.0)
    given = parser.parse_args()
    start = time.monotonic()
    head = record.about(given.backend)
    left = given.limit - (time.monotonic() - start) - SPARE
    result, rows, good = DO[given.do](given.backend, left)
    record.write(given.folder, given.do, {**head, given.do: result})
    print(record.table(rows, HEADS[given.do]))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
