from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from bigimg_lessons import plots
from bigimg_lessons.measure.files import Requests
from bigimg_lessons.measure.memory import MemoryTrace
from bigimg_lessons.measure.timing import Timing

MEBI = 2**20


@pytest.fixture
def ax():
    return Figure().subplots()


def bars(ax):
    """Extents (left, right) of all bars in data units, by their colour."""
    found = {}
    for collection in ax.collections:
        colour = mpl.colors.to_hex(collection.get_facecolor()[0])
        for path in collection.get_paths():
            box = path.get_extents()
            found.setdefault(colour, []).append((box.x0, box.x1, box.y0))
    return found


def test_style_makes_letters_that_a_phone_can_show():
    with mpl.rc_context():
        plots.set_style()
        width, _ = mpl.rcParams["figure.figsize"]
        assert mpl.rcParams["font.size"] / (width * 72) * 330 >= 8  # pixels of 330


def test_slice_is_drawn_at_its_physical_size(ax):
    plots.slice_image(ax, np.zeros((256, 1024)), axes="ZX", pixel_size=(0.1, 0.04))
    left, right, bottom, top = ax.images[0].get_extent()
    assert (right - left, bottom - top) == pytest.approx((40.96, 25.6))
    assert ax.get_aspect() == 1
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (µm)", "z (µm)")


def test_slice_without_a_voxel_size_is_drawn_in_pixels(ax):
    plots.slice_image(ax, np.zeros((21, 256)), axes="ZX", pixel_size=(None, 1.0))
    assert list(ax.images[0].get_extent()) == [0, 256, 21, 0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (pixels)", "z (pixels)")


def test_slice_must_have_two_axes(ax):
    with pytest.raises(ValueError, match=r"shape \(1, 4, 4\).*a slice has two axes"):
        plots.slice_image(ax, np.zeros((1, 4, 4)), axes="YX", pixel_size=(1, 1))


def test_orthogonal_slices_share_one_scale():
    figure = Figure(layout="constrained")
    plots.orthogonal_slices(
        figure,
        xy=np.zeros((30, 50)),
        xz=np.zeros((20, 50)),
        yz=np.zeros((30, 20)),
        voxel_size=(0.5, 0.1, 0.1),
    )
    extents = {ax.get_title(): ax.images[0].get_extent() for ax in figure.axes if ax.images}
    assert extents == {
        "XY": pytest.approx((0, 5, 3, 0)),
        "YZ": pytest.approx((0, 10, 3, 0)),
        "XZ": pytest.approx((0, 5, 10, 0)),
    }
    figure.canvas.draw()
    scales = [
        ax.get_window_extent().width / abs(np.subtract(*ax.get_xlim()))
        for ax in figure.axes
        if ax.images
    ]
    assert scales == pytest.approx([scales[0]] * 3, rel=0.02)


def test_orthogonal_slices_without_a_voxel_size_are_all_drawn_in_pixels():
    figure = Figure()
    plots.orthogonal_slices(
        figure,
        xy=np.zeros((30, 50)),
        xz=np.zeros((20, 50)),
        yz=np.zeros((30, 20)),
        voxel_size=(None, 0.1, 0.1),
    )
    assert {ax.get_xlabel() for ax in figure.axes if ax.images} == {"x (pixels)", "z (pixels)"}


def test_orthogonal_slices_must_belong_together():
    with pytest.raises(ValueError, match=r"\(30, 50\), \(20, 50\) and \(20, 30\) do not belong"):
        plots.orthogonal_slices(
            Figure(),
            xy=np.zeros((30, 50)),
            xz=np.zeros((20, 50)),
            yz=np.zeros((20, 30)),
            voxel_size=(1, 1, 1),
        )


def test_memory_curve_has_units_and_marks(ax):
    trace = MemoryTrace((0.0, 1.0), (100 * MEBI, 356 * MEBI))
    plots.memory_curve(ax, trace, marks={"the file": 256 * MEBI})
    assert list(ax.lines[0].get_ydata()) == [0, 256]
    assert ax.lines[1].get_ydata()[0] == 256
    assert [text.get_text() for text in ax.texts] == ["the file: 256 MiB"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "memory added (MiB)")


def test_file_map_colours_what_was_read(ax):
    # 40 MiB in rows of 16: a read across the border of rows 0 and 1, and one in row 2.
    requests = Requests(40 * MEBI, 1, ((15 * MEBI, 2 * MEBI), (33 * MEBI, MEBI)))
    plots.file_map(ax, requests)
    found = bars(ax)
    assert [(a, b) for a, b, _ in found[plots.QUIET]] == [(0, 16), (0, 16), (0, 8)]
    assert found[plots.READ] == [(15, 16, 0.1), (0, 1, 1.1), (1, 2, 2.1)]


def test_file_map_row_must_be_positive(ax):
    with pytest.raises(ValueError, match="row_bytes is 0: give the positive number"):
        plots.file_map(ax, Requests(10, 0, ()), row_bytes=0)


def test_bytes_compared_draws_pairs(ax):
    plots.bytes_compared(ax, ["XY", "XZ"], wanted=[2**20, 2**18], read=[2**20, 2**28])
    assert [bar.get_width() for bar in ax.patches] == [2**20, 2**18, 2**20, 2**28]
    assert [text.get_text() for text in ax.texts] == ["1.00 MiB", "256 KiB", "1.00 MiB", "256 MiB"]
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "bytes"


def test_bytes_compared_needs_pairs(ax):
    with pytest.raises(ValueError, match="2 labels, 1 sizes wanted and 2 sizes read"):
        plots.bytes_compared(ax, ["a", "b"], wanted=[1], read=[1, 2])


def test_lines_over_the_chunk_edge_are_named_at_their_ends(ax):
    values = {"slice": [16.0, 32.0, 64.0], "cube": [1.5, 2.0, 3.0]}
    plots.over_chunk_edge(ax, [16, 32, 64], values, ylabel="read amplification")
    assert [list(line.get_ydata()) for line in ax.lines] == list(values.values())
    assert [(text.get_text(), text.xy) for text in ax.texts] == [
        ("cube", (64, 3.0)),
        ("slice", (64, 64.0)),
    ]
    assert [text.get_color() for text in ax.texts] == [plots.READ_EDGE, plots.ACCENT]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["16³", "32³", "64³"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("chunk (voxels)", "read amplification")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 2


def test_names_of_lines_that_end_together_do_not_lie_on_each_other(ax):
    ends = {"a": [9.0, 1.0], "b": [5.0, 1.0], "c": [3.0, 1.01]}
    plots.over_chunk_edge(ax, [16, 32], ends, ylabel="requests")
    ax.figure.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))


