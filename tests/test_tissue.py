"""The painted tissue: exact, seamless, and tissue-like."""

import hashlib
from math import pi

import numpy as np
import pytest

from bigimg_lessons.samples.tissue import BRICK, Tissue
from bigimg_lessons.samples.tissue.bricks import paint_brick
from bigimg_lessons.samples.tissue.cells import cell
from bigimg_lessons.samples.tissue.fields import line_share, ripple, soft_min
from bigimg_lessons.samples.tissue.geometry import nodes_at
from bigimg_lessons.samples.tissue.grid import STEP, between
from bigimg_lessons.samples.tissue.noise import hashed, mix, uniform
from bigimg_lessons.samples.tissue.organelles import LOOKS, NUCLEOLUS
from bigimg_lessons.samples.tissue.painting import RESIN
from bigimg_lessons.samples.tissue.sites import CELLS, sites_in
from bigimg_lessons.samples.tissue.specimen import Specimen
from bigimg_lessons.samples.tissue.textures import cut, textures_of
from bigimg_lessons.samples.volume import SampleVolume

ALL = slice(None)


@pytest.fixture(scope="module")
def middle():
    """A part of the default volume, mostly tissue: 3.2 x 10.24 x 10.24 µm, float64."""
    block = SampleVolume().block(slice(112, 144), slice(384, 640), slice(384, 640))
    return block.astype(np.float64)


def murmur_finaliser(h):
    """The 32-bit finaliser of MurmurHash3, in plain integers, after its published definition."""
    h ^= h >> 16
    h = h * 0x85EBCA6B % 2**32
    h ^= h >> 13
    h = h * 0xC2B2AE35 % 2**32
    return h ^ h >> 16


def test_hash_is_that_of_murmurhash3():
    values = [0, 1, 2, 12345, 2**31, 2**32 - 1]
    assert mix(np.array(values, np.uint32)).tolist() == list(map(murmur_finaliser, values))


def test_hash_takes_coordinates_one_after_the_other():
    h = 0
    for coordinate in (7, 2**32 - 3, 5):  # -3 as an unsigned number
        h = murmur_finaliser(((h ^ coordinate) + 0x9E3779B9) % 2**32)
    assert hashed(7, -3, 5).tolist() == [h]
    assert hashed(np.arange(3)[:, None], np.arange(4)).shape == (3, 4)


def test_hashed_numbers_are_uniform_and_independent():
    u = uniform(3, np.arange(200)[:, None], np.arange(200))
    assert 0 <= u.min() < u.max() < 1
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(u.var() - 1 / 12) < 0.002
    for along in (u[1:] - 0.5, u[:, 1:].T - 0.5):
        before = (u[:-1] if along.shape == u[1:].shape else u[:, :-1].T) - 0.5
        assert abs((along * before).mean()) < 0.002


def grid(counts, spacing):
    """Positions, in voxels, of grid points `spacing` voxels apart."""
    axes = (np.arange(n) * s for n, s in zip(counts, spacing, strict=True))
    return np.meshgrid(*axes, indexing="ij")


def test_linear_fields_are_interpolated_exactly():
    z, y, x = grid((3, 4, 5), STEP)
    voxels = between((z + 2 * y + 4 * x).astype(np.float32))
    z, y, x = grid([n * s for n, s in zip((2, 3, 4), STEP, strict=True)], (1, 1, 1))
    np.testing.assert_array_equal(voxels, z + 2 * y + 4 * x)
    assert voxels.dtype == np.float32


def test_squared_distances_are_interpolated_exactly_with_a_bulge():
    def square(z, y, x):
        return (z - 1.5) ** 2 + (y - 3.0) ** 2 + (x - 2.5) ** 2

    nodes = square(*grid((3, 3, 3), STEP)).astype(np.float32)
    voxels = between(nodes, bulge=[s * s for s in STEP])
    expected = square(*grid([2 * s for s in STEP], (1, 1, 1)))
    np.testing.assert_allclose(voxels, expected, atol=1e-5)


@pytest.mark.parametrize("distance", [-0.1, -0.02, 0.0, 0.01, 0.1])
@pytest.mark.parametrize("width", [0.02, 0.2])
def test_a_line_covers_the_share_that_a_box_filter_gives(distance, width):
    box = 0.1  # µm
    low, high = max(distance - box / 2, -width / 2), min(distance + box / 2, width / 2)
    share = line_share(np.array([distance], np.float32), width, 1 / box)
    assert share[0] == pytest.approx(max(high - low, 0) / box, abs=1e-5)


def test_soft_minimum_is_the_minimum_where_the_two_are_far_apart():
    a, b = np.array([1.0, 5.0, 2.0]), np.array([4.0, 0.5, 2.0])
    np.testing.assert_allclose(soft_min(a, b, 1.0), [1.0, 0.5, 2.0 - 0.25])


def test_ripple_is_a_triangle_wave():
    phase = np.array([-1.0, -0.75, -0.5, 0.0, 0.25, 0.5, 3.0], np.float32)
    assert ripple(phase).tolist() == [1, 0.5, 0, 1, 0.5, 0, 1]


