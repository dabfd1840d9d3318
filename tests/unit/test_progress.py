"""Progress: plain lines in a log, a bar on a terminal, nothing when quiet; forecasts that hold."""

from __future__ import annotations

import io
import sys

import pytest

from femcrust import progress


class Clock:
    """A clock that moves only when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    return clock


def test_forecast_is_the_rest_at_the_same_rate() -> None:
    assert progress.forecast(0.1, 60.0) == "about 9 min 00 s left"
    assert progress.forecast(0.5, 3600.0) == "about 1 h 00 min left"


@pytest.mark.parametrize("fraction", [0.0, 0.01, 1.0, 1.5, float("nan")])
def test_no_forecast_where_nothing_can_be_said(fraction: float) -> None:
    assert progress.forecast(fraction, 10.0) == ""


def test_a_log_gets_a_line_every_ten_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.task("solving") as advance:
        for step in range(1, 41):
            clock.now += 1.0
            advance(step / 40, f"step {step}")
    assert capsys.readouterr().err.splitlines() == [
        "solving: 25 %, step 10, about 30 s left",
        "solving: 50 %, step 20, about 20 s left",
        "solving: 75 %, step 30, about 10 s left",
        "solving: 100 %, step 40",
        "solving: done in 40 s",
    ]


def test_short_work_leaves_no_line(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress.task("solving") as advance:
        clock.now += 5.0
        advance(1.0)
    assert capsys.readouterr().err == ""


def test_quiet_says_nothing_and_ends_with_its_block(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.reporting(quiet=True):
        progress.say("result")
        with progress.task("solving") as advance:
            clock.now += 60.0
            advance(0.5)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
    progress.say("result")
    assert capsys.readouterr().out == "result\n"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress.task("solving") as advance:
        advance(0.5, "residual [1e-3]")
    assert "solving" in terminal.getvalue()
    assert "residual [1e-3]" in terminal.getvalue()