def test_the_least_value_gets_a_ring(ax):
    plots.over_chunk_edge(
        ax, [16, 32, 64], {"a": [3.0, 1.0, 2.0]}, ylabel="time (s)", log=False, mark_least=True
    )
    ring = ax.lines[1]
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([32], [1.0])
    assert ring.get_fillstyle() == "none"
    assert ax.get_yscale() == "linear"


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({"a": [1.0]}, "line 'a' has 1 values for 2 chunk edges"),
        ({name: [1.0, 2.0] for name in "abcdef"}, "Got 6 lines: give at most 5"),
    ],
)
def test_lines_over_the_chunk_edge_must_fit(ax, series, message):
    with pytest.raises(ValueError, match=message):
        plots.over_chunk_edge(ax, [16, 32], series, ylabel="time (s)")


def test_timings_show_median_and_all_runs_in_milliseconds(ax):
    warm = [Timing("a", (0.001, 0.002, 0.006)), Timing("b", (0.1, 0.3, 0.2))]
    cold = [Timing("a", (0.01, 0.02, 0.03)), Timing("b", (1.0, 2.0, 3.0))]
    plots.timings(ax, {"warm": warm, "cold": cold})
    dots = [container.lines[0] for container in ax.containers]
    assert [list(dot.get_xdata()) for dot in dots] == [
        pytest.approx([2, 200]),
        pytest.approx([20, 2000]),
    ]
    spreads = [
        [path.vertices[:, 0].tolist() for path in container.lines[2][0].get_paths()]
        for container in ax.containers
    ]
    assert spreads[0] == [pytest.approx([1, 6]), pytest.approx([100, 300])]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert "(ms)" in ax.get_xlabel()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["warm", "cold"]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "Got 0 groups of times: give 1 to 5"),
        (
            {"warm": [Timing("a", (1.0,))], "cold": [Timing("b", (1.0,))]},
            "do not time the same actions",
        ),
    ],
)
def test_timings_must_fit(ax, groups, message):
    with pytest.raises(ValueError, match=message):
        plots.timings(ax, groups)


def test_model_and_error_are_drawn():
    axes = Figure().subplots(2, 1)
    times = [Timing("16", (1.9, 2.0, 2.4)), Timing("32", (1.0, 0.9, 1.1))]
    plots.model_over_measurement(axes, ["16³", "32³"], times, [1.5, 1.1])
    assert [bar.get_height() for bar in axes[0].patches] == [1.5, 1.1]
    assert list(axes[0].lines[0].get_ydata()) == [2.0, 1.0]
    assert [bar.get_height() for bar in axes[1].patches] == pytest.approx([-25, 10])
    assert [text.get_text() for text in axes[1].texts] == ["-25 %", "+10 %"]
    assert [ax.get_ylabel() for ax in axes] == ["time of one read (s)", "error of the model (%)"]


@pytest.mark.parametrize(
    ("runs", "label"), [((2.0,), "measured"), ((1.9, 2.0), "measured, median and all runs")]
)
def test_the_legend_speaks_of_several_runs_where_there_are(runs, label):
    axes = Figure().subplots(2, 1)
    plots.model_over_measurement(axes, ["16³"], [Timing("16", runs)], [1.5])
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["model", label]


def test_each_measurement_needs_a_prediction():
    with pytest.raises(ValueError, match="1 labels, 1 times and 2 predictions"):
        plots.model_over_measurement(
            Figure().subplots(2, 1), ["16³"], [Timing("16³", (1.0,))], [1.0, 2.0]
        )


def test_labels_of_three_maps_side_by_side_do_not_meet():
    with mpl.rc_context():
        plots.set_style()
        figure = Figure()
        requests = Requests(256 * MEBI, 1, ((0, 10 * MEBI),))
        axes = figure.subplots(1, 3, sharey=True)
        for ax in axes:
            plots.file_map(ax, requests)
        figure.draw_without_rendering()
        extents = [ax.xaxis.label.get_window_extent() for ax in axes]
    assert all(left.x1 + 4 < right.x0 for left, right in pairwise(extents))
