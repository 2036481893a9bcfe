"""What the page *Benchmarks* says of the raw results: tables and sentences, as Markdown.

The page's cells show these functions' texts; no number of a measurement is typed. A result that is
not there is named, and the rest of the page stands.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.benchmarks.records import RESULTS, Record, load
from tests.benchmarks.summaries import GROUP, Ratio, Run, ended, grouped, median, ratio

SHOWN = (
    "pyramid_building",
    "pyramid_peers",
    "pyramid_own",
    "pyramid_defaults",
    "scale",
    "cold_start",
    "bdv_reading",
)
SOURCES = {"tiff": "TIFF", "zarr": "Zarr", "sharded": "sharded Zarr"}
CHUNKS = {
    "128 cubed": ", chunks of 128³",
    "64 cubed": ", chunks of 64³",
    "shards": ", chunks of 64³ in shards",
    "bitshuffle": ", chunks of 128³, bits shuffled",
    "defaults": "",
}
OWN, FLOOR, TENSORSTORE = "build_pyramid", "bare loop", "blocks by tensorstore"
SHOWN_AS = {FLOOR: "floor"}
H5PY = "raw h5py"
PROGRAMS = {
    "python": "Python alone",
    "numpy": "`import numpy`",
    "build_pyramid": "`from bigimg_lessons import build_pyramid`",
    "first .ome.zarr": "the same, and a first small OME-Zarr",
    "first .xml": "the same, and a first small BDV-HDF5",
    "bdv Reader": "`from bigimg_lessons.formats.bdv import Reader`",
    "bdv reader": "`from bigimg_lessons.formats.bdv.reader import Reader`",
    "sample": "8 MiB of the sample volume painted",
}
READ = {"plane": "one YZ plane", "cube": "a cube of 128³"}
NO_PEERS = (OWN, FLOOR, TENSORSTORE)
TIMES = ("wall", "cpu")


@dataclass(frozen=True)
class Results:
    """The raw results in a folder.

    Parameters
    ----------
    folder
        Folder with JSON files.
    """

    folder: Path = RESULTS
    _kept: dict[str, Record | None] = field(default_factory=dict)

    def get(self, name: str) -> Record | None:
        """Return a result; None if it is not there, or is no record."""
        if name not in self._kept:
            try:
                self._kept[name] = load(self.folder / f"{name}.json")
            except (FileNotFoundError, ValueError):
                self._kept[name] = None
        return self._kept[name]

    def runs(self, *names: str) -> list[Run]:
        """Return the runs of some results, as far as they are there."""
        records = filter(None, map(self.get, names))
        return [run for record in records for run in ended(record["runs"])]

    @property
    def missing(self) -> list[str]:
        """Names of the results that the page shows and that are not there."""
        return [name for name in SHOWN if self.get(name) is None]

    @property
    def trials(self) -> list[str]:
        """Names of those that were made in a trial of the command, with tiny images."""
        return [name for name in SHOWN if (self.get(name) or {}).get("trial")]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a comparison: what it is, and the ratio of each quantity.

    Parameters
    ----------
    name
        What is compared, in words.
    ratios
        How many times as much, by quantity.
    """

    name: str
    ratios: dict[str, Ratio]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A ratio that is aimed at in every case of a comparison.

    Parameters
    ----------
    text
        What is aimed at, in words.
    cases
        The cases, with the ratio of each quantity.
    limit
        The ratio that is aimed at.
    at_least
        Whether ratios must not be lower; else they must not be higher.
    """

    text: str
    cases: Sequence[Case]
    limit: float
    at_least: bool = False

    def met(self, ratio: Ratio) -> bool:
        """Tell whether a ratio is as aimed at, by its median as shown."""
        shown = round(ratio.median, 2)
        return shown >= self.limit if self.at_least else shown <= self.limit

    @cached_property
    def rows(self) -> list[list[str]]:
        """One row for each quantity: how many cases are as aimed at, and which is the furthest."""
        rows = []
        for quantity in dict.fromkeys(key for case in self.cases for key in case.ratios):
            cases = [case for case in self.cases if quantity in case.ratios]
            pairs = [(case.ratios[quantity], case.name) for case in cases]
            furthest, name = sorted(pairs, key=lambda pair: pair[0].median)[-1 + self.at_least]
            count = sum(self.met(ratio) for ratio, _ in pairs)
            reached = "yes" if count == len(pairs) else "**no**"
            quantities = {"wall": "seconds", "cpu": "CPU seconds"}
            rows.append(
                [
                    self.text.format(quantities.get(quantity, quantity)),
                    f"{reached}: {count} of {len(pairs)}",
                    f"{furthest}: {name}",
                ]
            )
        return rows


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table; all columns but the first are set to the right."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def state(results: Results) -> str:
    """Say on which machine, when and with which versions all was measured, and what is missing."""
    text = []
    if results.missing:
        names = ", ".join(f"`{name}.json`" for name in results.missing)
        text.append(f"**Not measured yet**, or of an older form, and so not shown: {names}.")
    if results.trials:
        names = ", ".join(f"`{name}.json`" for name in results.trials)
        text.append(
            f"**Of a trial** of the command, with tiny images, and so not to be cited: {names}."
        )
    records = [record for name in SHOWN if (record := results.get(name))]
    machines: dict[str, list[Record]] = {}
    for record in records:
        machines.setdefault(machine_of(record), []).append(record)
    for machine, measured in machines.items():
        dates = sorted({record["date"][:10] for record in measured})
        commits = sorted({_short(record["commit"]) for record in measured})
        versions = {k: v for record in measured for k, v in record["versions"].items()}
        listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
        text.append(
            f"Measured on {' and '.join(dates)} on {machine}; the code is that of commit "
            f"{', '.join(commits)}. Versions: {listed}."
        )
    return "\n\n".join(text)


def _short(commit: str) -> str:
    """Shorten the number of a commit, and keep what is said besides."""
    number, _, remark = commit.partition(" ")
    return f"{number[:10]} {remark}".strip()


def machine_of(record: Record) -> str:
    """Describe a computer."""
    machine = record["machine"]
    return (
        f"{machine['cores']} cores of {machine['cpu']} with {machine['memory_gib']:g} GiB of "
        f"memory, {machine['system']}, Python {record['python']}"
    )


# Pyramids


def case_name(group: tuple[str, ...]) -> str:
    """Describe what engines have in common that are compared: case, kind, dtype, source."""
    case, kind, dtype, source = group
    return f"{dtype} {kind} from {SOURCES[source]}{CHUNKS[case]}"


def against(results: Results, other: str, *names: str) -> list[Case]:
    """Compare build_pyramid with another engine, in all groups that have both."""
    return [
        Case(
            name=case_name(group),
            ratios={key: ratio(engines[OWN], engines[other], key) for key in TIMES},
        )
        for group, engines in grouped(results.runs(*names), GROUP, "engine").items()
        if {OWN, other} <= set(engines)
    ]


def peers_of(engines: dict[str, list[Run]]) -> dict[str, list[Run]]:
    """Keep the engines of others."""
    return {name: made for name, made in engines.items() if not name.startswith(NO_PEERS)}


def against_fastest(results: Results, *names: str) -> list[tuple[Case, dict[str, str]]]:
    """Compare the fastest peer, for each quantity, with build_pyramid; name those peers, too."""
    cases = []
    for group, engines in grouped(results.runs(*names), GROUP, "engine").items():
        peers = peers_of(engines)
        if OWN in engines and peers:
            fastest = {key: min(peers, key=lambda name: median(peers[name], key)) for key in TIMES}
            ratios = {key: ratio(peers[fastest[key]], engines[OWN], key) for key in TIMES}
            cases.append((Case(name=case_name(group), ratios=ratios), fastest))
    return cases


def own_table(results: Results) -> str:
    """Show build_pyramid beside blocks by tensorstore and the floor, in every case."""
    rows = []
    for group, engines in grouped(results.runs("pyramid_own"), GROUP, "engine").items():
        if not {OWN, FLOOR, TENSORSTORE} <= set(engines):
            continue
        compared = [
            str(ratio(engines[OWN], engines[other], key))
            for other in (TENSORSTORE, FLOOR)
            for key in TIMES
        ]
        rows.append([case_name(group), f"{median(engines[OWN], 'wall'):.2f}", *compared])
    if not rows:
        return _missing("pyramid_own")
    head = ["case", "seconds", "tensorstore", "its CPU", "floor", "its CPU"]
    return table(head, rows)


def peers_table(results: Results, *names: str) -> str:
    """Show how many times as long as build_pyramid the fastest peer takes, in every case."""
    rows = []
    for case, fastest in against_fastest(results, *names):
        cells = [f"{case.ratios[key]}, {fastest[key]}" for key in TIMES]
        rows.append([case.name, *cells])
    if not rows:
        return _missing(*names)
    return table(["case", "seconds", "CPU seconds"], rows)


def all_numbers(results: Results, *names: str) -> str:
    """Show medians of every engine in every group."""
    text = []
    for group, engines in grouped(results.runs(*names), GROUP, "engine").items():
        shape = " × ".join(map(str, next(iter(engines.values()))[0]["shape"]))
        rows = []
        for engine, made in engines.items():
            off = "–" if made[0]["error"] is None else f"{max(run['error'] for run in made)}"
            cells = [f"{median(made, 'wall'):.2f}", f"{median(made, 'cpu'):.2f}"]
            cells += [f"{median(made, 'peak'):.0f}", f"{median(made, 'size'):.0f}", off]
            rows.append([SHOWN_AS.get(engine, engine), *cells])
        head = ["engine", "seconds", "CPU seconds", "peak (MiB)", "size (MiB)", "off by"]
        text += [f"**{case_name(group)}; {shape}**", table(head, rows)]
    return "\n\n".join(text) or _missing(*names)


# Scale


def scale_cases(results: Results) -> dict[str, list[Case]]:
    """Compare every size with the smallest: time for each byte, and peak of memory."""
    runs = [
        {**run, **{key: run[key] / run["gib"] for key in TIMES}} for run in results.runs("scale")
    ]
    sizes = grouped(runs, [], "gib").get((), {})
    if not sizes:
        return {"times": [], "memory": []}
    least, *others = sorted(sizes)
    return {
        kind: [
            Case(
                name=f"{gib:g} GiB beside {least:g} GiB",
                ratios={key: ratio(sizes[gib], sizes[least], key) for key in keys},
            )
            for gib in others
        ]
        for kind, keys in (("times", TIMES), ("memory", ("peak",)))
    }


def scale_table(results: Results) -> str:
    """Show seconds, speed and memory for each size."""
    sizes = grouped(results.runs("scale"), [], "gib").get((), {})
    if not sizes:
        return _missing("scale")
    rows = []
    for gib, made in sorted(sizes.items()):
        wall = median(made, "wall")
        rows.append(
            [
                f"{gib:g} GiB",
                str(len(made)),
                f"{wall:.1f}",
                f"{gib * 1024 / wall:.0f}",
                f"{median(made, 'cpu'):.1f}",
                f"{median(made, 'peak'):.0f} ({min(r['peak'] for r in made):.0f}–"
                f"{max(r['peak'] for r in made):.0f})",
            ]
        )
    return table(["image", "runs", "seconds", "MiB/s", "CPU seconds", "peak (MiB)"], rows)


# Cold starts


def programs(results: Results) -> dict[str, dict[str, list[Run]]]:
    """Sort the runs of programs in fresh processes by program, then by checkout."""
    runs = [run for run in results.runs("cold_start") if "program" in run]
    return {program: each for (program,), each in grouped(runs, ["program"], "checkout").items()}


def cold_table(results: Results) -> str:
    """Show seconds of fresh processes, and how many times those of the earlier commit."""
    rows = []
    for program, checkouts in programs(results).items():
        before, now = checkouts["before"], checkouts["now"]
        seconds = [f"{median(made, 'wall'):.2f}" for made in (before, now)]
        rows.append([PROGRAMS[program], *seconds, *(str(ratio(now, before, k)) for k in TIMES)])
    if not rows:
        return _missing("cold_start")
    return table(["program", "before (s)", "now (s)", "times before", "its CPU"], rows)


def opening_table(results: Results) -> str:
    """Show milliseconds of the CPU to open an image and read a plane of it, beside raw h5py."""
    ways = opening(results)
    if not ways:
        return _missing("cold_start")
    rows = [
        [way, f"{1000 * median(made, 'cpu'):.1f}", str(ratio(made, ways[H5PY], "cpu"))]
        for way, made in ways.items()
    ]
    return table(["way", "CPU milliseconds", "times raw h5py"], rows)


def opening(results: Results) -> dict[str, list[Run]]:
    """Sort the ways to open an image, as the package is now."""
    runs = [run for run in results.runs("cold_start") if "way" in run and run["checkout"] == "now"]
    return grouped(runs, [], "way").get((), {})


def cold_aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at until something happens."""
    found = programs(results)
    name = "build_pyramid"
    walls = [run["wall"] for run in found[name]["now"]] if name in found else []
    seconds = Ratio(statistics.median(walls), min(walls), max(walls)) if walls else None
    yield Aim(
        text="`from bigimg_lessons import build_pyramid` takes at most 0.5 {}",
        cases=[Case(name=PROGRAMS[name], ratios={"wall": seconds})] if seconds else [],
        limit=0.5,
    )
    yield Aim(
        text="importing the reader of BDV-HDF5 takes at most 0.5 times the {} of before",
        cases=[
            Case(
                name=PROGRAMS[name],
                ratios={
                    key: ratio(found[name]["now"], found[name]["before"], key) for key in TIMES
                },
            )
            for name in ("bdv Reader", "bdv reader")
            if name in found
        ],
        limit=0.5,
    )
    ways = opening(results)
    cases = (
        [Case(name="a plane", ratios={"cpu": ratio(ways["BioImage"], ways[H5PY], "cpu")})]
        if ways
        else []
    )
    yield Aim(
        text="a BDV-HDF5 image opened by a plain BioImage takes at most 1.5 times the {} of h5py",
        cases=[*cases, *reading_cases(results)],
        limit=1.5,
    )


