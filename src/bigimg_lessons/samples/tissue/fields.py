"""Arithmetic on vectors and on distance fields, from which edges, lines and ripples are painted.

Sums of products are written out, so that their order, and with it every bit, is the same on every
machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bigimg_lessons.samples.tissue.grid import STEP, Array, between

BLUR = 0.05  # µm: width of an edge within a section
SECTION_BLUR = 0.055  # µm: what the slope of an edge adds to it


def scalar_product(a: Sequence[Array], b: Sequence[float] | Sequence[Array]) -> Array:
    """Multiply fields of vectors, each given by its three components, in a fixed order."""
    product: Array = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product


def dot(a: Array, b: Array) -> Array:
    """Multiply vectors along the last axis, in a fixed order."""
    product: Array = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return product


def unit_vectors(v: Array) -> Array:
    """Scale vectors along the last axis to length 1."""
    unit: Array = v / np.sqrt(np.maximum(dot(v, v), 1e-12))[..., None]
    return unit


def slope_along_z(distance: Array, height: float) -> Array:
    """Tell how steeply a distance field at nodes changes with z, in sections of `height` (µm)."""
    slope: Array = np.abs(distance[1:] - distance[:-1]) / (height * STEP[0])
    return slope


def sharpness(slope: Array) -> Array:
    """Tell per voxel how steeply an edge is painted, 1/µm: a section smears one that slopes."""
    return np.repeat(between(1 / (BLUR + SECTION_BLUR * slope), axes=(2, 1)), STEP[0], axis=0)


def share_inside(distance: Array, sharp: float | Array) -> Array:
    """Share of a voxel that lies at positive distance: an edge after a box filter."""
    share = distance * sharp
    share += 0.5
    return np.clip(share, 0, 1, out=share)


def line_share(distance: Array, width: float, sharp: float | Array) -> Array:
    """Share of a voxel covered by a line of `width` (µm) at distance 0, after a box filter."""
    share = share_inside(distance + width / 2, sharp)
    share -= share_inside(distance - width / 2, sharp)
    return share


def ripple(phase: Array) -> Array:
    """Triangle wave: 1 at whole numbers, 0 half-way."""
    wave = np.floor(phase)
    np.subtract(phase, wave, out=wave)
    wave -= 0.5
    np.abs(wave, out=wave)
    wave += wave
    return wave


def lay(canvas: Array, grey: float | Array, share: Array) -> None:
    """Cover the `share` of each voxel of the canvas with `grey`, in place."""
    change = grey - canvas
    change *= share
    canvas += change


def soft_min(a: Array, b: Array, width: float) -> Array:
    """Minimum, rounded where the two are closer than `width` (the polynomial smooth minimum)."""
    h = np.abs(a - b)
    h -= width
    h *= -1 / width
    np.maximum(h, 0, out=h)
    h *= h
    h *= width / 4
    least: Array = np.minimum(a, b) - h
    return least
