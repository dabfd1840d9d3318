"""What long work says while it runs: a bar with a forecast on a terminal, plain lines in a log.

    with progress.task("solving") as advance:
        advance(0.4, "residual 1e-3")   # 40 % is done

Everything goes to standard error but `say`, which prints plain facts to standard output.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Advance = Callable[..., None]  # advance(fraction done, note="")

LINE_EVERY = 10.0  # s between plain lines: a log of an hour stays below 400 lines
FORECAST_AFTER = 0.02  # of the work; a forecast from less is noise

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def reporting(quiet: bool) -> Iterator[None]:
    """Inside, `say` and `task` print nothing if `quiet`: for --quiet, and ranks other than 0."""
    token = _quiet.set(quiet)
    try:
        yield
    finally:
        _quiet.reset(token)


def say(text: str) -> None:
    """Print a line to standard output, unless all is quiet."""
    if not _quiet.get():
        print(text, flush=True)


def duration(seconds: float) -> str:
    """A time for people.

    >>> duration(7.4), duration(185), duration(7500)
    ('7 s', '3 min 05 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def forecast(fraction: float, elapsed: float) -> str:
    """Time left if the rest goes as what is done; empty where nothing can be said yet.

    >>> forecast(0.25, 10.0)
    'about 30 s left'
    """
    if not FORECAST_AFTER <= fraction < 1.0:
        return ""
    return f"about {duration(elapsed * (1.0 - fraction) / fraction)} left"


@contextmanager
def task(title: str) -> Iterator[Advance]:
    """Show the progress of one piece of work; yields `advance(fraction, note)`, from 0 to 1."""
    if _quiet.get():
        yield lambda fraction, note="": None
    elif sys.stderr.isatty():
        with _bar(title) as advance:
            yield advance
    else:
        with _lines(title) as advance:
            yield advance


@contextmanager
def _lines(title: str) -> Iterator[Advance]:
    """Plain lines: one every LINE_EVERY seconds, and one at the end of work that took as long."""
    start = time.monotonic()
    last = start

    def advance(fraction: float, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_EVERY:
            last = now
            parts = (f"{100 * fraction:.0f} %", note, forecast(fraction, now - start))
            print(f"{title}: {', '.join(filter(None, parts))}", file=sys.stderr, flush=True)

    yield advance
    elapsed = time.monotonic() - start
    if elapsed >= LINE_EVERY:
        print(f"{title}: done in {duration(elapsed)}", file=sys.stderr, flush=True)


@contextmanager
def _bar(title: str) -> Iterator[Advance]:
    """A bar, drawn by rich, that vanishes when the work is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[note]}", markup=False),
        TextColumn("{task.fields[left]}"),
    )
    start = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task(title, total=1.0, note="", left="")

        def advance(fraction: float, note: str = "") -> None:
            left = forecast(fraction, time.monotonic() - start)
            bar.update(row, completed=fraction, note=note, left=left)

        yield advance
