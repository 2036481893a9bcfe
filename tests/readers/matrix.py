"""Which reader tells what of which file: the readers asked, and how their answers are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.readers.samples import CHANNELS, Sample, digests

Verdict = Literal["right", "wrong", "not told"]

FACTS = ("voxels", "levels", "voxel size", "sizes of levels", "translations", "channel names")
"""What is asked of each file; the last but one and two are those of the coarse levels."""

ZARR = ("ome-zarr-0.4", "ome-zarr-0.5", "ome-zarr-0.5-shards", "ome-zarr-0.6", "ozx")
TIFF = ("imagej-tiff", "ome-tiff")

UNITS = {"µm", "μm", "um", "micron", "micrometer", "micrometre", "\\u00B5m"}
"""What readers call the unit of the samples' voxel size."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A reader of files.

    Parameters
    ----------
    title
        As a person says it.
    probe
        The script in ``tests/readers/probes`` that asks it.
    formats
        The samples that it is made for.
    is_ours
        Whether its probe runs in this project's environment, and not in one of its own.
    """

    title: str
    probe: str
    formats: Sequence[str]
    is_ours: bool = False


READERS = (
    Reader(title="bioio-tifffile", probe="with-bioio-tifffile.py", formats=TIFF),
    Reader(title="bioio-ome-tiff", probe="with-bioio-ome-tiff.py", formats=TIFF[1:]),
    Reader(title="tifffile", probe="with-tifffile.py", formats=TIFF),
    Reader(
        title="Bio-Formats",
        probe="with-bio-formats.py",
        formats=(*TIFF, "bdv-hdf5", "imaris"),
        is_ours=True,
    ),
    Reader(
        title="bigimg-lessons",
        probe="with-bigimg-lessons.py",
        formats=("bdv-hdf5",),
        is_ours=True,
    ),
    Reader(title="npy2bdv", probe="with-npy2bdv.py", formats=("bdv-hdf5",)),
    Reader(
        title="imaris-ims-file-reader", probe="with-imaris-ims-file-reader.py", formats=("imaris",)
    ),
    Reader(title="imaris-ims-zarr", probe="with-imaris-ims-zarr.py", formats=("imaris",)),
    Reader(title="z5py", probe="with-z5py.py", formats=("bdv-n5",)),
    Reader(title="tensorstore", probe="with-tensorstore.py", formats=("bdv-n5", *ZARR)),
    Reader(title="bioio-ome-zarr", probe="with-bioio-ome-zarr.py", formats=ZARR),
    Reader(title="ome-zarr-py", probe="with-ome-zarr.py", formats=ZARR),
    Reader(title="ngff-zarr", probe="with-ngff-zarr.py", formats=ZARR),
    Reader(title="napari-ome-zarr", probe="with-napari.py", formats=ZARR),
    Reader(title="zarrita", probe="with-zarrita.py", formats=ZARR),
    Reader(title="iohub", probe="with-iohub.py", formats=ZARR),
    Reader(title="yaozarrs", probe="with-yaozarrs.py", formats=ZARR),
)


def judged(told: Mapping[str, Any], sample: Sample) -> dict[str, Verdict]:
    """Judge what a probe printed by what is true of the sample.

    Parameters
    ----------
    told
        What ``tests/readers/probes/facts.py`` prints; a file that did not open has an ``error``.
    sample
        The file that the reader was asked about.

    Returns
    -------
    dict
        A verdict for each of `FACTS`, but those that a file without coarse levels does not have;
        empty if the file did not open.
    """
    if "error" in told:
        return {}
    verdicts: dict[str, Verdict] = dict.fromkeys(FACTS, "not told")
    verdicts["voxels"] = _verdict(told["voxels"], digests())
    if len(sample.factors) == 1:
        del verdicts["sizes of levels"], verdicts["translations"]
    if told["levels"] is None:
        return verdicts
    sizes = [_in_micrometres(each["voxel_size"], told.get("unit")) for each in told["levels"]]
    origins = [each["translation"] for each in told["levels"]]
    shapes = [tuple(each["shape"][-3:]) for each in told["levels"]]
    all_verdicts: dict[str, Verdict] = {
        "levels": _verdict(shapes, sample.level_shapes),
        "voxel size": _near(sizes[:1], sample.voxel_sizes[:1]),
        "sizes of levels": _near(sizes[1:], sample.voxel_sizes[1:]),
        "translations": _near(origins[1:], sample.translations[1:]),
        "channel names": _verdict(_named(told["channels"]), list(CHANNELS)),
    }
    return verdicts | {fact: all_verdicts.get(fact, verdicts[fact]) for fact in verdicts}


def _in_micrometres(size: Sequence[float] | None, unit: str | None) -> Sequence[float] | None:
    """Return a voxel size, or a wrong one where its unit is another than the sample's."""
    if size is None or unit is None or unit in UNITS:
        return size
    return [math.nan] * len(size)


def _named(channels: Sequence[str | None] | None) -> Sequence[str | None] | None:
    """Return the channels' names, or None where none has one."""
    return channels if channels and any(channels) else None


def _verdict(told: object, true: object) -> Verdict:
    if told is None:
        return "not told"
    return "right" if told == true else "wrong"


def _near(told: Sequence[Sequence[float] | None], true: Sequence[Sequence[float]]) -> Verdict:
    """Judge lengths of all levels, which rounding by a millionth leaves right."""
    if all(each is None for each in told):
        return "not told"
    if len(told) != len(true) or None in told:
        return "wrong"
    pairs = zip(told, true, strict=True)
    near = all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
        for each, other in pairs
        if each is not None
        for a, b in zip(each, other, strict=True)
    )
    return "right" if near else "wrong"
