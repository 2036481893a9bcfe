"""Paint synthetic tissue: micrometre coordinates in, electron-microscopy-like grey values out.

The tissue is invented, not measured. A rounded specimen with a cuticle lies in clear resin. It is
packed with cells (a power diagram of jittered sites), most of which hold a nucleus, endoplasmic
reticulum, mitochondria and granules; here and there lies a bundle of thin nerve fibres (neuropil).
All geometry is in micrometres, so that a section along any axis looks alike.

The picture is painted in bricks of `BRICK` voxels on a fixed grid. Smooth quantities are computed
at *nodes*, every `STEP` voxels of the same grid, and interpolated between them. A brick depends on
its place and on the seed alone, so it does not matter which bricks are painted, in which order, or
by how many threads; and neighbours agree at the nodes that they share, so they fit without a seam.

The grey values are the same, bit for bit, on every machine: only IEEE-exact elementwise operations
are used (+ - * / sqrt floor abs min max, comparisons, integer arithmetic), and every random number
is a hash of integer coordinates.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, fsum, sqrt
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BRICK", "GENERATOR", "Tissue"]

GENERATOR = 3
"""Version of the picture: raise it whenever any grey value changes."""

BRICK = (32, 64, 128)
"""Voxels painted at once, zyx: few enough that the working arrays stay in the CPU's cache."""

STEP = (4, 4, 4)
"""Voxels from one node to the next, zyx; each divides the brick."""

RESIN, MATRIX, CUTICLE, LUMEN = (
    207.0,
    181.0,
    146.0,
    196.0,
)  # grey values outside the cells
CUTICLE_DEPTH = 0.35  # µm
NOISE = 17.0  # grey values: the noise is between its negative and itself
BLUR, SECTION_BLUR = (
    0.05,
    0.055,
)  # µm: width of an edge within a section, and what a slope adds
MARGIN = 0.1  # µm around an organelle: half the blur, and the roughness of its outline
BUCKET = 16.0  # µm: sites are worked out, and remembered, for cubes of this edge
BUNDLES = 24.0  # µm from one bundle of nerve fibres to the next

Array = NDArray[Any]
Box = tuple[slice, slice, slice]


class Organelles(NamedTuple):
    """Bodies inside a cell: spheres, and capsules along an axis; one per row."""

    look: Array  # (n,) integer index into LOOKS
    centre: Array  # (n, 3) float64, zyx, µm
    axis: Array  # (n, 3) unit vectors
    half: Array  # (n,) µm: half the length of the axis, 0 for a sphere
    radius: Array  # (n,) µm


class Look(NamedTuple):
    """How a kind of organelle is painted."""

    grey: float
    pitch: float = 0.0  # µm between the membranes inside (cristae, Golgi cisternae); 0: none
    bowl: float = 0.0  # 1/µm: how much they curve


LOOKS = (
    Look(107, pitch=0.15),
    Look(140, pitch=0.13, bowl=0.6),
    Look(194),
    Look(172),
    Look(90),
    Look(74),
    Look(80),
)
MITOCHONDRION, GOLGI, VACUOLE, LIPID, YOLK, DENSE, NUCLEOLUS = range(len(LOOKS))


class Cell(NamedTuple):
    """What is inside a cell."""

    grey: float  # of the cytoplasm
    nucleus: tuple[Array, Array, float] | None  # centre (µm), axes / radii (3, 3), mean radius
    organelles: Organelles


class Sites(NamedTuple):
    """Points around which cells lie."""

    key: Array  # (n,) uint32, the cell's own random number
    centre: Array  # (n, 3) float64, zyx, µm
    weight: Array  # (n,) float64, µm²: the larger, the larger the cell

    def kept(self, keep: Array) -> "Sites":
        """Keep some of the sites."""
        return Sites(*(field[keep] for field in self))

    def within(self, low: Array, high: Array) -> "Sites":
        """Keep those in a box, from `low` to `high` (zyx, µm)."""
        return self.kept(np.asarray(((self.centre >= low) & (self.centre < high)).all(axis=1)))


class Packing(NamedTuple):
    """A kind of cells: how their sites, a jittered body-centred lattice, lie."""

    salt: int
    frame: tuple[tuple[float, float, float], ...]  # rows: unit vectors, zyx
    stretch: tuple[float, float, float]  # lengths along these are multiplied by this to compare
    pitch: float  # µm, edge of the lattice's cube
    jitter: float  # in units of the pitch
    spread: float  # µm², range of the weights
    rounding: float  # µm, how much the cells' edges are rounded
    reach: float  # µm around a brick in which sites matter
    tolerance: float  # µm² of power beyond the owner's, within which a node is looked at
    relevance: float  # µm² of power beyond the owner's, within which a site is a rival


CELLS = Packing(
    salt=1,
    frame=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    stretch=(1, 1, 1),
    pitch=6.1,
    jitter=0.42,
    spread=6.0,
    rounding=0.40,
    reach=9.5,
    tolerance=2.0,
    relevance=30.0,
)
FIBRES = Packing(
    salt=2,
    frame=((0.36, 0.48, 0.8), (0.48, 0.64, -0.6), (0.8, -0.6, 0)),
    stretch=(1, 1, 0.16),
    pitch=0.90,
    jitter=0.62,
    spread=0.22,
    rounding=0.09,
    reach=7.5,
    tolerance=0.2,
    relevance=2.0,
)


# --- random numbers -----------------------------------------------------------------------------


def _mix(h: Array) -> Array:
    """Scramble uint32 values, in place: MurmurHash3's finaliser (Austin Appleby, public domain)."""
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


def _hash(*coordinates: int | Array) -> Array:
    """Hash integer coordinates, broadcast against each other, to uint32 (at least 1-D).

    Each coordinate is added to the hash of those before it, with 2**32 divided by the golden ratio
    so that zeros do not stay zero, and mixed again.
    """
    h = np.zeros(1, np.uint32)
    for coordinate in coordinates:
        c = np.asarray(coordinate, np.int64).astype(np.uint32)
        h = _mix((h ^ c) + np.uint32(0x9E3779B9))
    return h


