"""The command: what it passes on, and the status and the one line that each failure gives."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from femcrust import errors
from femcrust.cli import COMMANDS, main

Fake = Callable[[str, Callable[..., object]], None]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Stand-ins for the functions that the command calls: fake("run.run_file", function)."""
    import femcrust

    def install(name: str, function: Callable[..., object]) -> None:
        module_name, attribute = name.split(".")
        module = ModuleType(f"femcrust.{module_name}")
        setattr(module, attribute, function)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(femcrust, module_name, module, raising=False)

    return install


def failing(error: BaseException) -> Callable[..., None]:
    def function(*_: object) -> None:
        raise error

    return function


def test_arguments_reach_run(fake: Fake) -> None:
    seen: list[object] = []
    fake("run.run_file", lambda *given: seen.extend(given))
    words = "run a/case.yaml --set x.y=1 --set z=a=b --threads 2 --output there --quiet"
    changes = ["x.y=1", "z=a=b", "solver.threads=2"]
    assert main(words.split()) == 0
    assert seen == [Path("a/case.yaml"), changes, Path("there"), False]
    assert main(["run", "c", "--resume"]) == 0
    assert seen[4:] == [Path("c"), [], None, True]


def test_arguments_reach_the_other_commands(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[object] = []
    fake("check.check_file", lambda *given: seen.append(given))
    fake("templates.init", lambda *given: seen.append(given))
    fake("outputs.plot", lambda *given: seen.append(given))
    fake("info.text", lambda: "femcrust on a machine")
    fake("run.mesh_file", lambda *given: seen.append(given))
    fake("greens.greens_file", lambda *given: seen.append(given))
    for words in (
        "greens c -o l.nc",
        "check c",
        "init dip",
        "init dip there",
        "plot results",
        "mesh c -o m",
        "info",
    ):
        assert main(words.split()) == 0
    assert seen == [
        (Path("c"), [], Path("l.nc")),
        (Path("c"), []),
        ("dip", Path("dip")),
        ("dip", Path("there")),
        (Path("results"),),
        (Path("c"), [], Path("m")),
    ]
    assert capsys.readouterr().out == "femcrust on a machine\n"


def test_init_without_a_template_lists_them(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake("templates.names", lambda: ["strike-slip", "thrust"])
    assert main(["init"]) == 0
    assert "strike-slip, thrust" in capsys.readouterr().out


def test_alone_it_names_the_two_most_useful_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert "femcrust init" in text
    assert "femcrust run" in text


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("rum case.yaml", "'rum' is no command; did you mean run?"),
        (
            "quux",
            (
                "'quux' is no command; choose from "
                "run, greens, export, invert, check, init, mesh, plot, data, info"
            ),
        ),
        ("run", "the following arguments are required: CASE; see femcrust run --help"),
        (
            "run c --outptu d",
            "'--outptu' is not understood by femcrust run; did you mean --output?",
        ),
        ("run c --set x", "--set: 'x' is no key=value; write e.g. --set solver.tolerance=1e-10"),
        ("run c --set =x", "--set: '=x' is no key=value; write e.g. --set solver.tolerance=1e-10"),
        ("run c --threads 0", "--threads: '0' is no number of threads; write e.g. --threads 4"),
        ("run c --threads 1.5", "--threads: '1.5' is no number of threads; write e.g. --threads 4"),
    ],
)
def test_a_wrong_word_gives_status_2_and_a_remedy(
    words: str, line: str, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("run.run_file", failing(AssertionError("must not be reached")))
    assert main(words.split()) == 2
    captured = capsys.readouterr()
    assert captured.err == line + "\n"
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (
            errors.InputError("case.yaml:3: a: 1 m is no angle"),
            2,
            "case.yaml:3: a: 1 m is no angle",
        ),
        (errors.NotConverged("stopped\nat 1e-3"), 3, "stopped; at 1e-3"),
        (errors.DeviceError("no device"), 4, "no device"),
        (errors.MemoryShortage("9 GB"), 4, "9 GB"),
        (errors.Interrupted("stopped"), 5, "stopped"),
        (errors.DiskError("full"), 6, "full"),
        (
            MemoryError("Unable to allocate 8 GiB"),
            4,
            "not enough memory (Unable to allocate 8 GiB)",
        ),
        (MemoryError(), 4, "not enough memory: "),
        (KeyboardInterrupt(), 5, "interrupted"),
        (OSError(errno.ENOSPC, "No space left", "a.vtu"), 6, "a.vtu: No space left; free some"),
        (
            PermissionError(errno.EACCES, "Permission denied", "r"),
            6,
            "r: Permission denied; change",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_each_failure_has_its_status_and_one_line(
    error: BaseException,
    status: int,
    words: str,
    fake: Fake,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake("run.run_file", failing(error))
    assert main(["run", "case.yaml"]) == status
    text = capsys.readouterr().err
    assert text.startswith(words)
    assert text.count("\n") == 1
    assert text.endswith("\n")


def test_a_bug_asks_for_a_report_and_keeps_the_traceback(
    fake: Fake,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    fake("run.run_file", failing(ZeroDivisionError("by\nzero")))
    assert main(["run", "case.yaml"]) == 1
    text = capsys.readouterr().err
    (log,) = tmp_path.glob("femcrust-bug-*.log")
    assert text == f"ZeroDivisionError: by zero; this is a bug, please report it with {log}\n"
    kept = log.read_text()
    assert "Traceback (most recent call last)" in kept
    assert "femcrust run case.yaml" in kept


def test_traceback_is_shown_on_request(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake("run.run_file", failing(errors.InputError("wrong")))
    assert main(["run", "case.yaml", "--traceback"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_sigterm_gives_status_5_and_is_handed_back(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    fake("run.run_file", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["run", "case.yaml"]) == 5
    assert capsys.readouterr().err.startswith("stopped by SIGTERM")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_warning_is_one_line_without_a_path(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    def warn(*_: object) -> None:
        warnings.simplefilter("always")
        warnings.warn("slip ends at 3 km", stacklevel=1)

    fake("run.run_file", warn)
    assert main(["run", "case.yaml"]) == 0
    assert capsys.readouterr().err == "warning: slip ends at 3 km\n"


def command(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "femcrust", *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def test_it_runs_as_a_module() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
    done = command("rnu")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "'rnu' is no command; did you mean run?\n"


def test_help_loads_no_numbers() -> None:
    """Help must not wait for numpy and what stands on it."""
    code = "import sys, femcrust.cli; femcrust.cli.main([]); print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_a_closed_pipe_is_quiet() -> None:
    code = (
        "import os, sys, femcrust.cli as c\n"
        "def info(_):\n    print('x' * 10**6, flush=True)\n"
        "c.COMMANDS['info'] = (info, 'info')\nsys.exit(c.main(['info']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (5, "")
