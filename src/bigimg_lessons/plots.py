"""The lessons' figures, each drawn on Axes that the caller made.

Colours are told apart by readers with any colour vision, and every axis says its unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.typing import NDArray

from bigimg_lessons.counting import Requests, format_bytes
from bigimg_lessons.memory import MemoryTrace

# The palette of the drawn figures (book/figures/drawing.py): indigo for what is there or
# wanted, amber for what is read, with its dark edge for lines and words.
ACCENT = "#4450b8"
READ = "#f2a01e"
READ_EDGE = "#a86400"
QUIET = "#d9dcee"
INK = "#1d2240"


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
    """Draw how memory grew over time, with named sizes as horizontal lines to compare with.

    Parameters
    ----------
    ax
        Where to draw.
    trace
        What a :class:`~bigimg_lessons.memory.MemoryWatch` saw.
    marks
        Sizes in bytes by name, for example ``{"the file": 268510922}``.
    """
    mebi = 2**20
    added = np.array(trace.added) / mebi
    ax.fill_between(trace.seconds, added, color=ACCENT, alpha=0.2, linewidth=0)
    ax.plot(trace.seconds, added, color=ACCENT)
    for name, size in marks.items():
        ax.axhline(size / mebi, color=READ_EDGE, linestyle="--", linewidth=1)
        ax.annotate(
            f"{name}: {format_bytes(size)}",
            (0.01, size / mebi),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            color=READ_EDGE,
        )
    ax.set_ylim(bottom=min(0.0, float(added.min())))
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
    mebi = 2**20
    for row in range(rows):
        start, stop = row * row_bytes, min((row + 1) * row_bytes, requests.file_size)
        ax.broken_barh([(0, (stop - start) / mebi)], (row + 0.1, 0.8), facecolors=QUIET)
        inside = [
            ((max(first, start) - start) / mebi, (min(last, stop) - max(first, start)) / mebi)
            for first, last in requests.touched
            if first < stop and last > start
        ]
        if inside:
            ax.broken_barh(
                inside, (row + 0.1, 0.8), facecolors=READ, edgecolors=READ, linewidth=0.5
            )
    ax.set_ylim(rows, 0)
    ax.set_xlim(0, row_bytes / mebi)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda row, _: f"{row * row_bytes / mebi:.0f}"))
    ax.set_xlabel("position in the row (MiB)")
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
        Bytes that were read to make it.

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
    # Above the bars, whose labels may reach any corner.
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderpad=0)