def _uniform(*coordinates: int | Array) -> Array:
    """Hash integer coordinates to float64 numbers in [0, 1)."""
    return _hash(*coordinates).astype(np.float64) * 2.0**-32


def _smooth_noise(
    seed: int, salt: int, spacing: float, axes: Sequence[Array], channels: int
) -> Array:
    """Sample smooth noise in (-1, 1): a quadratic B-spline through hashed values.

    Parameters
    ----------
    seed, salt
        Choose the noise.
    spacing
        Distance of the hashed values, µm.
    axes
        Three 1-D float64 arrays of positions, zyx, µm; the result is their grid.
    channels
        How many independent noises to return.

    Returns
    -------
    ndarray
        float32, shape (channels, len(z), len(y), len(x)).
    """
    knots, weights = [], []
    for axis in axes:
        knot = np.floor(axis / spacing)
        t = (axis / spacing - knot).astype(np.float32)
        knots.append(knot.astype(np.int64))
        weights.append((0.5 * (1 - t) * (1 - t), 0.75 - (t - 0.5) * (t - 0.5), 0.5 * t * t))
    z, y, x = (np.arange(k[0], k[-1] + 3) for k in knots)
    channel = np.arange(channels)[:, None, None, None]
    noise = _hash(seed, salt, channel, z[:, None, None], y[:, None], x).astype(np.float32)
    noise = noise * 2.0**-31 - 1
    for i in (2, 1, 0):
        shape = [-1 if i == j else 1 for j in range(3)]
        first, *others = (
            np.take(noise, knots[i] - knots[i][0] + k, axis=i + 1) * weights[i][k].reshape(shape)
            for k in range(3)
        )
        noise = first + others[0] + others[1]
    return noise


class Textures(NamedTuple):
    """Periodic textures, float32."""

    grain: Array  # ribosomes and small vesicles: grey values, standard deviation about 7
    clump: Array  # chromatin, mottles: standard deviation 1
    fold: Array  # how the endoplasmic reticulum is folded: standard deviation 0.62
    patch: Array  # where it lies: how much darker its membranes are, per unit of `_ripple`


def _textures(voxel_size: tuple[float, float, float]) -> Textures:
    """Return the textures, which are made once: threads wait, since making them takes memory."""
    with _making_textures:
        return _new_textures(voxel_size)


_making_textures = Lock()


@lru_cache(maxsize=2)
def _new_textures(voxel_size: tuple[float, float, float]) -> Textures:
    """Blur hashed noise into textures; their periods differ, so that the sum hardly repeats."""
    grain = 7 * _texture(1, 0.085, (32, 128, 128), voxel_size)
    grain -= 14 * np.clip(_texture(4, 0.17, (32, 128, 128), voxel_size) - 1.9, 0, 2)
    clump = _texture(2, 0.34, (32, 192, 128), voxel_size)
    fold = _texture(3, 0.70, (64, 128, 128), voxel_size)
    patch = 180 * _inside(np.roll(fold, (23, 61, 125), (0, 1, 2)) - 0.05, 2.5)
    return Textures(grain, clump, 0.62 * fold, patch)


def _texture(
    key: int,
    radius: float,
    period: tuple[int, int, int],
    voxel_size: tuple[float, float, float],
) -> Array:
    """Blur white noise with the bell (1 - (r / radius)²)³, which needs no exponential; µm.

    The period, in voxels, is a whole number of bricks, so that none lies across its end.
    """
    z, y, x = (np.arange(n) for n in period)
    texture = _hash(key, z[:, None, None], y[:, None], x).astype(np.float32)
    texture = (texture * 2.0**-31 - 1) * sqrt(3)  # a uniform number in (-1, 1) has variance 1/3
    for axis in range(3):
        taps = min(radius / voxel_size[axis], 24.0)  # in voxels; bounds the work for tiny voxels
        bell = [1 - (k / taps) * (k / taps) for k in range(max(1, ceil(taps)))]
        bell = [b * b * b for b in bell]
        norm = sqrt(2 * fsum(b * b for b in bell) - 1)
        blurred = texture * (bell[0] / norm)
        for k, b in enumerate(bell[1:], start=1):
            blurred += (np.roll(texture, k, axis) + np.roll(texture, -k, axis)) * (b / norm)
        texture = blurred
    return texture


def _cut(texture: Array, origin: Sequence[int]) -> Array:
    """View the brick at `origin` (voxels, zyx) of a texture."""
    starts = [o % n for o, n in zip(origin, texture.shape, strict=True)]
    return texture[tuple(slice(s, s + b) for s, b in zip(starts, BRICK, strict=True))]


# --- arithmetic on fields -----------------------------------------------------------------------


def _dot(a: Array, b: Array) -> Array:
    """Multiply vectors along the last axis, in a fixed order."""
    product: Array = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return product


def _unit(v: Array) -> Array:
    """Scale vectors along the last axis to length 1."""
    unit: Array = v / np.sqrt(np.maximum(_dot(v, v), 1e-12))[..., None]
    return unit


