"""The commands of ``bigimg``: their arguments, their help and their exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from bigimg_lessons.command_line.screen import console

FAILED = 1
"""Exit code where what was asked for could not be done; the reason stands on standard error."""

FOUND = 3
"""Exit code of ``inspect --strict`` and of ``check`` where there is something to mend."""

DIFFERS = 4
"""Exit code of ``convert --verify`` where what was written is not what was read."""

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

_CODES = """\b
Exit codes:
  0    done
  1    could not be done; standard error says why
  2    the command was not understood
  3    inspect --strict, check: there is something to mend
  4    convert --verify: what was written differs
  130  stopped by Ctrl-C"""


_EXPECTED = (OSError, ValueError, TypeError, LookupError, ImportError)


def told(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors of a command into one line on standard error, and exit code 1.

    Decoders raise errors of any type where an image is damaged. Such an error has notes, which say
    where that was; one without is a mistake of this program, and keeps its traceback.
    """

    @wraps(command)
    def guarded(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except click.exceptions.Exit:
            raise
        except click.ClickException:
            raise
        except KeyboardInterrupt:
            click.echo("Stopped: nothing that was not complete is left.", err=True)
            sys.exit(INTERRUPTED)
        except Exception as error:
            if not isinstance(error, _EXPECTED) and not getattr(error, "__notes__", ()):
                raise
            click.echo(f"Error: {_sentence(error)}", err=True)
            sys.exit(FAILED)

    return guarded


def _sentence(error: BaseException) -> str:
    # An OSError without an error code is a sentence of our own.
    if isinstance(error, OSError) and error.strerror:
        said = f"{error.filename or 'A file'} cannot be used ({error.strerror})."
    elif isinstance(error, KeyError):
        said = str(error.args[0]) if error.args else "KeyError"
    else:
        said = str(error) or type(error).__name__
    notes = getattr(error, "__notes__", ())
    if notes and not said.endswith("."):  # it is not of this package
        said = f"{type(error).__name__}: {said}."
    return " ".join([said, *notes])


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_CODES)
@click.version_option(package_name="bigimg-lessons", prog_name="bigimg")
def bigimg() -> None:
    """Look into big images, and mend how they are stored."""


@bigimg.command()
@click.argument("source", metavar="FILE|FOLDER|URL")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--strict", is_flag=True, help="Exit with 3 if there is something to mend.")
@click.option("--no-sample", is_flag=True, help="Read no voxels, not even a sample of labels.")
@told
def inspect(source: str, *, as_json: bool, strict: bool, no_sample: bool) -> None:
    """Tell what is in an image, what reading it costs, and what to mend.

    Metadata is read, and of labels a sample of some MiB; never the image.
    """
    from bigimg_lessons.command_line.inspecting import as_document, show
    from bigimg_lessons.inspection.costs_of import costs_of
    from bigimg_lessons.inspection.labels import with_sample
    from bigimg_lessons.inspection.opening import report_on
    from bigimg_lessons.inspection.verdicts import verdicts_of

    report = report_on(source)
    if not no_sample:
        report = with_sample(report)
    costs = costs_of(report)
    verdicts = verdicts_of(report, costs)
    if as_json:
        _print_json(as_document(report, costs, verdicts))
    else:
        show(console(), report, costs, verdicts)
    if strict and verdicts:
        sys.exit(FOUND)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))


class _Numbers(click.ParamType[tuple[float | None, ...]]):
    """Numbers with commas between them."""

    name = "numbers"

    def __init__(self, kind: type[int] | type[float]) -> None:
        self._kind = kind

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float | None, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(
                None if part.strip() == "?" and self._kind is float else self._kind(part)
                for part in value.split(",")
            )
        except ValueError:
            self.fail(f"{value!r} should be numbers with commas between them, as 2,0.5,0.5.")


