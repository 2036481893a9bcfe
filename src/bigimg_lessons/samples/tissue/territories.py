"""Which site owns which node: a power diagram of the sites around a brick."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bigimg_lessons.samples.tissue.fields import dot, scalar_product, soft_min
from bigimg_lessons.samples.tissue.geometry import Nodes
from bigimg_lessons.samples.tissue.grid import Array, Box
from bigimg_lessons.samples.tissue.sites import Packing, Sites, sites_in
from bigimg_lessons.samples.tissue.specimen import Specimen


class Territories(NamedTuple):
    """How the nodes of a brick are shared out between n sites.

    A node belongs to the site whose power, the squared distance less the weight, is the smallest.
    """

    sites: Sites
    power: Array  # (n, nodes) µm², by how much a site's power exceeds the smallest
    scale: Array  # (n, n) 1/µm: from a difference of powers to the distance from a plane
    rival: Array  # (n, n) bool: whether the plane between two sites may matter

    def depth(self, a: int, at: Box, rounding: float) -> Array:
        """Distance (µm) of nodes to the nearest wall of the site `a`, rounded at its edges."""
        rivals = np.flatnonzero(self.rival[a])
        to_plane = self.power[(rivals, *at)] - self.power[a][at]
        to_plane *= self.scale[a, rivals, None, None, None]
        nearest = to_plane.min(axis=0, initial=9)
        np.copyto(to_plane, 9, where=to_plane == nearest)
        return soft_min(nearest, to_plane.min(axis=0, initial=9), rounding)


def territories(specimen: Specimen, packing: Packing, nodes: Nodes) -> Territories | None:
    """Share out the nodes of a brick between the sites of a packing; None if there are no sites."""
    low, high = (
        np.array([f(p) for p in nodes.position]) + nodes.reference for f in (np.min, np.max)
    )
    sites = sites_in(specimen, packing, low - packing.reach, high + packing.reach)
    if not len(sites.key):
        return None
    position, centre = [], []
    for row, stretch in zip(np.array(packing.frame), packing.stretch, strict=True):
        position.append(scalar_product(nodes.position, [float(v) * stretch for v in row]))
        centre.append(dot(sites.centre - nodes.reference, row) * stretch)
    near = _lowest(_power([p[::4, ::4, ::4] for p in position], centre, sites.weight))
    near = np.flatnonzero(near < packing.relevance)
    sites, centre = sites.kept(near), [c[near] for c in centre]
    power = _power(position, centre, sites.weight)
    # The distance to the plane between sites a and b is (power[b] - power[a]) * scale[a, b].
    apart = [c[:, None] - c for c in centre]
    steep = [a * s for a, s in zip(apart, packing.stretch, strict=True)]
    square, steepness = (scalar_product(a, a) for a in (apart, steep))
    scale = (0.5 / np.sqrt(np.maximum(steepness, 1e-6))).astype(np.float32)
    rival = (square > 0) & (square < 5.8 * packing.pitch * packing.pitch)
    rival &= _lowest(power) < packing.relevance
    return Territories(sites, power, scale, rival)


def _power(position: list[Array], centre: list[Array], weight: Array) -> Array:
    """How much each site's power, its squared distance less its weight, exceeds the least (µm²)."""
    power = -weight.astype(np.float32)[:, None, None, None]
    for p, c in zip(position, centre, strict=True):
        d = p - c.astype(np.float32)[:, None, None, None]
        d *= d
        d += power
        power = d
    power -= power.min(axis=0)
    return power


def _lowest(power: Array) -> Array:
    """Lowest value of each field in a stack."""
    lowest: Array = power.reshape(len(power), -1).min(axis=1)
    return lowest