def test_textures_vary_as_much_as_they_state():
    textures = textures_of((0.1, 0.04, 0.04))
    for texture, deviation in ((textures.grain, 7), (textures.clump, 1), (textures.fold, 0.62)):
        assert texture.std() == pytest.approx(deviation, rel=0.15)


def test_textures_have_no_edge_and_repeat_after_whole_bricks():
    textures = textures_of((0.1, 0.04, 0.04))
    for number, texture in enumerate(textures):
        for axis, size in enumerate(BRICK):
            assert texture.shape[axis] % size == 0
            first, last = texture.take(0, axis), texture.take(-1, axis)
            inside = np.abs(np.diff(texture, axis=axis)).mean()
            assert np.abs(first - last).mean() < 1.2 * inside
        origin = [i * b for i, b in zip((5, 7, 9), BRICK, strict=True)]
        again = [o + n for o, n in zip(origin, texture.shape, strict=True)]
        np.testing.assert_array_equal(
            cut(textures, origin, BRICK)[number], cut(textures, again, BRICK)[number]
        )


def test_depth_is_measured_from_the_surface():
    specimen = Specimen((200.0, 200.0, 200.0), 1)
    centre = np.array([100.0, 100.0, 100.0])
    along = np.linspace(0, 100, 401)
    for direction in np.eye(3):
        depth = specimen.depth((centre + along[:, None] * direction).T)
        assert depth[0] > 20
        inside = depth > 0
        assert (np.diff(inside.astype(int)) <= 0).all()  # in, then out for good
        near = np.abs(depth) < 3
        if near.any():  # the surface is met within the box: a step outwards is one less deep
            slope = np.diff(depth[near]) / np.diff(along[near])
            assert -1.15 < slope.min() <= slope.max() < -0.85


def test_neighbouring_bricks_fit_without_a_seam(middle):
    # Were there a seam, values would differ more across a border than elsewhere.
    for axis, (first, size) in enumerate(zip((112, 384, 384), BRICK, strict=True)):
        others = tuple(a for a in range(3) if a != axis)
        step = np.abs(np.diff(middle, axis=axis)).mean(axis=others)
        border = [step[i] for i in range(len(step)) if (first + i + 1) % size == 0]
        assert border
        assert np.mean(border) < 1.15 * np.mean(step)


