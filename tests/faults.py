"""Fixtures that count faults, tried and survived, by kind; a table of them ends the run.

FEMCRUST_FAULTS   faults of each kind that is random; without it, a few that are always the same
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from ending_badly import Nursery
from trials import Trials

asked = os.environ.get("FEMCRUST_FAULTS")
N_FAULTS = int(asked) if asked else 1
TRIED: Counter[str] = Counter()
SURVIVED: Counter[str] = Counter()
Fault = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def fault() -> Fault:
    """Around one fault of a kind: what fails inside has not survived it."""

    @contextmanager
    def one(kind: str) -> Iterator[None]:
        TRIED[kind] += 1
        yield
        SURVIVED[kind] += 1

    return one


@pytest.fixture
def n_faults() -> int:
    return N_FAULTS


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    seed = random.SystemRandom().randrange(10**6) if asked else 714_229
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Trials:
    return Trials(tmp_path_factory.mktemp("trials"), nursery)


def table(reporter: pytest.TerminalReporter) -> None:
    """Written by conftest.py at the end of a run that tried any."""
    if not TRIED:
        return
    reporter.section("faults: tried, survived")
    for kind in sorted(TRIED):
        reporter.line(f"{TRIED[kind]:6} {SURVIVED[kind]:6}  {kind}")
    reporter.line(f"{TRIED.total():6} {SURVIVED.total():6}  in all")