# BigDataViewer files


def reading_table(results: Results) -> str:
    """Show milliseconds to open a BDV-HDF5 image and read of it, beside raw h5py."""
    rows = []
    for (task,), ways in grouped(results.runs("bdv_reading"), ["task"], "way").items():
        for way, made in ways.items():
            times = str(ratio(made, ways[H5PY], "wall"))
            rows.append([f"{READ[task]}, {way}", f"{1000 * median(made, 'wall'):.1f}", times])
    if not rows:
        return _missing("bdv_reading")
    return table(["what is read, and how", "milliseconds", "times raw h5py"], rows)


def reading_cases(results: Results) -> list[Case]:
    """Compare a plane through a plain BioImage with raw h5py."""
    tasks = grouped(results.runs("bdv_reading"), ["task"], "way")
    return [
        Case(name=READ[task], ratios={"wall": ratio(ways["BioImage"], ways[H5PY], "wall")})
        for (task,), ways in tasks.items()
        if task == "plane"
    ]


# Aims


def aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at, with all cases that tell whether it is reached."""
    yield Aim(
        text="no more {} than blocks by tensorstore",
        cases=against(results, TENSORSTORE, "pyramid_own"),
        limit=1.0,
    )
    yield Aim(
        text="at most 1.05 times the {} of the floor",
        cases=against(results, FLOOR, "pyramid_own"),
        limit=1.05,
    )
    yield Aim(
        text="the fastest peer at its best settings takes at least 2 times the {}",
        cases=[case for case, _ in against_fastest(results, "pyramid_building", "pyramid_peers")],
        limit=2.0,
        at_least=True,
    )
    yield Aim(
        text="the fastest peer by its defaults takes at least 3 times the {}",
        cases=[case for case, _ in against_fastest(results, "pyramid_defaults")],
        limit=3.0,
        at_least=True,
    )
    scale = scale_cases(results)
    yield Aim(
        text="at most 1.05 times the {} for each byte of a larger image",
        cases=scale["times"],
        limit=1.05,
    )
    yield Aim(
        text="at most 1.1 times the {} of memory for a larger image",
        cases=scale["memory"],
        limit=1.1,
    )
    yield from cold_aims(results)


def aims_table(results: Results) -> str:
    """Show which aims are reached, in how many cases, and the case that is furthest from them."""
    rows = [row for aim in aims(results) for row in aim.rows]
    return table(["aim", "reached", "furthest from it"], rows) if rows else _missing(*SHOWN)


def _missing(*names: str) -> str:
    listed = ", ".join(f"`{name}.json`" for name in names)
    return f"*Not measured yet: {listed}.*"