# For the voxels along each axis of a brick: the node before each, and how far it is on the way.
_BEFORE = [np.arange(b) // s for b, s in zip(BRICK, STEP, strict=True)]
_SHARE = [
    ((np.arange(b) % s) / np.float32(s)).astype(np.float32).reshape((-1,) + (1,) * (2 - axis))
    for axis, (b, s) in enumerate(zip(BRICK, STEP, strict=True))
]


def _between(
    nodes: Array,
    axes: tuple[int, ...] = (2, 1, 0),
    bulge: Sequence[float] = (0.0, 0.0, 0.0),
) -> Array:
    """Interpolate from nodes (n + 1 along an axis) to voxels (n * STEP).

    The interpolation is linear, or, along axes with a `bulge`, parabolic: a field x² whose nodes
    are h apart is met exactly with a bulge of h².
    """
    for axis in axes:
        voxels = (nodes.shape[axis] - 1) * STEP[axis]
        before, share = _BEFORE[axis][:voxels], _SHARE[axis][:voxels]
        start = nodes.take(before, axis)
        nodes = nodes.take(before + 1, axis)
        nodes -= start
        nodes *= share
        nodes += start
        if bulge[axis]:
            nodes -= bulge[axis] * (share * (1 - share))
    return nodes


def _slope(distance: Array, height: float) -> Array:
    """Tell how steeply a distance field at nodes changes with z, in sections of `height` (µm)."""
    slope: Array = np.abs(distance[1:] - distance[:-1]) / (height * STEP[0])
    return slope


def _sharpness(slope: Array) -> Array:
    """Tell per voxel how steeply an edge is painted, 1/µm: a section smears one that slopes."""
    return np.repeat(_between(1 / (BLUR + SECTION_BLUR * slope), axes=(2, 1)), STEP[0], axis=0)


def _inside(distance: Array, sharp: float | Array) -> Array:
    """Share of a voxel that lies at positive distance: an edge after a box filter."""
    share = distance * sharp
    share += 0.5
    return np.clip(share, 0, 1, out=share)


def _line(distance: Array, width: float, sharp: float | Array) -> Array:
    """Share of a voxel covered by a line of `width` (µm) at distance 0, after a box filter."""
    share = _inside(distance + width / 2, sharp)
    share -= _inside(distance - width / 2, sharp)
    return share


def _ripple(phase: Array) -> Array:
    """Triangle wave: 1 at whole numbers, 0 half-way."""
    wave = np.floor(phase)
    np.subtract(phase, wave, out=wave)
    wave -= 0.5
    np.abs(wave, out=wave)
    wave += wave
    return wave


def _lay(canvas: Array, grey: float | Array, share: Array) -> None:
    """Cover the `share` of each voxel of the canvas with `grey`, in place."""
    change = grey - canvas
    change *= share
    canvas += change


def _soft_min(a: Array, b: Array, width: float) -> Array:
    """Minimum, rounded where the two are closer than `width` (the polynomial smooth minimum)."""
    h = np.abs(a - b)
    h -= width
    h *= -1 / width
    np.maximum(h, 0, out=h)
    h *= h
    h *= width / 4
    least: Array = np.minimum(a, b) - h
    return least


def _bounds(hit: Array) -> Box | None:
    """Find the intervals between nodes that touch any node which is hit."""
    plane: Array = np.any(hit, axis=0)
    if not plane.any():
        return None
    box = []
    for rows in (hit.reshape(len(hit), -1), plane, plane.T):
        found = np.flatnonzero(np.any(rows, axis=1))
        start = min(max(int(found[0]) - 1, 0), len(rows) - 2)
        box.append(slice(start, max(min(int(found[-1]) + 1, len(rows) - 1), start + 1)))
    return box[0], box[1], box[2]


def _nodes_of(box: Box) -> Box:
    """Nodes that bound a box of intervals."""
    z, y, x = (slice(b.start, b.stop + 1) for b in box)
    return z, y, x


def _voxels_of(box: Box) -> Box:
    """Voxels within a box of intervals."""
    z, y, x = (slice(b.start * s, b.stop * s) for b, s in zip(box, STEP, strict=True))
    return z, y, x


# --- the specimen -------------------------------------------------------------------------------


class Nodes(NamedTuple):
    """The smooth geometry of a brick, at its nodes; float32 but for the reference."""

    reference: Array  # (3,) float64 µm: what `place` is relative to
    place: list[Array]  # zyx, µm: where in the undistorted tissue a node lies
    depth: Array  # µm below the specimen's surface
    neuropil: Array  # µm inside a bundle of nerve fibres
    gap: Array  # µm of extracellular space on a cell's side
    lobes: Array  # µm by which nuclei bulge


@dataclass(frozen=True)
class Tissue:
    """A specimen that fills most of a box.

    Parameters
    ----------
    extent
        Size of the box, zyx, µm.
    voxel_size
        zyx, µm.
    seed
        Chooses the tissue.
    """

    extent: tuple[float, float, float]
    voxel_size: tuple[float, float, float]
    seed: int

    def brick(self, index: tuple[int, int, int]) -> Array:
        """Paint one brick as the microscope sees it.

        Parameters
        ----------
        index
            Number of the brick, zyx: it starts at voxel ``index * BRICK``.

        Returns
        -------
        ndarray
            float32 of shape `BRICK`: grey values, about 40 to 230, noise included.
        """
        origin = tuple(i * b for i, b in zip(index, BRICK, strict=True))
        nodes = self._nodes(origin)
        if nodes.depth.max() < -0.2:
            canvas = np.full(BRICK, RESIN, np.float32)
        else:
            canvas = self._paint(nodes, origin)
        return self._expose(canvas, origin)

    def _expose(self, canvas: Array, origin: tuple[int, ...]) -> Array:
        """Add what the microscope adds: each section's brightness and contrast, and noise."""
        z, y, x = (np.arange(o, o + b) for o, b in zip(origin, BRICK, strict=True))
        contrast = 0.985 + 0.03 * _uniform(self.seed, 12, z)
        brightness = 150 * (1 - contrast) + 4 * _uniform(self.seed, 11, z) - 2
        h = _hash(self.seed, 13, z[:, None, None], y[:, None], x)
        noise = h & np.uint32(0xFFFF)  # the sum of two uniform numbers of 16 bits is triangular
        noise += h >> np.uint32(16)
        exposed = noise.astype(np.float32)
        exposed *= NOISE / 65536
        canvas *= contrast.astype(np.float32)[:, None, None]
        exposed += canvas
        exposed += (brightness - NOISE * (65535 / 65536)).astype(np.float32)[:, None, None]
        return exposed

    def _nodes(self, origin: Sequence[int]) -> Nodes:
        """Compute the smooth geometry of the brick at `origin` (voxels)."""
        axes = [
            (o + np.arange(0, b + 1, s) + 0.5) * v
            for o, b, s, v in zip(origin, BRICK, STEP, self.voxel_size, strict=True)
        ]
        wide = 0.75 * max(self._radii())
        coarse = 0.09 * wide * _smooth_noise(self.seed, 14, wide, axes, 3)
        middle = _smooth_noise(self.seed, 15, 2.5, axes, 5)
        fine = _smooth_noise(self.seed, 16, 0.75, axes, 3)
        grid = (axes[0][:, None, None], axes[1][:, None], axes[2])
        place = np.stack(
            [grid[n] + (coarse[n] + 0.62 * middle[n] + 0.15 * fine[n]) for n in range(3)]
        )
        depth = self.depth(place)
        reference = place[:, 0, 0, 0]
        return Nodes(
            reference=reference,
            place=[(p - r).astype(np.float32) for p, r in zip(place, reference, strict=True)],
            depth=depth.astype(np.float32),
            neuropil=self.neuropil(place, depth).astype(np.float32),
            gap=np.clip(0.13 * middle[3] - 0.035, 0, 0.12),
            lobes=0.35 * middle[4],
        )

    def _radii(self) -> tuple[float, float, float]:
        """Half axes of the specimen, zyx, µm: tissue fills the whole of a box below 14 µm."""
        z, y, x = self.extent
        return (
            max(0.62 * z, 0.31 * max(y, x), 7.0),
            max(0.475 * y, 7.0),
            max(0.462 * x, 7.0),
        )

    def depth(self, place: Array) -> Array:
        """Depth (µm, positive inside) below the surface at places (3, ...), zyx, µm, float64.

        The surface is that of a superellipsoid of exponent 4, turned a little around z; the depth
        is exact at the surface to first order.
        """
        radii = self._radii()
        u = [(place[i] - self.extent[i] / 2) / radii[i] for i in range(3)]
        u[1], u[2] = 0.9848 * u[1] + 0.1736 * u[2], 0.9848 * u[2] - 0.1736 * u[1]
        cubes = [a * a * a for a in u]
        r = np.sqrt(np.sqrt(cubes[0] * u[0] + cubes[1] * u[1] + cubes[2] * u[2]))
        r = np.maximum(r, 0.25)
        slopes = [c / (r * r * r * a) for c, a in zip(cubes, radii, strict=True)]
        slope = np.sqrt(slopes[0] * slopes[0] + slopes[1] * slopes[1] + slopes[2] * slopes[2])
        depth: Array = (1 - r) / np.maximum(slope, 0.3 / max(radii))
        return depth

    def depth_at(self, place: Array) -> Array:
        """Depth (µm) at places (n, 3)."""
        return self.depth(place.T)

    def neuropil_at(self, place: Array) -> Array:
        """Distance (µm) inside a bundle of nerve fibres at places (n, 3)."""
        return self.neuropil(place.T, self.depth(place.T))

    def neuropil(self, place: Array, depth: Array) -> Array:
        """Distance (µm, positive inside) to the surface of the next bundle of nerve fibres.

        Bundles are balls around jittered lattice points, and keep 5 µm below the surface.
        """
        far = np.full(place.shape[1:], -9.0)
        if not far.size:
            return far
        distance = far
        low, high = (np.array([f(p) for p in place]) for f in (np.min, np.max))
        for centre, radius in _bundles(self.seed, low - 16, high + 16):
            d = [p - c for p, c in zip(place, centre, strict=True)]
            r = np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
            distance = np.maximum(distance, radius - r)
        return far if distance is far else _soft_min(distance, depth - 5, 2.0)

    def sites(self, packing: Packing, low: Array, high: Array) -> Sites:
        """Gather the sites in a box, from `low` to `high` (zyx, µm)."""
        buckets = [_bucket(self, packing, *cube) for cube in _cubes(low, high, BUCKET)]
        sites = Sites(*(np.concatenate(field) for field in zip(*buckets, strict=True)))
        return sites.within(low, high)

    def _paint(self, nodes: Nodes, origin: Sequence[int]) -> Array:
        """Paint the brick at `origin` (voxels) without noise; float32."""
        textures = Textures(*(_cut(texture, origin) for texture in _textures(self.voxel_size)))
        cover = Cover.empty()
        contents: list[Organelles] = []
        if nodes.neuropil.min() < 0.2:
            limit = _soft_min(nodes.depth - CUTICLE_DEPTH, -nodes.neuropil - 0.05, 0.3)
            contents += self._pack(CELLS, nodes, limit, cover)
        if nodes.neuropil.max() > -0.2:
            limit = np.minimum(nodes.depth - CUTICLE_DEPTH, nodes.neuropil - 0.02)
            contents += self._pack(FIBRES, nodes, limit, cover)
        body = cover.grey
        _paint_cytoplasm(body, cover, textures)
        _paint_nuclei(body, cover.nucleus, textures, self.voxel_size[0])
        if contents:
            organelles = Organelles(*(np.concatenate(f) for f in zip(*contents, strict=True)))
            _paint_organelles(body, organelles, nodes, textures, self.voxel_size)
        canvas = _surroundings(nodes.depth, textures.clump)
        sharp = _sharpness(cover.slope)
        body += 84 * _inside(cover.top - 0.044, sharp)
        body -= 84  # so that a membrane of 44 nm is darker
        _lay(canvas, body, _inside(cover.top, sharp))
        return canvas

    def _pack(
        self, packing: Packing, nodes: Nodes, limit: Array, cover: "Cover"
    ) -> list[Organelles]:
        """Add the cells of a packing to the cover; return what they hold.

        The cells lie where the `limit`, a distance in µm at nodes, is positive.
        """
        low, high = (
            np.array([f(p) for p in nodes.place]) + nodes.reference for f in (np.min, np.max)
        )
        sites = self.sites(packing, low - packing.reach, high + packing.reach)
        if not len(sites.key):
            return []
        # A node belongs to the site whose power, the squared distance less the weight, is least.
        place, centre = [], []
        for row, stretch in zip(np.array(packing.frame), packing.stretch, strict=True):
            r = [float(v) * stretch for v in row]
            place.append(nodes.place[0] * r[0] + nodes.place[1] * r[1] + nodes.place[2] * r[2])
            centre.append(_dot(sites.centre - nodes.reference, row) * stretch)
        near = _lowest(_power([p[::4, ::4, ::4] for p in place], centre, sites.weight))
        near = np.flatnonzero(near < packing.relevance)
        sites, centre = sites.kept(near), [c[near] for c in centre]
        power = _power(place, centre, sites.weight)
        # The distance to the plane between sites a and b is (power[b] - power[a]) * scale[a, b].
        apart = [c[:, None] - c for c in centre]
        steep = [a * s for a, s in zip(apart, packing.stretch, strict=True)]
        square, steepness = (a[0] * a[0] + a[1] * a[1] + a[2] * a[2] for a in (apart, steep))
        scale = (0.5 / np.sqrt(np.maximum(steepness, 1e-6))).astype(np.float32)
        rival = (square > 0) & (square < 5.8 * packing.pitch * packing.pitch)
        rival &= _lowest(power) < packing.relevance
        contents = []
        for a in range(len(power)):
            box = _bounds(power[a] < packing.tolerance)
            if box is None:
                continue
            at = _nodes_of(box)
            rivals = np.flatnonzero(rival[a])
            to_plane = power[(rivals, *at)] - power[a][at]
            to_plane *= scale[a, rivals, None, None, None]
            nearest = to_plane.min(axis=0, initial=9)
            np.copyto(to_plane, 9, where=to_plane == nearest)
            depth = _soft_min(nearest, to_plane.min(axis=0, initial=9), packing.rounding)
            depth = _soft_min(depth, limit[at], packing.rounding)
            if packing is CELLS:
                depth -= nodes.gap[at]
            if depth.max() > -0.1:
                fill = _cell if packing is CELLS else _fibre
                cell = fill(self, int(sites.key[a]), tuple(sites.centre[a].tolist()))
                cover.add(cell, depth, box, nodes, self.voxel_size[0])
                if len(cell.organelles.look):
                    contents.append(cell.organelles)
        return contents


def _power(place: list[Array], centre: list[Array], weight: Array) -> Array:
    """How much each site's power, its squared distance less its weight, exceeds the least (µm²)."""
    power = -weight.astype(np.float32)[:, None, None, None]
    for p, c in zip(place, centre, strict=True):
        d = p - c.astype(np.float32)[:, None, None, None]
        d *= d
        power = power + d
    power -= power.min(axis=0)
    return power


def _lowest(power: Array) -> Array:
    """Lowest value of each field in a stack."""
    lowest: Array = power.reshape(len(power), -1).min(axis=1)
    return lowest


class Cover(NamedTuple):
    """Which cell covers what, in one brick; float32."""

    top: Array  # voxels: µm below the nearest cell membrane
    grey: Array  # voxels: the cytoplasm's grey
    best: Array  # nodes: as `top`
    slope: Array  # intervals in z, nodes in y and x: how steeply `top` changes with z
    nucleus: Array  # nodes: µm below the envelope of the nucleus in the cell there

    @classmethod
    def empty(cls) -> "Cover":
        """Cover nothing."""
        nodes = tuple(b // s + 1 for b, s in zip(BRICK, STEP, strict=True))
        return cls(
            top=np.full(BRICK, -1, np.float32),
            grey=np.full(BRICK, 150, np.float32),
            best=np.full(nodes, -9, np.float32),
            slope=np.zeros((nodes[0] - 1, *nodes[1:]), np.float32),
            nucleus=np.full(nodes, -9, np.float32),
        )

    def add(self, cell: Cell, depth: Array, box: Box, nodes: Nodes, height: float) -> None:
        """Add a cell, from the `depth` (µm) below its membrane at the nodes of a box."""
        at, voxels = _nodes_of(box), _voxels_of(box)
        wins = depth > self.best[at]
        np.copyto(self.best[at], depth, where=wins)
        np.copyto(self.slope[box[0], at[1], at[2]], _slope(depth, height), where=wins[:-1])
        below = _between(depth)
        np.maximum(self.top[voxels], below, out=self.top[voxels])
        np.copyto(self.grey[voxels], cell.grey, where=below > 0)
        envelope = np.full_like(depth, -9)
        if cell.nucleus is not None:
            centre, axes, radius = cell.nucleus
            centre = centre - nodes.reference
            d = [p[at] - c for p, c in zip(nodes.place, centre.tolist(), strict=True)]
            u = [d[0] * a[0] + d[1] * a[1] + d[2] * a[2] for a in axes.tolist()]
            r = np.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
            envelope = _soft_min((1 - r) * radius + nodes.lobes[at], depth - 0.12, 0.2)
        np.copyto(self.nucleus[at], envelope, where=wins)


# --- painting -----------------------------------------------------------------------------------


def _surroundings(depth: Array, clump: Array) -> Array:
    """Paint resin, cuticle and extracellular matrix from the depth (µm) at nodes."""
    matrix = MATRIX + 3 * clump
    if depth.min() > 1:
        return matrix
    canvas = np.full(BRICK, RESIN, np.float32)
    d = _between(depth)
    _lay(canvas, CUTICLE + 12 * _ripple(d / 0.11 + 0.15 * clump), _inside(d, 1 / BLUR))
    canvas -= 75 * _line(d - 0.03, 0.06, 1 / BLUR)
    _lay(canvas, matrix, _inside(d - CUTICLE_DEPTH, 1 / BLUR))
    return canvas


def _paint_cytoplasm(body: Array, cover: Cover, textures: Textures) -> None:
    """Add ribosomes, mottles, and endoplasmic reticulum folded around the nuclei, in place."""
    folds = _between(np.maximum(cover.nucleus, -2.2) * 3.1)
    folds += textures.fold
    folds = _ripple(folds)
    folds -= 0.78
    np.clip(folds, 0, None, out=folds)
    folds *= textures.patch
    folds *= _inside(cover.top - 0.2, 8)
    folds -= textures.grain
    if body.max() >= LUMEN:
        folds *= np.clip((LUMEN - 1 - body) * 0.05, 0.35, 1)  # there is little in a lumen
    body -= folds
    body += 3.5 * textures.clump


def _paint_nuclei(body: Array, nucleus: Array, textures: Textures, height: float) -> None:
    """Paint nuclei and their envelopes, whose depth (µm) is given at nodes, in place."""
    box = _bounds(nucleus > -0.15)
    if box is None:
        return
    at, voxels = _nodes_of(box), _voxels_of(box)
    grain, clump, fold, _ = (texture[voxels] for texture in textures)
    body = body[voxels]
    depth = _between(nucleus[at])
    sharp = _sharpness(_slope(nucleus[at], height))
    inner = 0.45 * body + 89
    inner += grain
    chromatin = 0.75 * clump + 0.73 * fold
    chromatin += 0.026 * grain
    chromatin += 0.7 * np.clip(1 - 3 * depth, 0, 1)
    inner -= 46 * _inside(chromatin - 0.85, 1.3)
    _lay(body, inner, _inside(depth, sharp))
    body -= 52 * _line(depth - 0.035, 0.040, sharp)  # the envelope: two membranes
    body -= 44 * _line(depth + 0.060, 0.028, sharp)


def _paint_organelles(
    body: Array,
    organelles: Organelles,
    nodes: Nodes,
    textures: Textures,
    voxel_size: tuple[float, float, float],
) -> None:
    """Paint organelles into the brick, in place."""
    spacing = [s * v for s, v in zip(STEP, voxel_size, strict=True)]
    # Any interval that holds a point of a body has a node whose square is within this of it.
    slack = (spacing[0] * spacing[0] + spacing[1] * spacing[1] + spacing[2] * spacing[2]) / 4
    depth = np.full(BRICK, -1, np.float32)  # µm below the nearest organelle's membrane
    fill = np.zeros(BRICK, np.float32)
    centre = organelles.centre - nodes.reference
    for m, box in _boxes(organelles, nodes, spacing):
        look = LOOKS[organelles.look[m]]
        half, radius = float(organelles.half[m]), float(organelles.radius[m])
        at = _nodes_of(box)
        d = [p[at] - c for p, c in zip(nodes.place, centre[m].tolist(), strict=True)]
        square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        axis = organelles.axis[m].tolist()
        if look.pitch or half:
            along = d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2]
            if half:
                t = np.minimum(np.maximum(along, -half), half)
                square -= t * (2 * along - t)
        if square.min() > (radius + MARGIN) * (radius + MARGIN) + slack:
            continue
        voxels = _voxels_of(box)
        bulge = [h * h * (1 - a * a) if half else h * h for h, a in zip(spacing, axis, strict=True)]
        here = np.maximum(_between(square, bulge=bulge), 0)
        here = radius - np.sqrt(here)
        wins = here > depth[voxels]
        np.copyto(depth[voxels], here, where=wins)
        grey: float | Array = look.grey
        if look.pitch:
            stripes = _ripple(_between((along + look.bowl * square) / look.pitch))
            stripes -= 0.4
            stripes *= _inside(here - 0.07, 12)
            stripes *= 40 * _inside(textures.clump[voxels] + 0.5, 1.5)  # broken here and there
            stripes += look.grey
            grey = stripes
        np.copyto(fill[voxels], grey, where=wins)
    depth += 0.02 * textures.clump  # rough outlines
    share = _inside(depth - 0.045, 1 / BLUR)  # a membrane of 45 nm is darker
    share *= 0.35
    share += 0.65
    fill *= share
    fill += 0.6 * textures.grain
    _lay(body, fill, _inside(depth, 1 / BLUR))


def _boxes(
    organelles: Organelles, nodes: Nodes, spacing: Sequence[float]
) -> Iterator[tuple[int, Box]]:
    """Find where in a brick organelles may lie; yield their number and box of intervals.

    The nodes are `spacing` (zyx, µm) apart.
    """
    place = np.stack(nodes.place)
    last = np.array(place.shape[1:]) - 1
    centre = organelles.centre - nodes.reference
    reach = np.abs(organelles.axis) * organelles.half[:, None] + organelles.radius[:, None]
    reach = 1.25 * reach + 0.2  # for the distortion is that at the centre
    grid = centre
    for _ in range(3):  # find the centre on the grid, whose nodes are at `place`
        node = np.clip(np.floor(grid / spacing + 0.5), 0, last).astype(np.int64)
        shift = place[:, node[:, 0], node[:, 1], node[:, 2]].T - node * spacing
        grid = centre - shift
    start = np.clip(np.floor((grid - reach) / spacing), 0, last).astype(np.int64)
    stop = np.clip(np.ceil((grid + reach) / spacing), 0, last).astype(np.int64)
    for m in np.flatnonzero((stop > start).all(axis=1)).tolist():
        z, y, x = map(slice, start[m].tolist(), stop[m].tolist())
        yield m, (z, y, x)


# --- what is where ------------------------------------------------------------------------------


def _cubes(low: Array, high: Array, edge: float) -> Iterator[tuple[int, int, int]]:
    """Give the numbers of the cubes of a grid that touch a box, from `low` to `high` (zyx, µm)."""
    z, y, x = (
        range(floor(a / edge), floor(b / edge) + 1)
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
    )
    yield from ((k, j, i) for k in z for j in y for i in x)


def _bundles(seed: int, low: Array, high: Array) -> list[tuple[list[float], float]]:
    """List the bundles of nerve fibres (centre zyx, radius; µm) with their centre in a box."""
    found = (_bundle(seed, k, j, i) for k, j, i in _cubes(low, high, BUNDLES))
    box = list(zip(low.tolist(), high.tolist(), strict=True))
    return [
        (centre, radius)
        for centre, radius in found
        if all(a < c < b for c, (a, b) in zip(centre, box, strict=True))
    ]


@lru_cache(maxsize=1024)
def _bundle(seed: int, k: int, j: int, i: int) -> tuple[list[float], float]:
    """Place the bundle (centre zyx, radius; µm) of a cube of a grid."""
    u = _uniform(seed, 21, k, j, i, np.arange(4)).tolist()
    centre = [(n + 0.25 + 0.5 * v) * BUNDLES for n, v in zip((k, j, i), u[:3], strict=True)]
    return centre, 4.0 + 2.8 * u[3]


@lru_cache(maxsize=512)
def _bucket(tissue: Tissue, packing: Packing, k: int, j: int, i: int) -> Sites:
    """Find the sites whose centres lie in a cube of the bucket grid.

    Cell sites near the specimen's surface, or near a bundle of fibres, are moved to stand in a
    layer, as in an epithelium, and of two sites that then stand too close the one with the smaller
    key goes. Fibre sites outside the bundles go.
    """
    low = np.array([k, j, i]) * BUCKET
    high = low + BUCKET
    margin = 8.0 if packing is CELLS else 0.0  # a site moves by 4 µm and sees others within 4
    sites = _lattice(tissue.seed, packing, low - margin, high + margin)
    if packing is CELLS:
        sites = _layered(sites, tissue.depth_at, least=-1.2, target=2.5)
        sites = _layered(sites, lambda c: -tissue.neuropil_at(c), least=-1.0, target=2.6)
        apart = sites.centre[:, None] - sites.centre
        close = (_dot(apart, apart) < 3.4 * 3.4) & (sites.key[:, None] < sites.key)
        sites = sites.kept(np.logical_not(close.any(axis=1)))
    else:
        sites = sites.kept(tissue.neuropil_at(sites.centre) > -0.3)
    return sites.within(low, high)


def _lattice(seed: int, packing: Packing, low: Array, high: Array) -> Sites:
    """Find a packing's sites in a box, from `low` to `high` (zyx, µm), as they first lie."""
    frame = np.array(packing.frame)
    pitch = [packing.pitch / stretch for stretch in packing.stretch]
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1)
    ranges = []
    for row, p in zip(frame, pitch, strict=True):
        along = _dot(corners, row) / p
        ranges.append(np.arange(floor(float(np.min(along))) - 1, floor(float(np.max(along))) + 2))
    index = np.stack(np.meshgrid(*ranges, np.arange(2), indexing="ij"), axis=-1).reshape(-1, 4)
    key = _hash(seed, packing.salt, *index.T)
    random = _uniform(np.arange(4)[:, None], key) - 0.5
    a, b, c = (
        (index[:, n] + 0.5 * index[:, 3] + 0.25 + packing.jitter * random[n]) * pitch[n]
        for n in range(3)
    )
    centre = a[:, None] * frame[0] + b[:, None] * frame[1] + c[:, None] * frame[2]
    return Sites(key, centre, packing.spread * random[3]).within(low, high)


