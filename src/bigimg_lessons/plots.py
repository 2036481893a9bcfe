"""The lessons' figures, each drawn on Axes that the caller made.

Colours are told apart by readers with any colour vision, and every axis says its unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.typing import NDArray

from bigimg_lessons.colours import LIGHT
from bigimg_lessons.measure.files import Requests
from bigimg_lessons.measure.memory import MemoryTrace
from bigimg_lessons.measure.timing import Timing
from bigimg_lessons.text import format_bytes

# The palette of the pages: indigo for what is there or wanted, amber for what is read, with its
# dark edge for lines and words.
ACCENT = LIGHT["accent"]
READ = LIGHT["lit"]
READ_EDGE = LIGHT["lit_edge"]
QUIET = LIGHT["tile"]
INK = LIGHT["ink"]

# Lines of one chart: told apart by marker and dashes too, and each is named at its end.
LINES = (
    (ACCENT, "o", "-"),
    (READ_EDGE, "s", "--"),
    ("#12705f", "^", "-."),
    ("#a02a52", "D", ":"),
    ("#5f6378", "v", "-"),
)


MEBI = 2**20


def set_style() -> None:
    """Give all figures of this session the book's look.

    Letters are large for the figure's 6 inches of width, so that they can still be read when a
    phone shows it 330 pixels wide.
    """
    mpl.rcParams.update(
        {
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.constrained_layout.use": True,
            "figure.dpi": 150,
            "figure.figsize": (6.0, 3.0),
            "font.size": 11,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )


def slice_image(
    ax: Axes,
    pixels: NDArray[np.generic],
    *,
    axes: str,
    pixel_size: tuple[float | None, float | None],
) -> None:
    """Draw a 2-D slice in grey at its physical size, so that voxels keep their true shape.

    Parameters
    ----------
    ax
        Where to draw.
    pixels
        The slice, shape (rows, columns).
    axes
        Names of rows and columns, for example ``"ZX"``.
    pixel_size
        Height and width of one pixel in micrometres, in the order of `axes`. Where the file
        does not state one of them (``None``), the slice is drawn in square pixels.

    Raises
    ------
    ValueError
        If `pixels` is not 2-D, or `axes` does not name two axes.
    """
    if pixels.ndim != 2 or len(axes) != 2:
        raise ValueError(
            f"Got an array of shape {pixels.shape} with axes {axes!r}: a slice has two axes; "
            "squeeze or index the others away first."
        )
    rows, columns = pixels.shape
    height, width = pixel_size
    unit = "µm"
    if height is None or width is None:
        height, width, unit = 1.0, 1.0, "pixels"
    ax.imshow(pixels, cmap="gray", extent=(0, columns * width, rows * height, 0))
    ax.set_xlabel(f"{axes[1].lower()} ({unit})")
    ax.set_ylabel(f"{axes[0].lower()} ({unit})")


def orthogonal_slices(
    figure: Figure,
    *,
    xy: NDArray[np.generic],
    xz: NDArray[np.generic],
    yz: NDArray[np.generic],
    voxel_size: tuple[float | None, float | None, float | None],
) -> None:
    """Draw three slices of one volume to one scale: YZ right of XY, XZ below it.

    Shared edges line up, as in ImageJ's *Orthogonal Views*.

    Parameters
    ----------
    figure
        Where to draw; best with ``layout="constrained"``.
    xy, xz, yz
        The slices, with shapes (Y, X), (Z, X) and (Y, Z).
    voxel_size
        Depth, height and width of a voxel in micrometres, in the order ZYX; ``None`` where the
        file does not state it, and then voxels are drawn as cubes.

    Raises
    ------
    ValueError
        If the three shapes do not belong to one volume.
    """
    (ny, nx), (nz, _) = xy.shape, xz.shape
    if xz.shape != (nz, nx) or yz.shape != (ny, nz):
        raise ValueError(
            f"Slices of shapes {xy.shape}, {xz.shape} and {yz.shape} do not belong to one volume: "
            "give XY as (Y, X), XZ as (Z, X) and YZ as (Y, Z)."
        )
    depth, height, width = (None, None, None) if None in voxel_size else voxel_size
    z, y, x = depth or 1.0, height or 1.0, width or 1.0
    axes = figure.subplots(2, 2, width_ratios=(nx * x, nz * z), height_ratios=(ny * y, nz * z))
    slice_image(axes[0, 0], xy, axes="YX", pixel_size=(height, width))
    slice_image(axes[0, 1], yz, axes="YZ", pixel_size=(height, depth))
    slice_image(axes[1, 0], xz, axes="ZX", pixel_size=(depth, width))
    for ax, name in ((axes[0, 0], "XY"), (axes[0, 1], "YZ"), (axes[1, 0], "XZ")):
        ax.set_title(name)
    axes[1, 1].set_axis_off()


def memory_curve(ax: Axes, trace: MemoryTrace, *, marks: Mapping[str, int]) -> None:
    """Draw how memory grew over time, with named sizes as horizontal lines for comparison.

    Parameters
    ----------
    ax
        Where to draw.
    trace
        What a :class:`~bigimg_lessons.measure.memory.MemoryWatch` measured.
    marks
        Sizes in bytes by name, for example ``{"the file": 268510922}``.
    """
    added = np.array(trace.added) / MEBI
    ax.fill_between(trace.seconds, added, color=ACCENT, alpha=0.2, linewidth=0)
    ax.plot(trace.seconds, added, color=ACCENT)
    for name, size in marks.items():
        ax.axhline(size / MEBI, color=READ_EDGE, linestyle="--", linewidth=1)
        ax.annotate(
            f"{name}: {format_bytes(size)}",
            (0.01, size / MEBI),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            color=READ_EDGE,
        )
    ax.set_ylim(bottom=min(0.0, float(np.min(added))))
    ax.margins(x=0)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("memory added (MiB)")


def file_map(ax: Axes, requests: Requests, *, row_bytes: int = 16 * 2**20) -> None:
    """Draw which bytes of a file were read: the file as one long tape, folded into rows.

    Reading goes from left to right and from top to bottom, as in a book. Parts that were read
    are coloured; a part too narrow to see is drawn half a screen pixel wide.

    Parameters
    ----------
    ax
        Where to draw.
    requests
        What was asked of the file.
    row_bytes
        Bytes in one row of the drawing; positive.

    Raises
    ------
    ValueError
        If `row_bytes` is not positive.
    """
    if row_bytes <= 0:
        raise ValueError(f"row_bytes is {row_bytes}: give the positive number of bytes in a row.")
    rows = max(1, ceil(requests.file_size / row_bytes))
    for row in range(rows):
        start, stop = row * row_bytes, min((row + 1) * row_bytes, requests.file_size)
        ax.broken_barh([(0, (stop - start) / MEBI)], (row + 0.1, 0.8), facecolors=QUIET)
        inside = [
            ((max(first, start) - start) / MEBI, (min(last, stop) - max(first, start)) / MEBI)
            for first, last in requests.touched
            if first < stop and last > start
        ]
        if inside:
            ax.broken_barh(
                inside, (row + 0.1, 0.8), facecolors=READ, edgecolors=READ, linewidth=0.5
            )
    ax.set_ylim(rows, 0)
    ax.set_xlim(0, row_bytes / MEBI)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda row, _: f"{row * row_bytes / MEBI:.0f}"))
    ax.set_xlabel("into the row (MiB)")
    ax.set_ylabel("row starts at (MiB)")
    ax.label_outer()  # side by side, maps share their labels


def bytes_compared(
    ax: Axes, labels: Sequence[str], *, wanted: Sequence[int], read: Sequence[int]
) -> None:
    """Draw bytes wanted beside bytes read as bars on a logarithmic axis.

    Parameters
    ----------
    ax
        Where to draw.
    labels
        One name for each pair of bars.
    wanted
        Bytes of the result that was asked for.
    read
        Bytes that were read for it.

    Raises
    ------
    ValueError
        If the three do not have the same length.
    """
    if not len(labels) == len(wanted) == len(read):
        raise ValueError(
            f"Got {len(labels)} labels, {len(wanted)} sizes wanted and {len(read)} sizes read: "
            "give one of each per pair of bars."
        )
    places = np.arange(len(labels))
    series = (("wanted", wanted, ACCENT, -0.2), ("read", read, READ, 0.2))
    for name, sizes, colour, shift in series:
        bars = ax.barh(places + shift, sizes, height=0.38, color=colour, label=name)
        ax.bar_label(bars, [format_bytes(size) for size in sizes], padding=3, color=INK)
    ax.set_xscale("log", base=2)
    ax.set_xlim(left=1024, right=max(*wanted, *read) * 24)
    ax.xaxis.set_major_locator(LogLocator(base=32))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: format_bytes(int(size))))
    ax.set_yticks(places, labels)
    ax.invert_yaxis()
    ax.set_xlabel("bytes")
    _legend_above(ax, columns=2)


def over_chunk_edge(
    ax: Axes,
    edges: Sequence[int],
    series: Mapping[str, Sequence[float]],
    *,
    ylabel: str,
    log: bool = True,
    mark_least: bool = False,
) -> None:
    """Draw lines over the edge of cube-shaped chunks, each named at its right end.

    Parameters
    ----------
    ax
        Where to draw.
    edges
        Voxels along the edge of a chunk, ascending.
    series
        For each line, by name, a positive value for every edge; at most five lines.
    ylabel
        What the values are, with their unit.
    log
        Whether the values are drawn on a logarithmic axis.
    mark_least
        Whether to put a ring around the smallest value of each line.

    Raises
    ------
    ValueError
        If there are more lines than can be told apart, or a line does not have a value for
        each edge.
    """
    if len(series) > len(LINES):
        raise ValueError(
            f"Got {len(series)} lines: give at most {len(LINES)}, which can be told apart."
        )
    for name, values in series.items():
        if len(values) != len(edges):
            raise ValueError(
                f"The line {name!r} has {len(values)} values for {len(edges)} chunk edges: give "
                "one for each edge."
            )
    for values, (colour, marker, dashes) in zip(series.values(), LINES, strict=False):
        ax.plot(edges, values, color=colour, marker=marker, linestyle=dashes, markersize=5)
        if mark_least:
            least = int(np.argmin(values))
            ax.plot(edges[least], values[least], "o", color=colour, markersize=13, fillstyle="none")
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.set_ylabel(ylabel)
    _chunk_edge_axis(ax, edges)
    _name_lines(ax, edges[-1], {name: values[-1] for name, values in series.items()})


def _name_lines(ax: Axes, x: float, ends: Mapping[str, float]) -> None:
    """Write the names of lines beside their last points, one above the other where these meet."""
    line_height = 14.0  # points
    points = 72 / ax.figure.dpi
    above = -np.inf
    colours = dict(zip(ends, (colour for colour, _, _ in LINES), strict=False))
    for name, y in sorted(ends.items(), key=lambda end: end[1]):
        height = ax.transData.transform((x, y))[1] * points
        above = max(height, above + line_height)
        ax.annotate(
            name,
            (x, y),
            xytext=(8, above - height),
            textcoords="offset points",
            color=colours[name],
            verticalalignment="center",
        )


def _chunk_edge_axis(ax: Axes, edges: Sequence[int]) -> None:
    """Name the chunks below a chart: 16³, 32³ and so on, evenly spaced."""
    ax.set_xscale("log", base=2)
    ax.set_xticks(edges, [f"{edge}³" for edge in edges])
    ax.minorticks_off()
    _grid(ax, "y")
    ax.set_xlabel("chunk (voxels)")


def timings(ax: Axes, groups: Mapping[str, Sequence[Timing]]) -> None:
    """Draw times of the same actions in several circumstances: median as a dot, spread as a line.

    Parameters
    ----------
    ax
        Where to draw.
    groups
        For each circumstance, by name, the times of all actions, in the same order; at most
        five circumstances.

    Raises
    ------
    ValueError
        If there are more circumstances than can be told apart, or they do not time the same
        actions.
    """
    if not 0 < len(groups) <= len(LINES):
        raise ValueError(f"Got {len(groups)} groups of times: give 1 to {len(LINES)}.")
    labels, *others = ([timing.label for timing in times] for times in groups.values())
    if any(other != labels for other in others):
        raise ValueError(
            "The groups do not time the same actions: give each the same labels in the same order."
        )
    places = np.arange(len(labels))
    shifts = (np.arange(len(groups)) - (len(groups) - 1) / 2) * 0.3
    for (name, times), shift, (colour, marker, _) in zip(
        groups.items(), shifts, LINES, strict=False
    ):
        medians, whiskers = _medians(times)
        ax.errorbar(
            medians * 1000,
            places + shift,
            xerr=whiskers * 1000,
            color=colour,
            marker=marker,
            linestyle="none",
            label=name,
        )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_yticks(places, labels)
    ax.invert_yaxis()
    _grid(ax, "x")
    ax.set_xlabel("time of one read (ms), median and all runs")
    _legend_above(ax, columns=len(groups))


def model_over_measurement(
    axes: Sequence[Axes], labels: Sequence[str], times: Sequence[Timing], model: Sequence[float]
) -> None:
    """Draw what a cost model predicts over what was measured, and below it the error.

    Parameters
    ----------
    axes
        Two: for the times, and for the error of the model.
    labels
        One name for each measurement.
    times
        What was measured.
    model
        What the model predicts, in seconds.

    Raises
    ------
    ValueError
        If the three do not have the same length.
    """
    if not len(labels) == len(times) == len(model):
        raise ValueError(
            f"Got {len(labels)} labels, {len(times)} times and {len(model)} predictions: give one "
            "of each per measurement."
        )
    places = np.arange(len(labels))
    medians, whiskers = _medians(times)
    above, below = axes
    repeated = any(len(timing.seconds) > 1 for timing in times)
    above.bar(places, model, 0.7, color=QUIET, label="model")
    above.errorbar(
        places,
        medians,
        yerr=whiskers,
        color=ACCENT,
        marker="o",
        linestyle="none",
        label="measured, median and all runs" if repeated else "measured",
    )
    above.set_ylabel("time of one read (s)")
    _legend_above(above, columns=2)

    errors = (np.asarray(model) / medians - 1) * 100
    bars = below.bar(places, errors, 0.7, color=READ)
    below.bar_label(bars, [f"{round(error):+d} %" for error in errors], padding=3, color=INK)
    below.axhline(0, color=INK, linewidth=0.8)
    below.margins(y=0.25)
    below.set_ylabel("error of the model (%)")
    for ax in axes:
        ax.set_xticks(places, labels)
    below.set_xlabel("chunk (voxels)")


def _legend_above(ax: Axes, *, columns: int) -> None:
    """Put the legend above the axes, as data and labels may reach any corner."""
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, frameon=False, borderpad=0)


def _grid(ax: Axes, axis: Literal["x", "y"]) -> None:
    """Draw quiet grid lines, behind the data."""
    ax.grid(axis=axis, color=QUIET, linewidth=0.8)
    ax.set_axisbelow(True)


def _medians(times: Sequence[Timing]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return medians, and how far the fastest and the slowest run lie from them, in seconds."""
    medians = np.array([timing.median for timing in times])
    fastest, slowest = np.array([timing.spread for timing in times]).T
    return medians, np.array([medians - fastest, slowest - medians])
