"""Pyramids and their scale, as the page *Benchmarks* shows them."""

from collections.abc import Iterator

from tests.benchmarks.shown import TIMES, Aim, Case, Results, missing, table
from tests.benchmarks.summaries import GROUP, Run, grouped, median, ratio

SOURCES = {"tiff": "TIFF", "zarr": "Zarr", "sharded": "sharded Zarr"}
CHUNKS = {
    "128 cubed": ", chunks of 128³",
    "64 cubed": ", chunks of 64³",
    "shards": ", chunks of 64³ in shards",
    "bitshuffle": ", chunks of 128³, bits shuffled",
    "defaults": "",
}
STAGES = ("read", "sum", "divide", "encode", "write", "other")
OWN, FLOOR, TENSORSTORE = "build_pyramid", "bare loop", "blocks by tensorstore"
SHOWN_AS = {FLOOR: "floor"}
NO_PEERS = (OWN, FLOOR, TENSORSTORE)


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
        return missing("pyramid_own")
    head = ["case", "seconds", "tensorstore", "its CPU", "floor", "its CPU"]
    return table(head, rows)


def peers_table(results: Results, *names: str) -> str:
    """Show how many times as long as build_pyramid the fastest peer takes, in every case."""
    rows = []
    for case, fastest in against_fastest(results, *names):
        cells = [f"{case.ratios[key]}, {fastest[key]}" for key in TIMES]
        rows.append([case.name, *cells])
    if not rows:
        return missing(*names)
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
    return "\n\n".join(text) or missing(*names)


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


def stages_table(results: Results) -> str:
    """Show the share of each stage in the processor time of a build."""
    groups = grouped(results.runs("pyramid_stages"), ["case", "dtype"], "source")
    if not groups:
        return missing("pyramid_stages")
    rows = []
    for (case, dtype), sources in groups.items():
        for source, made in sources.items():
            total = median(made, "cpu")
            shares = [f"{100 * median(made, stage) / total:.0f} %" for stage in STAGES]
            rows.append([f"{dtype} from {SOURCES[source]}{CHUNKS[case]}", f"{total:.2f}", *shares])
    return table(["case", "CPU seconds", *STAGES], rows)


def scale_table(results: Results) -> str:
    """Show seconds, speed and memory for each size."""
    sizes = grouped(results.runs("scale"), [], "gib").get((), {})
    if not sizes:
        return missing("scale")
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


def pyramid_aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at for pyramids."""
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