def _layered(
    sites: Sites, distance: Callable[[Array], Array], *, least: float, target: float
) -> Sites:
    """Drop sites below the `least` distance (µm) and move the others out to the `target`."""
    sites = sites.kept(distance(sites.centre) > least)
    d = distance(sites.centre)
    near = d < target
    centre = sites.centre[near]
    slope = np.stack([distance(centre + 0.05 * e) - d[near] for e in np.eye(3)], axis=-1)
    sites.centre[near] = centre + _unit(slope) * (target - d[near])[:, None]
    return sites


NOTHING = Organelles(np.zeros(0, np.int64), *(np.zeros((0, 3)),) * 2, *(np.zeros(0),) * 2)


def _rows(rows: Sequence[tuple[int, Array, Array, float, float]]) -> Organelles:
    """Gather organelles into arrays."""
    return (
        Organelles(*(np.array(column) for column in zip(*rows, strict=True))) if rows else NOTHING
    )


@lru_cache(maxsize=8192)
def _fibre(tissue: Tissue, key: int, centre: tuple[float, float, float]) -> Cell:
    """Fill a nerve fibre: one in four holds a mitochondrion or a dense-core vesicle."""
    u = _uniform(key, 31, np.arange(6)).tolist()
    along = np.array(FIBRES.frame[2])
    place = np.array(centre) + along * (1.5 * (u[2] - 0.5))
    rows = []
    if u[1] < 0.15:
        rows.append((MITOCHONDRION, place, along, 0.3 + 0.7 * u[4], 0.11 + 0.06 * u[5]))
    elif u[1] < 0.25:
        rows.append((DENSE, place, along, 0.0, 0.06 + 0.06 * u[5]))
    return Cell(128 + 47 * u[0], None, _rows(rows))


