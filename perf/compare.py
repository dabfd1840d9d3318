"""What moved between two results: `python perf/compare.py OLD.json NEW.json`.

A counter (iterations, unknowns, colours, bytes, flops, allocations, all below "counters") that
changed without a reason is named, and the exit status is 1: counters do not depend on the machine,
so a change has a cause. A reason is a line `PATTERN: why` in the file of reasons, PATTERN as in the
shell, of the names that this program prints. Times depend on the machine and are only reported,

but for results of one device (perf/gpu.sh; baselines/DEVICE.json): there a time below "times" that
grew by more than a tenth needs a reason like a counter, if it also grew so in copies of the same
bytes: seconds times the copy bandwidth that was measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COUNTED = {"iterations", "unknowns", "n_dof", "n_elements", "n_colours"}
COUNTED |= {"bytes", "flops", "allocations"}
SLOWER = 1.10  # of a device's times, from which on they need a reason
LABELS = ("mesh", "size", "solver", "threads")  # they name a run among others

PLURALS = {"runs", "solves", "counters"}  # words of a name that tell nothing

Values = dict[str, list[float]]  # name -> what the runs of that name found
Times = dict[str, list[tuple[float, float]]]  # name -> seconds, bytes that a copy moves meanwhile


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every number of a result with its name; runs are named by their LABELS."""
    if isinstance(node, dict):
        label = tuple(str(node[key]) for key in LABELS if key in node) if "solver" in node else ()
        for key, value in node.items():
            if not (label and key in LABELS):
                yield from leaves(value, (*path, *label, key))
    elif isinstance(node, list):
        for one in node:
            yield from leaves(one, path)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield path, float(node)


def collect(result: Any) -> tuple[Values, Values]:
    """Counters and times of a result; repeated runs share a name."""
    counters: Values = {}
    times: Values = {}
    for path, value in leaves(result):
        words = [word for word in path if word not in PLURALS]
        name = " ".join(words)
        if "counters" in path or path[-1] in COUNTED:
            counters.setdefault(name, []).append(value)
        elif path[-1].endswith("_s"):
            times.setdefault(name, []).append(value)
    return counters, times


def differences(old: Values, new: Values) -> dict[str, str]:
    """Counter -> what happened to it; runs that only one of the results has do not count."""
    found = {}
    for name in sorted(old.keys() | new.keys()):
        before, after = sorted(set(old.get(name, []))), sorted(set(new.get(name, [])))
        if before and after and before != after:
            found[name] = f"{_numbers(before)} → {_numbers(after)}"
        elif before and not after and _run(name) in map(_run, new):
            found[name] = f"{_numbers(before)} → gone"
    return found


def _run(name: str) -> str:
    """A counter's name without its last word: the run that it belongs to."""
    return name.rpartition(" ")[0]


def _numbers(values: list[float]) -> str:
    return " or ".join(f"{value:,.15g}" for value in values)


def read_reasons(path: Path) -> list[tuple[str, str]]:
    """(pattern, reason) of every line; empty lines and those that begin with # are left out."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pattern, colon, reason = (part.strip() for part in line.partition(":"))
        if not (pattern and colon and reason):
            raise SystemExit(f"{path}:{number}: write 'PATTERN: why', not '{line}'")
        found.append((pattern, reason))
    return found


def device(result: Any) -> str | None:
    """The device of a result, or of a baseline of several parts; None where a CPU was measured."""
    name = result.get("device") if isinstance(result, dict) else None
    return str(name) if name else None


def watched(result: Any, path: tuple[str, ...] = (), copy: float | None = None) -> Times:
    """A device's times that count, below "times", in seconds and in bytes copied meanwhile."""
    found: Times = {}
    if isinstance(result, dict):
        copy = result.get("copy_bytes_per_s", copy)
        label = tuple(str(result[k]) for k in LABELS if k in result) if "solver" in result else ()
        for key, value in result.items():
            if key == "times":
                for name, seconds in value.items():
                    words = [word for word in (*path, *label, name) if word not in PLURALS]
                    found.setdefault(" ".join(words), []).append((seconds, seconds * (copy or 1)))
            else:
                for name, values in watched(value, (*path, *label, key), copy).items():
                    found.setdefault(name, []).extend(values)
    elif isinstance(result, list):
        for number, one in enumerate(result):
            name = one.get("version", number) if isinstance(one, dict) else number
            inner = path if isinstance(one, dict) and "solver" in one else (*path, str(name))
            for key, values in watched(one, inner, copy).items():
                found.setdefault(key, []).extend(values)
    return found


def too_slow(old: Times, new: Times) -> dict[str, str]:
    """Time -> how much it grew, by medians, both in seconds and in copies."""
    found = {}
    for name in sorted(old.keys() & new.keys()):
        ratios = [
            statistics.median(value[k] for value in new[name])
            / max(statistics.median(value[k] for value in old[name]), 1e-300)
            for k in (0, 1)
        ]
        if not any(ratio <= SLOWER for ratio in ratios):  # NaN does not pass
            before, after = (statistics.median(v[0] for v in of[name]) for of in (old, new))
            found[name] = f"{before:.3g} → {after:.3g} s, x {min(ratios):.2f}"
    return found


def slower(old: Values, new: Values) -> Iterator[str]:
    """One line for each time that both results have, by medians."""
    for name in sorted(old.keys() & new.keys()):
        before, after = statistics.median(old[name]), statistics.median(new[name])
        ratio = f"x {after / before:.2f}" if before > 0 else ""
        yield f"{name}: {before:.3g} → {after:.3g} s {ratio}"


def main(words: list[str] | None = None) -> int:
    """The command line; 1 if a counter, or a device's time, changed without a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--reasons", type=Path, default=HERE / "reasons.txt")
    parser.add_argument("--accept", action="store_true", help="print changes, but exit 0")
    given = parser.parse_args(words)
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (given.old, given.new))
    reasons = read_reasons(given.reasons) if given.reasons.exists() else []
    (old_counters, old_times), (new_counters, new_times) = collect(old), collect(new)
    changes = differences(old_counters, new_counters)
    if device(old) and device(old) == device(new):
        changes |= too_slow(watched(old), watched(new))
    elif device(old) or device(new):
        sys.stdout.write(f"other devices, so times do not count: {device(old)}, {device(new)}\n")
    unexplained = 0
    for name, change in changes.items():
        why = next((reason for pattern, reason in reasons if fnmatchcase(name, pattern)), None)
        unexplained += why is None
        sys.stdout.write(
            f"{name}: {change}{f'  ({why})' if why else '  CHANGED WITHOUT A REASON'}\n"
        )
    for line in slower(old_times, new_times):
        sys.stdout.write(f"{line}\n")
    both = old_counters.keys() & new_counters.keys()
    sys.stdout.write(f"{len(both)} counters in both, {unexplained} changed without a reason\n")
    if not both:
        sys.stdout.write("nothing to compare: the results have no counter in common\n")
    return 0 if given.accept or (both and not unexplained) else 1


if __name__ == "__main__":
    sys.exit(main())
