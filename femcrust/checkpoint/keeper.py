"""What stands beside the time loop: reads a checkpoint at its start, writes them as it goes on, and
ends it when a signal asks for that."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from femcrust import progress
from femcrust.answers import Answers
from femcrust.case import Case
from femcrust.checkpoint.container import Damaged, Make, Tree, read
from femcrust.checkpoint.generations import Generations
from femcrust.checkpoint.identity import differences, identity, machine, other_machine
from femcrust.checkpoint.signals import Wish, watching
from femcrust.comm import ALONE, Comm, on_root
from femcrust.errors import DiskError, InputError, Interrupted
from femcrust.outputs.stations import SECONDS_PER_YEAR

log = logging.getLogger("femcrust")


class Outputs(Protocol):
    """What has been written so far."""

    def state(self) -> Tree: ...
    def restore(self, state: Tree) -> None: ...


class Keeper:
    """Of one run of `case`, whose results lie in `directory`.

    resume : whether to go on from what is there; else it is removed when the time loop begins
    """

    def __init__(self, case: Case, directory: Path, outputs: Outputs, resume: bool) -> None:
        self._wanted = case.output.checkpoint
        self._generations = Generations(directory)
        self._outputs, self._resume = outputs, resume
        self._answers: Answers | None = None
        self._comm: Comm = ALONE
        self._own: Tree = {}
        self._wish = Wish()
        self._steps = 0  # since the last checkpoint
        self._written = 0.0  # by the clock
        self._good = ""  # what a message says of the last checkpoint
        if resume and case.time is None:
            progress.say("--resume: a case without `time` leaves no checkpoint; it is solved anew")
        if not resume and case.time is not None and self._generations.any:
            progress.say(
                f"{directory} holds a checkpoint of a run that was stopped: --resume would go on"
                " from it, this run begins anew"
            )

    @contextmanager
    def watching(self, answers: Answers) -> Iterator[Tree | None]:
        """Around the time loop; yields the state to start from, whose arrays `read` fetches."""
        self._answers, self._comm = answers, answers.share.comm
        start = self._start(answers)
        self._written = time.monotonic()
        with watching() as self._wish:
            try:
                yield start
            except DiskError as error:
                if not self._good:
                    raise
                raise DiskError(f"{error}; {self._good}") from error

    def step_done(self, now: float, state: Make) -> None:
        """After the outputs of a step that is not the last one; `now` in seconds of the run."""
        self._steps += 1
        stop = self._stops()
        if stop and not self._wanted.kept:
            raise Interrupted(f"stopped by {stop}; output.checkpoint.every is never: none is kept")
        if stop or self._due():
            self._save(now, state)
        if stop:
            raise Interrupted(f"stopped by {stop}; {self._good}")

    def forget(self) -> None:
        """All results are written."""
        self._generations.forget()

    def _stops(self) -> str:
        """The signal that any rank has got; all agree."""
        comm = self._comm
        number = np.array([float(signal.Signals[self._wish.name]) if self._wish.name else 0.0])
        comm.largest(number)
        return signal.Signals(int(number[0])).name if number[0] else ""

    def _due(self) -> bool:
        every = self._wanted.every
        if isinstance(every, int):
            return self._steps >= every
        due = np.array([float(time.monotonic() - self._written >= every)])
        self._comm.largest(due)  # clocks of machines differ
        return bool(due[0])

    def _save(self, now: float, state: Make) -> None:
        answers = self._answers
        assert answers is not None
        elapsed = time.perf_counter() - answers.started
        head = {"time_s": now, "elapsed_s": elapsed, "machine": machine(answers)}
        self._steps, self._written = 0, time.monotonic()
        if not answers.share.root:
            state()  # rank 0 gathers it
            return
        path = self._generations.save(
            lambda: {
                **head,
                **self._identity(answers),
                "outputs": self._outputs.state(),
                "run": state(),
            }
        )
        self._tell(path, now)
        self._written = time.monotonic()

    def _start(self, answers: Answers) -> Tree | None:
        """The state of the run, with the stepper's on rank 0; None where it starts anew."""
        if not self._resume:
            if answers.share.root:
                self._generations.forget()
            return None
        tree = on_root(self._comm, lambda: self._found(answers))
        told = None if tree is None else [tree["elapsed_s"], tree["time_s"], tree["path"],
                                          {**tree["run"], "stepper": None}]  # fmt: skip
        told = self._comm.broadcast(told)
        if told is None:
            return None
        elapsed, now, path, state = told
        answers.started -= elapsed
        self._tell(path, now)
        return state if tree is None else dict(tree["run"])

    def _found(self, answers: Answers) -> Tree | None:
        """The newest checkpoint; what it says of the outputs is done."""
        stored = self._generations.newest(log.warning)
        if stored is None:
            progress.say("there is no checkpoint: the run starts at its beginning")
            return None
        tree = stored.tree
        different = differences(tree, self._identity(answers))
        if different:
            raise InputError(
                f"--resume: {stored.path}: belongs to another case: {'; '.join(different)}; run the"
                " case without --resume, or with what it had then"
            )
        try:
            self._outputs.restore(read(tree["outputs"]))
        except Damaged as error:
            raise InputError(f"--resume: {stored.path}: {error}; try once more") from error
        progress.say(f"going on at {_years(tree['time_s'])} from {stored.path}")
        elsewhere = other_machine(tree["machine"], machine(answers), answers.case)
        if elsewhere:
            progress.say(elsewhere)
        return {**tree, "path": stored.path}

    def _identity(self, answers: Answers) -> Tree:
        """Digests take their time: they are made when they are wanted first."""
        self._own = self._own or identity(answers)
        return self._own

    def _tell(self, path: Path, now: float) -> None:
        self._good = f"--resume goes on at {_years(now)} from {path}"


def _years(seconds: float) -> str:
    return f"{seconds / SECONDS_PER_YEAR:.4g} yr"