def test_grey_values_do_not_depend_on_the_size_of_a_brick():
    # Painted in smaller bricks, all but a few voxels stay the same: nothing is cut off at borders.
    def paint(size):
        specimen = Specimen((25.6, 40.96, 40.96), 1)
        image = np.empty((32, 128, 256), np.float32)
        for index in np.ndindex(*(n // s for n, s in zip(image.shape, size, strict=True))):
            start = [i * s for i, s in zip(index, size, strict=True)]
            origin = tuple(a + b for a, b in zip(start, (96, 448, 256), strict=True))
            image[tuple(slice(a, a + s) for a, s in zip(start, size, strict=True))] = paint_brick(
                specimen, (0.1, 0.04, 0.04), origin=origin, size=size
            )
        return image

    assert (np.abs(paint(BRICK) - paint((16, 32, 64))) > 0.5).mean() < 1e-3


def test_default_volume_shows_resin_around_tissue():
    # To paint all of it would be slow; the depth alone tells what is outside.
    volume = SampleVolume()
    specimen = Specimen(volume.extent, volume.seed)
    counts = [size // brick for size, brick in zip(volume.shape, BRICK, strict=True)]
    outside = [
        (nodes_at(specimen, volume.voxel_size, (z, y, x), BRICK).depth < 0).mean()
        for z in range(0, counts[0] * BRICK[0], 2 * BRICK[0])
        for y in range(0, counts[1] * BRICK[1], BRICK[1])
        for x in range(0, counts[2] * BRICK[2], BRICK[2])
    ]
    assert 0.15 < np.mean(outside) < 0.27


@pytest.mark.parametrize("y", [slice(0, 40), slice(-40, None)])
@pytest.mark.parametrize("x", [slice(0, 40), slice(-40, None)])
def test_corners_of_the_default_volume_are_resin(y, x):
    corner = SampleVolume().block(slice(120, 136), y, x)
    assert corner.mean() == pytest.approx(RESIN, abs=3)
    assert 3 < corner.std() < 9  # noise, and nothing else


def test_tissue_has_grey_values_of_electron_microscopy(middle):
    # Cytoplasm in the middle of the range, darker membranes and organelles, paler gaps.
    assert 130 < np.median(middle) < 165
    assert middle.std() > 14
    assert 0.02 < (middle < 100).mean() < 0.25
    assert 0.01 < (middle > 175).mean() < 0.30
    assert 20 < middle.min() < 80
    assert 200 < middle.max() < 250


def test_membranes_are_thin_dark_lines(middle):
    # Where it is darkest, a few voxels to either side it is paler: lines and dots, not areas.
    plane = middle[16]
    smooth = (plane[:-2] + plane[1:-1] + plane[2:])[:, 1:-1] / 3
    dark = smooth[6:-6, 6:-6] < 95
    around = np.maximum(
        np.maximum(smooth[:-12, 6:-6], smooth[12:, 6:-6]),
        np.maximum(smooth[6:-6, :-12], smooth[6:-6, 12:]),
    )
    assert 0.01 < dark.mean() < 0.15
    assert (around[dark] > 115).mean() > 0.7


def test_there_are_about_as_many_cells_as_their_size_tells():
    specimen = Specimen((60.0, 60.0, 60.0), 1)
    low, high = np.array([15.0, 15.0, 15.0]), np.array([45.0, 45.0, 45.0])
    sites = sites_in(specimen, CELLS, low, high)
    diameter = (30.0**3 / len(sites.key) * 6 / pi) ** (1 / 3)
    assert 5 < diameter < 8.5
    apart = np.sqrt(((sites.centre[:, None] - sites.centre) ** 2).sum(axis=-1))
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 3.3


def test_organelles_lie_inside_their_cell_and_apart():
    specimen = Specimen((60.0, 60.0, 60.0), 1)
    sites = sites_in(specimen, CELLS, np.full(3, 20.0), np.full(3, 40.0))
    kinds = set()
    for key, centre in zip(sites.key.tolist(), sites.centre.tolist(), strict=True):
        organelles = cell(specimen, key, tuple(centre)).organelles
        kinds |= set(organelles.look.tolist())
        own = organelles.look != NUCLEOLUS
        near = ((organelles.centre[own][:, None] - sites.centre) ** 2).sum(axis=-1)
        own_distance = ((organelles.centre[own] - centre) ** 2).sum(axis=-1)
        # A power diagram's weights differ by 6 µm² at most.
        assert (own_distance < near.min(axis=1, initial=1e9) + 6).all()
        spheres = own & (organelles.half == 0)
        c, r = organelles.centre[spheres], organelles.radius[spheres]
        gap = np.sqrt(((c[:, None] - c) ** 2).sum(axis=-1)) - r - r[:, None]
        np.fill_diagonal(gap, np.inf)
        assert gap.min(initial=np.inf) > 0
    assert kinds == set(range(len(LOOKS)))


def correlation_length(block, axis, spacing):
    """How far (µm) one goes along an axis until the autocorrelation falls below one half."""
    block = block - block.mean()
    variance = (block * block).mean()
    for lag in range(1, block.shape[axis] // 2):
        a, b = np.split(block, [lag], axis=axis)[1], np.split(block, [-lag], axis=axis)[0]
        if (a * b).mean() < variance / 2:
            return lag * spacing
    pytest.fail(f"the image is correlated along the whole of axis {axis}")


def test_structures_are_as_long_along_z_as_along_y_and_x():
    volume = SampleVolume((96, 320, 320))
    block = volume.block(slice(16, 80), slice(64, 256), slice(64, 256)).astype(np.float64)
    # Noise is independent from voxel to voxel: average it away over cubes of 0.2 µm.
    block = block[:, :190, :190].reshape(32, 2, 38, 5, 38, 5).mean(axis=(1, 3, 5))
    z, y, x = (correlation_length(block, axis, 0.2) for axis in range(3))
    assert 0.5 < z / x < 2
    assert 0.5 < z / y < 2
    assert 0.2 <= min(z, y, x) <= max(z, y, x) < 3


def test_a_larger_box_shows_more_tissue_at_the_same_scale():
    small = Specimen((20.0, 20.0, 20.0), 1)
    large = Specimen((40.0, 40.0, 40.0), 1)
    counts = [
        len(sites_in(specimen, CELLS, np.zeros(3), np.array(specimen.extent)).key)
        for specimen in (small, large)
    ]
    assert 5 < counts[1] / counts[0] < 11


def test_other_seeds_give_other_tissue():
    blocks = [
        SampleVolume((16, 64, 64), seed=seed).block(ALL, ALL, ALL).astype(float) for seed in (1, 2)
    ]
    a, b = (block - block.mean() for block in blocks)
    assert abs((a * b).mean()) < 0.3 * a.std() * b.std()


BRICKS = [
    ((0.1, 0.04, 0.04), 1, (4, 6, 3)),
    ((0.1, 0.04, 0.04), 1, (0, 0, 0)),
    ((0.01, 0.12, 0.05), 7, (30, 2, 3)),
    ((0.12, 0.01, 0.1), 3, (3, 9, 1)),
]


def test_bricks_are_the_same_bit_for_bit():
    # If this fails after a change of the picture, raise tissue.GENERATOR and state the new hash.
    digest = hashlib.sha256()
    for voxel_size, seed, index in BRICKS:
        brick = Tissue((25.6, 40.96, 40.96), voxel_size, seed).brick(index)
        digest.update(brick.astype("<f4").tobytes())
    pinned = "b484c720cf0eb6b2d4eca18f86fcf8f1e24caab3e052c31218048d840b8c7182"
    assert digest.hexdigest() == pinned