_WHOLE, _REAL = _Numbers(int), _Numbers(float)
_FORMATS = (
    "ome-zarr-0.4",
    "ome-zarr-0.5",
    "ome-zarr-0.6",
    "ome-tiff",
    "imaris",
    "bdv-hdf5",
    "bdv-n5",
)
_WAYS = ("mean", "nanmean", "mode", "stride")


@bigimg.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "file_format",
    type=click.Choice(_FORMATS),
    metavar="NAME",
    help=f"By default TARGET's ending decides: {', '.join(_FORMATS)}.",
)
@click.option("--axes", help="A letter of TCZYX for each axis, if the file names none: ZYX.")
@click.option("--voxel-size", type=_REAL, metavar="Z,Y,X", help="As 2,0.5,0.5; ? is not known.")
@click.option("--unit", help="Unit of the voxel size: µm, nm …")
@click.option("--chunk-shape", type=_WHOLE, metavar="Z,Y,X", help="Voxels of a chunk.")
@click.option("--shard-shape", type=_WHOLE, metavar="Z,Y,X", help="Voxels of a shard.")
@click.option("--downsampling", type=click.Choice(_WAYS), help="By default mean; mode for labels.")
@click.option("--max-levels", type=click.IntRange(min=1), help="With level 0.")
@click.option("--memory-limit", type=click.IntRange(min=1), metavar="MIB", help="In MiB.")
@click.option("--no-compression", is_flag=True, help="Store chunks as they are.")
@click.option("--overwrite", is_flag=True, help="Replace a pyramid of the same format.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option("--verify", is_flag=True, help="Read back all levels, and compare.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@told
def convert(source: str, target: Path, **options: Any) -> None:
    """Write SOURCE anew as TARGET, with chunks and a pyramid, and leave SOURCE as it is.

    TARGET's ending decides the format: .ome.zarr, .ome.tif, .ims, .xml (BDV-HDF5) or .n5.
    """
    from bigimg_lessons.command_line.converting import Conversion, run

    as_json, quiet = options.pop("as_json"), options.pop("quiet")
    limit = options.pop("memory_limit")
    conversion = Conversion(
        source=source,
        target=target,
        memory_limit=None if limit is None else limit * 2**20,
        progress=not quiet and not as_json and sys.stderr.isatty(),
        **options,
    )
    document, is_same = run(conversion, None if as_json else console())
    if as_json:
        _print_json(document)
    if not is_same:
        sys.exit(DIFFERS)


_PRESETS = ("laptop", "lesson", "server", "cluster")
_STORAGES = ("hdd", "sata-ssd", "nvme", "lan", "s3")
_PRICES = ("own", "gcs", "r2")
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@bigimg.command()
@click.argument("source", metavar="[FILE|FOLDER|URL]", required=False)
@click.option("--preset", type=click.Choice(_PRESETS), help="To begin with; by default laptop.")
@click.option("--axes", help="A letter of TCZYX for each axis, if the file names none: ZYX.")
@click.option("--shape", type=_WHOLE, metavar="T,C,Z,Y,X", help="Without a file: its voxels.")
@click.option("--dtype", type=click.Choice(_DTYPES), metavar="TYPE", help="As uint16.")
@click.option("--chunk-shape", type=_WHOLE, metavar="Z,Y,X", help="Voxels of a chunk.")
@click.option("--shard-shape", type=_WHOLE, metavar="Z,Y,X", help="Voxels of a shard.")
@click.option("--no-shards", "without_shards", is_flag=True, help="Even if the preset has them.")
@click.option("--ratio", type=float, help="How many times smaller chunks become: 2.5.")
@click.option("--workers", type=click.IntRange(min=1), help="Number of computers.")
@click.option("--threads", type=click.IntRange(min=1), help="Of each worker.")
@click.option("--memory-limit", type=click.IntRange(min=1), metavar="MIB", help="Of each, in MiB.")
@click.option(
    "--rates", type=_REAL, metavar="D,A,E", help="MB/s of a core: decode, average, encode."
)
@click.option("--original-on", type=click.Choice(_STORAGES), help="Where the original lies.")
@click.option("--result-on", type=click.Choice(_STORAGES), help="Where the result goes.")
@click.option("--one-disk/--two-disks", default=None, help="Whether both share a disk or server.")
@click.option("--prices", type=click.Choice(_PRICES), help="What storing and requests cost.")
@click.option(
    "--original-in-bucket/--original-elsewhere", default=None, help="Whether it is charged, too."
)
@click.option("--outside/--beside", default=None, help="Workers, of the provider's network.")
@click.option(
    "--read-monthly", type=click.FloatRange(min=0), metavar="GB", help="By people, later."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@told
def plan(*, as_json: bool, **options: Any) -> None:
    """Work out what a conversion to OME-Zarr takes: time, memory, files, space and money.

    It is the planner of the site. With a file its shape and its chunks are those of the file; all
    that is not given is from the preset, or assumed, and stands with its origin.
    """
    from bigimg_lessons.command_line.plan_screen import as_document, show
    from bigimg_lessons.command_line.planning import Wish, planned

    limit, rates = options.pop("memory_limit"), options.pop("rates")
    monthly = options.pop("read_monthly")
    found = planned(
        Wish(
            memory=None if limit is None else limit * 2**20,
            rates=None if rates is None else tuple((rate or 0) * 1e6 for rate in rates),
            read_monthly=None if monthly is None else round(monthly * 1e9),
            **options,
        )
    )
    if as_json:
        _print_json(as_document(found))
    else:
        show(console(), found)


@bigimg.command()
@click.option("--create", is_flag=True, help="Create the synthetic sample, if it is not there.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Another data folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@told
def data(*, create: bool, folder: Path | None, as_json: bool) -> None:
    """List the images that the lessons open, and create the sample."""
    from bigimg_lessons.command_line.lesson_data import created, rows, show

    if create:
        created(folder, progress=sys.stderr.isatty())
    found = rows(folder)
    if as_json:
        _print_json(found)
    else:
        show(console(), found)


@bigimg.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Another data folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@told
def check(*, folder: Path | None, as_json: bool) -> None:
    """Tell whether this computer is ready for class, and what to do where it is not.

    Nothing is changed, and no network is needed. The exit code is 3 where a lesson would not run.
    """
    from bigimg_lessons.command_line.laptop import look
    from bigimg_lessons.command_line.readiness import checks_of, show

    checks = checks_of(look(folder))
    if as_json:
        _print_json([asdict(each) for each in checks])
    else:
        show(console(), checks)
    if any(each.state == "wrong" for each in checks):
        sys.exit(FOUND)


@bigimg.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--lesson", "lessons", multiple=True, metavar="NAME", help="Only this; repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace sheets that exist already.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@told
def sheets(folder: Path, *, lessons: tuple[str, ...], overwrite: bool, as_json: bool) -> None:
    """Write worksheets to print, and answer sheets, as HTML into FOLDER."""
    from bigimg_lessons.questions.worksheets import write_worksheets

    paths = write_worksheets(folder.expanduser(), lessons=lessons or None, overwrite=overwrite)
    if as_json:
        _print_json([str(path) for path in paths])
    else:
        for path in paths:
            click.echo(path)


@bigimg.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script by which a shell completes commands and options.

    The command bigimg must be on the PATH of that shell.

    \b
    bash: bigimg completion bash >> ~/.bashrc
    zsh:  bigimg completion zsh >> ~/.zshrc
    fish: bigimg completion fish > ~/.config/fish/completions/bigimg.fish
    """  # noqa: D301 (click wants the character, not a backslash)
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 (click knows all three)
    # Not `source()`, which runs the shell to learn its version.
    script = kind(bigimg, {}, "bigimg", "_BIGIMG_COMPLETE")
    click.echo(script.source_template % script.source_vars())
