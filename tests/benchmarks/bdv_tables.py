"""Files of BigDataViewer, as the page *Benchmarks* shows them."""

from collections.abc import Iterator

from tests.benchmarks.shown import TIMES, Aim, Case, Results, missing, table
from tests.benchmarks.summaries import Run, grouped, median, ratio

H5PY = "raw h5py"
TASKS = {"build": "written", "copy": "copied"}
CONVERTER = "pybdv convert"
READ = {"plane": "one YZ plane", "cube": "a cube of 128³"}


def reading_table(results: Results) -> str:
    """Show milliseconds to open a BDV-HDF5 image and read of it, beside raw h5py."""
    rows = []
    for (task,), ways in grouped(results.runs("bdv_reading"), ["task"], "way").items():
        for way, made in ways.items():
            times = str(ratio(made, ways[H5PY], "wall"))
            rows.append([f"{READ[task]}, {way}", f"{1000 * median(made, 'wall'):.1f}", times])
    if not rows:
        return missing("bdv_reading")
    return table(["what is read, and how", "milliseconds", "times raw h5py"], rows)


def reading_cases(results: Results) -> list[Case]:
    """Compare a plane through a plain BioImage with raw h5py."""
    tasks = grouped(results.runs("bdv_reading"), ["task"], "way")
    return [
        Case(name=READ[task], ratios={"wall": ratio(ways["BioImage"], ways[H5PY], "wall")})
        for (task,), ways in tasks.items()
        if task == "plane"
    ]


def writing(results: Results) -> dict[tuple[str, ...], dict[str, list[Run]]]:
    """Sort the runs that write by task, kind and type, then by engine."""
    return grouped(results.runs("bdv_writing"), ["task", "kind", "dtype"], "engine")


def written(group: tuple[str, ...]) -> str:
    """Describe what engines have in common that are compared: task, kind and type."""
    task, kind, dtype = group
    return f"{dtype} {kind} {TASKS[task]}"


def writing_table(results: Results) -> str:
    """Show seconds, memory and size of every engine that writes, beside build_pyramid's."""
    rows = []
    for group, engines in writing(results).items():
        for engine, made in engines.items():
            times = [str(ratio(made, engines["now"], key)) for key in TIMES]
            sizes = [f"{median(made, key):.0f}" for key in ("peak", "size")]
            cells = [f"{median(made, 'wall'):.2f}", *times, *sizes]
            rows.append([f"{written(group)}, {engine}", *cells])
    if not rows:
        return missing("bdv_writing")
    head = ["image and engine", "seconds", "times now", "its CPU", "peak (MiB)", "size (MiB)"]
    return table(head, rows)


def beside(results: Results, one: str, other: str, keys: tuple[str, ...], task: str) -> list[Case]:
    """Compare two engines at a task, in all groups that have both."""
    return [
        Case(
            name=written(group),
            ratios={key: ratio(engines[one], engines[other], key) for key in keys},
        )
        for group, engines in writing(results).items()
        if group[0] == task and {one, other} <= set(engines)
    ]


def bdv_aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at for files of BigDataViewer."""
    yield Aim(
        text="writing BDV-HDF5 takes at most half of the {} of before",
        cases=beside(results, "now", "before", TIMES, "build"),
        limit=0.5,
    )
    yield Aim(
        text="BDV-HDF5 has at most 1.04 times the {} of before",
        cases=beside(results, "now", "before", ("size",), "build"),
        limit=1.04,
    )
    yield Aim(
        text="to copy BDV-HDF5 the converter of pybdv takes at least 2.5 times the {}",
        cases=beside(results, CONVERTER, "now", TIMES, "copy"),
        limit=2.5,
        at_least=True,
    )
    yield Aim(
        text="BDV-HDF5 opened by a plain BioImage takes at most 1.5 times the {} of h5py",
        cases=reading_cases(results),
        limit=1.5,
    )
