"""The command `femcrust`: reads arguments, calls one function, turns what goes wrong into a status.

0 done; 1 our bug; 2 the input is wrong; 3 not converged; 4 device or memory; 5 interrupted;
6 disk; 7 a rank was lost. A mistake of the user gets one line that names the thing, its value and
the remedy, never a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import logging
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from femcrust import comm, failures, machine, progress, streams
from femcrust.arguments import epoch, number, patch, place, ranks, threads
from femcrust.errors import InputError, Interrupted

SHORT_HELP = """\
femcrust computes how the Earth's crust deforms.

  femcrust init strike-slip            write a commented case into the folder strike-slip
  femcrust run strike-slip/case.yaml   solve it; leaves pictures, tables and a report

femcrust --help lists all commands."""


class Parser(argparse.ArgumentParser):
    """Raises InputError instead of printing its usage; knows no abbreviations."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help")


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint at what was meant.

    >>> nearest("rum", ["run", "check"])
    'did you mean run?'
    >>> nearest("solve", ["run", "check"])
    'choose from run, check'
    """
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(known)}"


def overrides(arguments: argparse.Namespace) -> list[str]:
    """What --set and --threads change in the case, as key=value."""
    changes: list[str] = arguments.set
    for change in changes:
        key, sign, _ = change.partition("=")
        if not key.strip() or not sign:
            raise InputError(
                f"--set: {change!r} is no key=value; write e.g. --set solver.tolerance=1e-10"
            )
    if getattr(arguments, "threads", None) is not None:
        return [*changes, f"solver.threads={arguments.threads}"]
    return changes


def run(arguments: argparse.Namespace) -> None:
    from femcrust.run import run_file

    run_file(arguments.case, overrides(arguments), arguments.output, arguments.resume)


def greens(arguments: argparse.Namespace) -> None:
    from femcrust.greens import greens_file

    greens_file(arguments.case, overrides(arguments), arguments.output)


def export(arguments: argparse.Namespace) -> None:
    from femcrust.greens import exports

    if arguments.to not in exports.FORMATS:
        known = list(exports.FORMATS)
        hint = nearest(arguments.to, known)
        raise InputError(f"--to: {arguments.to!r} is no format of a library; {hint}")
    exports.export(
        arguments.library,
        arguments.to,
        arguments.output,
        rake=arguments.rake,
        epoch=arguments.epoch,
    )


def invert(arguments: argparse.Namespace) -> None:
    from femcrust.inversion import invert_file

    invert_file(arguments.case, overrides(arguments), arguments.output)


def check(arguments: argparse.Namespace) -> None:
    from femcrust.check import check_file

    check_file(arguments.case, overrides(arguments))


def init(arguments: argparse.Namespace) -> None:
    from femcrust import templates

    if arguments.template is None:
        print("templates:", ", ".join(templates.names()))
        print("femcrust init TEMPLATE [FOLDER] writes one into a folder")
    else:
        templates.init(arguments.template, arguments.folder or Path(arguments.template))


def mesh(arguments: argparse.Namespace) -> None:
    from femcrust.run import mesh_file

    mesh_file(arguments.case, overrides(arguments), arguments.output)


def plot(arguments: argparse.Namespace) -> None:
    chosen = arguments.patch, arguments.station, arguments.epoch
    if arguments.results.suffix == ".nc" or any(choice is not None for choice in chosen):
        from femcrust.greens import pictures

        print(pictures.plot(arguments.results, *chosen))
        return
    from femcrust import outputs

    outputs.plot(arguments.results)


def data(arguments: argparse.Namespace) -> None:
    from femcrust import data

    data.check(arguments.folder)


def info(arguments: argparse.Namespace) -> None:
    from femcrust import info

    print(info.text())


COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], None], str]] = {
    "run": (run, "solve a case; write tables, fields, pictures and a report"),
    "greens": (greens, "make a library of Green's functions, or go on with one"),
    "export": (export, "write a library of Green's functions for another program"),
    "invert": (invert, "find slip on a fault from displacements, by a library"),
    "check": (check, "validate a case without solving; forecast size, memory and time"),
    "init": (init, "write a commented case to start from"),
    "mesh": (mesh, "make the mesh of a case only, with a quality report"),
    "plot": (plot, "draw the pictures of a results folder again"),
    "data": (data, "public data that tests and examples read: where from, and whether whole"),
    "info": (info, "versions, backends and devices"),
}


OVER_RANKS = ("run", "greens")


def build_parser() -> tuple[Parser, dict[str, Parser]]:
    """The parser of the command, and those of its subcommands by name."""
    parser = Parser(prog="femcrust", allow_abbrev=False, description=SHORT_HELP.partition("\n")[0])
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    parsers = {}
    for name, (_, summary) in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:], allow_abbrev=False
        )
        parsers[name] = command
        command.add_argument("--traceback", action="store_true", help="show where a failure arose")
        if name in {"run", "greens", "invert", "check", "mesh"}:
            shown = ("FILE", "inversion.yaml") if name == "invert" else ("CASE", "case.yaml")
            command.add_argument("case", type=Path, metavar=shown[0], help=shown[1])
            command.add_argument(
                *("-s", "--set"),
                action="append",
                default=[],
                metavar="KEY=VALUE",
                help="change a key of the case, e.g. solver.tolerance=1e-10 (repeatable)",
            )
            if name != "invert":
                command.add_argument("--threads", type=threads, help="CPU threads (default: all)")
            command.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    places = {"run": "folder of the results", "mesh": "file of the mesh", "greens": "the library"}
    places["export"] = "folder"
    places["invert"] = places["run"]
    for name, what in places.items():
        parsers[name].add_argument("-o", "--output", type=place, metavar="PATH", help=what)
    parsers["run"].add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of a run over time"
    )
    for name in OVER_RANKS:
        parsers[name].add_argument(
            "--ranks", type=ranks, metavar="N", help="processes that share the work, by mpirun"
        )
    parsers["init"].add_argument("template", nargs="?", help="name; without it, all are listed")
    parsers["init"].add_argument("folder", nargs="?", type=Path, help="where (./TEMPLATE)")
    exported = parsers["export"]
    exported.add_argument("library", type=Path, help="that `femcrust greens` wrote")
    exported.add_argument("--to", required=True, metavar="FORMAT", help="csi, beat, pylith or csv")
    exported.add_argument(
        "--rake", type=number, default=90.0, metavar="DEG", help="of beat's uparr"
    )
    exported.add_argument("--epoch", type=epoch, metavar="TIME", help="of a library over time")
    parsers["data"].add_argument(
        "folder", nargs="?", type=Path, help="where they are (FEMCRUST_DATA, if not given)"
    )
    drawn = parsers["plot"]
    drawn.add_argument(
        "results", type=Path, help="folder that `femcrust run` wrote, or library of `greens`"
    )
    drawn.add_argument("--patch", type=patch, metavar="N", help="of a library, counted from 0")
    drawn.add_argument("--station", metavar="NAME", help="of a library")
    drawn.add_argument(
        "--epoch", type=epoch, metavar="TIME", help="of a library over time, e.g. 5yr (its last)"
    )
    return parser, parsers


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Arguments of the command; InputError with a hint where one is unknown."""
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        raise InputError(f"{words[0]!r} is no command; {nearest(words[0], list(COMMANDS))}")
    parser, parsers = build_parser()
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        chosen = parsers.get(arguments.command, parser)
        options = [word for word in chosen._option_string_actions if word.startswith("--")]
        hint = nearest(unknown[0].partition("=")[0], options)
        raise InputError(f"{unknown[0]!r} is not understood by {chosen.prog}; {hint}")
    return arguments


