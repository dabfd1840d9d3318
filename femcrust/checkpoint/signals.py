"""SIGTERM and SIGINT in the time loop: the first ends the run after the step in hand, with a
checkpoint; the second ends it at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from femcrust.errors import Interrupted

WATCHED = (signal.SIGTERM, signal.SIGINT)


class Wish:
    """The first signal that came, by name; empty before."""

    def __init__(self) -> None:
        self.name = ""

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self.name:
            raise Interrupted(
                f"stopped by a second signal, {signal.Signals(number).name}; --resume goes on from"
                " the last checkpoint"
            )
        self.name = signal.Signals(number).name
        print(
            f"{self.name}: the run stops after this step, with a checkpoint if it is not the last;"
            " a second signal stops it at once",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def watching() -> Iterator[Wish]:
    """Inside, signals are wishes; as before afterwards. Only a main thread gets signals."""
    wish = Wish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.getsignal(number) for number in WATCHED}
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    try:
        for number in heard:
            signal.signal(number, wish.handle)
        yield wish
    finally:
        for number in heard:
            signal.signal(number, before[number] or signal.SIG_DFL)
