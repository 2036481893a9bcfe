import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from bigimg_lessons import plots
from bigimg_lessons.counting import Requests
from bigimg_lessons.memory import MemoryTrace

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