def dispatch(words: Sequence[str]) -> int:
    """Do what the words ask for; the exit status."""
    arguments = parse(words)
    if arguments.command is not None:
        machine.check_start()
    if getattr(arguments, "ranks", None):
        from femcrust.launch import launch

        return launch(arguments.ranks, without_option(words, "--ranks"))
    if arguments.version:
        from importlib.metadata import version

        print(f"femcrust {version('femcrust')}")
    elif arguments.command is None:
        print(SHORT_HELP)
    else:
        if comm.world().size > 1 and arguments.command not in OVER_RANKS:
            raise InputError(
                f"mpirun: femcrust {arguments.command} works in one process; start it alone"
            )
        silent = comm.world().rank > 0  # one rank tells for all
        if silent:
            logging.getLogger("femcrust").setLevel(logging.ERROR)
        with progress.reporting(quiet=silent or getattr(arguments, "quiet", False)):
            COMMANDS[arguments.command][0](arguments)
        sys.stdout.flush()  # a full disk or a closed pipe shows here, not at exit
    return 0


def without_option(words: Sequence[str], name: str) -> list[str]:
    """The words without an option and its value.

    >>> without_option(["run", "--ranks", "4", "case.yaml"], "--ranks")
    ['run', 'case.yaml']
    """
    left, skip = [], False
    for word in words:
        if not skip and word != name and not word.startswith(f"{name}="):
            left.append(word)
        skip = word == name
    return left


@contextlib.contextmanager
def process_manners() -> Iterator[None]:
    """SIGTERM raises Interrupted, warnings are one line; as before afterwards."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted("stopped by SIGTERM; results of this run are not complete")

    def warn(message: Warning | str, *_: object, **__: object) -> None:
        if not comm.silent():
            print(f"warning: {message}", file=sys.stderr)

    before = signal.signal(signal.SIGTERM, stop)
    with warnings.catch_warnings():
        warnings.showwarning = warn
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


RESERVE = 2**22  # bytes, to say that no more are left


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    words = sys.argv[1:] if words is None else words
    reserve = [bytearray(RESERVE)]
    streams.open_all()
    try:
        with process_manners():
            return dispatch(words)
    except BrokenPipeError:
        streams.hush()  # the reader of our output has gone: say nothing more, not even at exit
        return comm.fail(lambda: Interrupted.exit_code)
    except (Exception, KeyboardInterrupt) as error:
        reserve.clear()
        failure = error
        status = comm.fail(lambda: failures.report(failure, words))
        if isinstance(error, OSError):
            streams.hush()
        return status