@lru_cache(maxsize=2048)
def _cell(tissue: Tissue, key: int, centre: tuple[float, float, float]) -> Cell:
    """Fill a cell with a nucleus and with organelles that do not overlap."""
    middle = np.array(centre)
    u = _uniform(key, 41, np.arange(40))
    outermost = float(tissue.depth_at(middle[None])[0]) < 2.9
    kind = _kind(float(u[0]), outermost)
    if kind == "lumen":
        return Cell(LUMEN, None, NOTHING)
    grey = 149 + 22 * float(u[1] - 0.5)
    grey -= {"dark": 28, "epidermal": 14}.get(kind, 0)
    main = _unit(u[2:5] - 0.5)
    second = _unit(np.cross(main, u[5:8] - 0.5))
    axes = np.stack([main, second, np.cross(main, second)])
    radii = np.array([2.05, 1.7, 1.6]) + 0.6 * (u[8:11] - 0.5)
    if kind in ("yolk", "vacuolated"):
        radii *= 0.82
    heart = middle + 0.9 * (u[11:14] - 0.5)
    nucleus = (heart, axes / radii[:, None], float(radii[0] + radii[1] + radii[2]) / 3)

    # Try places and keep those with room.
    walls = _walls(tissue, middle)
    random = _uniform(key, 42, np.arange(540)[:, None], np.arange(9))
    start = middle + 7.6 * (random[:, :3] - 0.5)
    axis = _unit(main + 1.6 * (random[:, 3:6] - 0.5))
    rows = []
    for n in np.flatnonzero(_room(tissue, walls, nucleus, start) > 0.15).tolist():
        look, half, radius = _choose(kind, *random[n, 6:].tolist())
        rows.append((look, start[n], axis[n], half, radius))
    tried = _rows(rows)
    t = tried.half[:, None] * (np.arange(-3, 4) / 3)
    line = tried.centre[:, None] + t[..., None] * tried.axis[:, None]
    room = _room(tissue, walls, nucleus, line.reshape(-1, 3)).reshape(-1, 7)
    fits = np.flatnonzero((room > tried.radius[:, None] + 0.06).all(axis=1))
    tried, line = Organelles(*(field[fits] for field in tried)), line[fits]
    kept = _apart(line, tried.half, tried.radius)
    nucleolus = heart + 1.4 * (u[14:17] - 0.5)
    parts = [
        (
            NUCLEOLUS,
            nucleolus + 0.5 * (u[n : n + 3] - 0.5),
            main,
            0.0,
            0.16 + 0.2 * float(u[n + 3]),
        )
        for n in (20, 24, 28)
    ]
    both = zip(Organelles(*(f[kept] for f in tried)), _rows(parts), strict=True)
    return Cell(grey, nucleus, Organelles(*(np.concatenate(pair) for pair in both)))


