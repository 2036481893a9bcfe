"""Files of other formats, N5 and OME-TIFF, as the page *Benchmarks* shows them."""

from collections.abc import Iterator

from tests.benchmarks.shown import TIMES, Aim, Case, Results, missing, table
from tests.benchmarks.summaries import grouped, median, ratio

N5, ZARR = "N5", "OME-Zarr 0.4"
OURS, RECIPE = "ours", "tifffile"
TIFF_WRITERS = {
    OURS: "`build_pyramid`",
    "ours, strides": "`build_pyramid`, every second voxel",
    RECIPE: "tifffile, every second voxel",
    "tifffile, means": "tifffile, means by NumPy",
    "bioio-ome-tiff": "bioio-ome-tiff, no levels",
}
"""Those that are shown, as a person says it."""


def n5_cases(results: Results) -> list[Case]:
    """Compare N5 with OME-Zarr 0.4, for each image."""
    images = grouped(results.runs("n5_writing"), ["kind", "dtype"], "engine")
    return [
        Case(
            name=f"{dtype} {kind}",
            ratios={key: ratio(engines[N5], engines[ZARR], key) for key in TIMES},
        )
        for (kind, dtype), engines in images.items()
        if {N5, ZARR} <= set(engines)
    ]


def n5_table(results: Results) -> str:
    """Show seconds, memory and size of N5, and how many times those of OME-Zarr 0.4 they are."""
    rows = []
    images = grouped(results.runs("n5_writing"), ["kind", "dtype"], "engine")
    for (kind, dtype), engines in images.items():
        if not {N5, ZARR} <= set(engines):
            continue
        own, other = engines[N5], engines[ZARR]
        times = [str(ratio(own, other, key)) for key in TIMES]
        pairs = [f"{median(own, key):.0f}, {median(other, key):.0f}" for key in ("peak", "size")]
        rows.append([f"{dtype} {kind}", f"{median(own, 'wall'):.2f}", *times, *pairs])
    if not rows:
        return missing("n5_writing")
    head = ["image", "seconds", "times OME-Zarr", "its CPU", "peaks (MiB)", "sizes (MiB)"]
    return table(head, rows)


def tiff_cases(results: Results) -> list[Case]:
    """Compare tifffile's own recipe with ours, for each size of the image."""
    sizes = grouped(results.runs("ome_tiff_writing"), ["gib"], "engine")
    return [
        Case(
            name=f"{gib:g} GiB",
            ratios={each: ratio(engines[RECIPE], engines[OURS], each) for each in TIMES},
        )
        for (gib,), engines in sizes.items()
        if {OURS, RECIPE} <= set(engines)
    ]


def tiff_table(results: Results) -> str:
    """Show seconds, memory and size of each writer of OME-TIFF, beside build_pyramid's."""
    rows = []
    for (gib,), engines in grouped(results.runs("ome_tiff_writing"), ["gib"], "engine").items():
        for engine, name in TIFF_WRITERS.items():
            if not {engine, OURS} <= set(engines):
                continue
            made = engines[engine]
            times = [str(ratio(made, engines[OURS], key)) for key in TIMES]
            sizes = [f"{median(made, key):.0f}" for key in ("peak", "size")]
            rows.append([f"{gib:g} GiB, {name}", f"{median(made, 'wall'):.2f}", *times, *sizes])
    if not rows:
        return missing("ome_tiff_writing")
    head = ["image and writer", "seconds", "times ours", "its CPU", "peak (MiB)", "size (MiB)"]
    return table(head, rows)


def format_aims(results: Results) -> Iterator[Aim]:
    """List what is aimed at for N5 and OME-TIFF."""
    yield Aim(
        text="writing N5 takes at most 1.15 times the {} of OME-Zarr 0.4",
        cases=n5_cases(results),
        limit=1.15,
    )
    yield Aim(
        text="to write an OME-TIFF tifffile's recipe takes at least 2 times the {}",
        cases=tiff_cases(results),
        limit=2.0,
        at_least=True,
    )
