"""BigDataViewer datasets for tests, written with h5py and by hand: never by the package itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import h5py
import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Views = Mapping[tuple[int, int], Sequence[Array]]

SHARED = Path(
    os.environ.get("BIGIMG_SHARED_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")
).resolve()


def shared(name: str) -> Path:
    """Path of a real file, or skip the test."""
    import pytest

    if not (SHARED / name).is_file():
        pytest.skip(f"the real file {name} is not in {SHARED} (set BIGIMG_SHARED_DATA to it)")
    return SHARED / name


def pixels(shape: Sequence[int], dtype: DTypeLike = np.uint16, seed: int = 0) -> Array:
    """Values over the whole range of a type, so that a wrong type or place shows."""
    rng = np.random.default_rng([seed, *shape])
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return rng.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def halved(array: Array, factors: Sequence[int] = (2, 2, 2), ceil: bool = False) -> Array:
    """Every n-th voxel along z, y, x; the shape rounded down or up."""
    shape = [
        max(1, -(-n // f) if ceil else n // f) for n, f in zip(array.shape, factors, strict=True)
    ]
    thinned = array[tuple(slice(None, None, f) for f in factors)]
    return thinned[tuple(slice(0, n) for n in shape)]


def write_h5(
    path: Path,
    views: Views,
    *,
    resolutions: Mapping[int, Any] | None = None,
    chunks: tuple[int, ...] | None = (4, 16, 16),
    data_type: str | None = None,
    legacy: bool = False,
    **options: Any,
) -> Path:
    """Write pixels: `views` maps (time point, setup) to a list of levels (z, y, x arrays).

    `resolutions` maps setup to rows in x, y, z order (default 1, 2, 4 …); `legacy` stores uint16
    as int16; `chunks` may be larger than the image, or None.
    """
    with h5py.File(path, "a") as file:
        for (timepoint, setup), levels in views.items():
            group = file.require_group(f"s{setup:02d}")
            if "resolutions" not in group:
                rows = (resolutions or {}).get(setup) or [[2**n] * 3 for n in range(len(levels))]
                group["resolutions"] = np.array(rows, np.float64)
                size = (chunks or levels[0].shape)[::-1]
                group["subdivisions"] = np.array([size] * len(levels), np.int32)
                if data_type is not None:
                    group.attrs["dataType"] = data_type
            for number, level in enumerate(levels):
                stored = level.view(np.int16) if legacy else level
                name = f"t{timepoint:05d}/s{setup:02d}/{number}/cells"
                # HDF5 allows chunks beyond a dataset that could grow; Java's library writes such.
                room = chunks and tuple(max(n, c) for n, c in zip(level.shape, chunks, strict=True))
                file.create_dataset(name, data=stored, chunks=chunks, maxshape=room, **options)
    return path


def xml(
    setups: Iterable[Mapping[str, Any]],
    *,
    h5: str = '<hdf5 type="relative">data.h5</hdf5>',
    timepoints: str = '<Timepoints type="range"><first>0</first><last>0</last></Timepoints>',
    names: Mapping[str, Mapping[int, str]] | None = None,
    missing: Iterable[tuple[int, int]] = (),
    registrations: str = "",
    loader: str = "bdv.hdf5",
    base: str = '<BasePath type="relative">.</BasePath>',
) -> str:
    """Text of an XML. `setups` are dicts: id, name, size, voxel, unit (xyz), attributes."""
    body = []
    for setup in setups:
        parts = [f"<id>{setup['id']}</id>"]
        if "name" in setup:
            parts.append(f"<name>{escape(setup['name'])}</name>")
        if "size" in setup:
            parts.append(f"<size>{' '.join(map(str, setup['size']))}</size>")
        if "voxel" in setup:
            size = " ".join(map(str, setup["voxel"]))
            unit = escape(setup.get("unit", "µm"))
            parts.append(f"<voxelSize><unit>{unit}</unit><size>{size}</size></voxelSize>")
        if attributes := setup.get("attributes"):
            inner = "".join(f"<{kind}>{number}</{kind}>" for kind, number in attributes.items())
            parts.append(f"<attributes>{inner}</attributes>")
        body.append(f"<ViewSetup>{''.join(parts)}</ViewSetup>")
    for kind, entries in (names or {}).items():
        tag = kind.capitalize()
        inner = "".join(
            f"<{tag}><id>{number}</id><name>{escape(name)}</name></{tag}>"
            for number, name in entries.items()
        )
        body.append(f'<Attributes name="{kind}">{inner}</Attributes>')
    views = "".join(f'<MissingView timepoint="{t}" setup="{s}"/>' for t, s in missing)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<SpimData version="0.2">
  {base}
  <SequenceDescription>
    <ImageLoader format="{loader}">{h5}</ImageLoader>
    <ViewSetups>{"".join(body)}</ViewSetups>
    {timepoints}
    {f"<MissingViews>{views}</MissingViews>" if missing else ""}
  </SequenceDescription>
  <ViewRegistrations>{registrations}</ViewRegistrations>
</SpimData>
"""


def registration(timepoint: int, setup: int, *affines: Iterable[float]) -> str:
    """One view's registration from matrices of twelve numbers."""
    steps = "".join(
        f'<ViewTransform type="affine"><affine>{" ".join(map(str, affine))}</affine>'
        "</ViewTransform>"
        for affine in affines
    )
    return f'<ViewRegistration timepoint="{timepoint}" setup="{setup}">{steps}</ViewRegistration>'


def write_dataset(
    folder: Path,
    views: Views,
    setups: Iterable[Mapping[str, Any]] | None = None,
    *,
    name: str = "data",
    xml_options: Mapping[str, Any] | None = None,
    **h5_options: Any,
) -> Path:
    """Write a pair of files. Setups default to one channel each, named after their id."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    write_h5(folder / f"{name}.h5", views, **h5_options)
    if setups is None:
        setups = [
            {
                "id": setup,
                "size": views[time, setup][0].shape[::-1],
                "attributes": {"channel": setup},
            }
            for time, setup in sorted(views)
            if time == min(t for t, _ in views)
        ]
    options = {"h5": f'<hdf5 type="relative">{escape(name)}.h5</hdf5>', **(xml_options or {})}
    last = max(time for time, _ in views)
    options.setdefault(
        "timepoints",
        f'<Timepoints type="range"><first>0</first><last>{last}</last></Timepoints>',
    )
    path = folder / f"{name}.xml"
    path.write_text(xml(setups, **options), encoding="utf-8")
    return path


def spread(
    tmp_path: Path,
    setups: Sequence[Mapping[str, Any]],
    shapes: Mapping[int, Sequence[int]] | None = None,
    names: Mapping[str, Mapping[int, str]] | None = None,
    **options: Any,
) -> tuple[Path, Views]:
    """A dataset of one time point with a view per setup."""
    views = {
        (0, setup["id"]): [pixels((shapes or {}).get(setup["id"], (2, 6, 5)), seed=setup["id"])]
        for setup in setups
    }
    path = write_dataset(tmp_path, views, setups, xml_options={"names": names}, **options)
    return path, views


def stacked(views: Views, level: int = 0) -> Array:
    """All views as T, C, Z, Y, X."""
    times = sorted({t for t, _ in views})
    setups = sorted({s for _, s in views})
    return np.array([[views[t, s][level] for s in setups] for t in times])