def _apart(line: Array, half: Array, radius: Array) -> list[int]:
    """Choose bodies that do not overlap, the first first, by seven points (n, 7, 3) along each."""
    d = line[:, None, 3] - line[:, 3]
    reach = half[:, None] + half + radius[:, None] + radius + 0.07
    later, earlier = np.nonzero(np.tril(_dot(d, d) < reach * reach, k=-1))
    d = line[later][:, :, None] - line[earlier][:, None]
    least = radius[later] + radius[earlier] + 0.07
    touch = (_dot(d, d) < (least * least)[:, None, None]).any(axis=(1, 2))
    rivals: dict[int, set[int]] = {}
    for a, b in zip(later[touch].tolist(), earlier[touch].tolist(), strict=True):
        rivals.setdefault(a, set()).add(b)
    kept: list[int] = []
    for n in range(len(line)):
        if rivals.get(n, set()).isdisjoint(kept):
            kept.append(n)
    return kept


def _walls(tissue: Tissue, middle: Array) -> list[tuple[list[float], float]]:
    """Find the planes between the cell around `middle` (zyx, µm) and others.

    A plane is a unit vector n, away from the cell, and the distance n · place at the plane, in µm.
    """
    sites = tissue.sites(CELLS, middle - 7.5, middle + 7.5)
    apart = sites.centre - middle
    far = np.sqrt(_dot(apart, apart))
    weight = sites.weight[far == 0][0]
    away = apart / np.maximum(far, 1e-9)[:, None]
    distance = _dot(away, middle[None]) + far / 2 + (weight - sites.weight) / np.maximum(2 * far, 1)
    near = (far > 0) & (far < 9)
    return list(zip(away[near].tolist(), distance[near].tolist(), strict=True))


