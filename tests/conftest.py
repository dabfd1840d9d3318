"""Fixtures that every test may use, and what the environment asks of a run.

FEMCRUST_DATA      folder of public data; tests that compare with it skip where it is unset
FEMCRUST_REQUIRE   comma-separated names (data, cuda, mpi); a skip for want of one is a failure
FEMCRUST_EXAMPLES  random examples per property test; without it, 25 that are the same in every run
FEMCRUST_FAULTS    faults of each random kind in tests/harden; without it, a few, always the same
FEMCRUST_COMPARE   a backend; every comparison with a known solution is solved there too, and in
                   every precision (or those named after it) the answers must be the same
                   (both_backends.py)
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# A Python that a test starts takes the femcrust that pytest took, not that of the working folder.
os.environ["PYTHONSAFEPATH"] = "1"

examples = os.environ.get("FEMCRUST_EXAMPLES")
hypothesis.settings.register_profile(
    "femcrust",
    max_examples=int(examples) if examples else 25,
    derandomize=not examples,  # a check must not depend on luck; a search should
    database=None,
    deadline=None,  # machines are shared
    print_blob=True,
)
hypothesis.settings.load_profile("femcrust")


def absent(name: str, reason: str) -> NoReturn:
    """Skip the running test, saying why; fail it where FEMCRUST_REQUIRE lists `name`."""
    if name in os.environ.get("FEMCRUST_REQUIRE", "").split(","):
        pytest.fail(f"FEMCRUST_REQUIRE={name}, but {reason}")
    pytest.skip(reason)


def device_kernels(name: str) -> Any:
    """The kernels that the core offers to tests, cuda or emulated; whether a device answers too."""
    from femcrust import _core

    found = getattr(_core.testing, name, None)
    if found is None:
        absent(name, f"femcrust is built without {name} kernels")
    return found


def device_backend() -> Any:
    """The CUDA backend: on a device where one answers, else on the host where the build holds the
    emulator; with FEMCRUST_REQUIRE=cuda on a device only."""
    from femcrust import backends

    count, why = backends.devices()
    required = "cuda" in os.environ.get("FEMCRUST_REQUIRE", "").split(",")
    if count == 0 and backends.core().has_emulator and not required:
        os.environ[backends.EMULATION_VARIABLE] = "emulated"
    elif count == 0:
        absent("cuda", why)
    return backends.select("cuda")


@pytest.fixture(params=["cpu", "cuda"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every backend that is present; the CPU is the reference."""
    from femcrust import backends

    # set back to what it was when the test ends, whatever device_backend() makes of it
    monkeypatch.setenv(backends.EMULATION_VARIABLE, os.environ.get(backends.EMULATION_VARIABLE, ""))
    return backends.select("cpu") if request.param == "cpu" else device_backend()


@pytest.fixture(params=["emulated", "cuda"])
def device(request: pytest.FixtureRequest) -> Any:
    """The kernels of every device that answers."""
    found = device_kernels(request.param)
    count, why = found.devices()
    if count == 0:
        absent(request.param, why)
    return found


@pytest.fixture
def on_device(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The CUDA backend alone, on the emulator where no device answers."""
    from femcrust import backends

    monkeypatch.setenv(backends.EMULATION_VARIABLE, os.environ.get(backends.EMULATION_VARIABLE, ""))
    return device_backend()


@pytest.fixture(params=["in order", "reversed"])
def any_order(request: pytest.FixtureRequest) -> Iterator[None]:
    """Threads and blocks of the emulator in order and in reverse."""
    from femcrust import _core

    emulator = getattr(_core.testing, "emulated", None)
    reverse = request.param == "reversed"
    if emulator is not None:
        emulator.reverse_order(reverse)
    elif reverse:
        absent("emulated", "femcrust is built without emulated kernels")
    yield
    if emulator is not None:
        emulator.reverse_order(False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def core() -> ModuleType:
    """The compiled module of the reference backend."""
    from femcrust import _core

    return _core.cpu  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of public data."""
    folder = os.environ.get("FEMCRUST_DATA")
    if not folder:
        absent("data", "FEMCRUST_DATA is not set")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"FEMCRUST_DATA={folder} is no folder")
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark property tests: `make verify` runs them alone, with ten thousand examples each."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("fuzz")


def pytest_report_header() -> list[str]:
    """What is tested, so that a log tells which femcrust it saw."""
    spec = importlib.util.find_spec("femcrust")
    return [
        f"femcrust: {Path(spec.origin).parent if spec and spec.origin else 'not installed'}",
        f"data: {os.environ.get('FEMCRUST_DATA') or 'FEMCRUST_DATA is not set'}",
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of faults, where tests of faults have run, and what backends were apart."""
    faults = sys.modules.get("faults")
    if faults is not None:
        faults.table(terminalreporter)
    both = sys.modules.get("both_backends")
    for line in both.told() if both is not None and os.environ.get("FEMCRUST_COMPARE") else ():
        terminalreporter.write_line(line)