def _room(
    tissue: Tissue,
    walls: list[tuple[list[float], float]],
    nucleus: tuple[Array, Array, float],
    place: Array,
) -> Array:
    """Distance (µm) of places (n, 3) inside a cell to its walls and its nucleus."""
    z, y, x = place = np.ascontiguousarray(place.T)
    depth = tissue.depth(place)
    room = np.minimum(depth - CUTICLE_DEPTH, -tissue.neuropil(place, depth))
    for away, distance in walls:
        room = np.minimum(room, distance - (z * away[0] + y * away[1] + x * away[2]))
    heart, axes, radius = nucleus
    d = [p - c for p, c in zip(place, heart.tolist(), strict=True)]
    u = [d[0] * a[0] + d[1] * a[1] + d[2] * a[2] for a in axes.tolist()]
    r = np.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
    least: Array = np.minimum(room, (r - 1) * radius - 0.1)
    return least


def _kind(share: float, outermost: bool) -> str:
    """Choose a kind of cell by a random number from 0 to 1."""
    kinds = (("secretory", 0.12), ("yolk", 0.26), ("vacuolated", 0.37), ("lumen", 0.42))
    if outermost:
        return "epidermal"
    return next((kind for kind, end in (*kinds, ("dark", 0.50)) if share < end), "plain")


def _choose(kind: str, t: float, w: float, x: float) -> tuple[int, float, float]:
    """Choose an organelle (look, half length, radius; µm) by three random numbers."""
    if kind == "yolk" and t < 0.62:
        return (YOLK, 0.0, 0.28 + 0.5 * w * w) if t < 0.52 else (LIPID, 0.0, 0.25 + 0.3 * w)
    if kind == "vacuolated" and t < 0.35:
        return VACUOLE, 0.0, 0.3 + 1.0 * w * w
    if kind in ("secretory", "epidermal") and t < 0.3:
        return DENSE, 0.0, 0.10 + 0.10 * w
    if t < 0.87:
        return MITOCHONDRION, 0.1 + 1.2 * x * x, 0.17 + 0.10 * w
    if t < 0.89:
        return GOLGI, 0.12 + 0.1 * x, 0.40 + 0.2 * w
    if t < 0.93:
        return LIPID, 0.0, 0.14 + 0.25 * w * w
    if t < 0.96:
        return DENSE, 0.0, 0.10 + 0.12 * w
    return VACUOLE, 0.1 * x, 0.10 + 0.16 * w * w
