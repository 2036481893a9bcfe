"""N5 folders, those of BigDataViewer among them, described from their ``attributes.json``.

The fields are those of github.com/saalfeldlab/n5 and of ``BDV N5 format.md`` in
github.com/bigdataviewer/bigdataviewer-core. N5 keeps axes as x, y, z; here they are z, y, x.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bigimg_lessons.formats.n5_members import ATTRIBUTES
from bigimg_lessons.inspection.bdv_xml import Described, beside, beside_address
from bigimg_lessons.inspection.dtypes import item_size
from bigimg_lessons.inspection.errors import InspectionError
from bigimg_lessons.inspection.json_values import extents, items, mapping, number, parsed, text
from bigimg_lessons.inspection.places import LocalFolder, Place, WebFolder
from bigimg_lessons.inspection.report import UNKNOWN_AXIS, Files, Level, Report
from bigimg_lessons.inspection.zarr_arrays import inside

_MAX_LEVELS = 64
_MAX_FOLDERS = 300
_MAX_TRIES = 20
_MAX_DEPTH = 4
_NEWEST = 4  # major version of the specification that is known

Attributes = Mapping[str, Any]


def inspect_n5(place: Place, source: str) -> Report:
    """Describe an N5 folder, or a dataset in it.

    Parameters
    ----------
    place
        The folder.
    source
        How the user calls it.

    Raises
    ------
    InspectionError
        If it is no N5, is damaged, or holds no dataset.
    """
    root = _attributes(place, "")
    if root is None:
        raise InspectionError(f"{place.name} has no {ATTRIBUTES}: it is no N5 folder.")
    version = text(root.get("n5"))
    if extents(root.get("dimensions")) is None and (view := _first_view(place)) is not None:
        return _bdv(place, source, view, version)
    datasets = _datasets(place, root)
    if not datasets:
        raise InspectionError(
            f"{source} is an N5 folder in which no dataset was found: give the path of a dataset."
        )
    first = next(iter(datasets))
    names = list(datasets) if _are_levels(list(datasets)) else [first]
    levels = tuple(_level(place, name, datasets[name]) for name in names)
    count = len(levels[0].shape)
    axes = _axes(datasets[first], count)
    return Report(
        source=source,
        kind="N5",
        version=version,
        axes=axes,
        units=_units(datasets[first], count),
        levels=levels,
        files=_files(place, [datasets[name] for name in names], 1),
        image="" if len(names) == len(datasets) else f"dataset {first}, one of {len(datasets)}",
        unread_version=_unread(version),
    )


def _attributes(place: Place, path: str) -> Attributes | None:
    content = place.read(inside(path, ATTRIBUTES))
    if content is None:
        return None
    return parsed(content, f"{place.name}/{inside(path, ATTRIBUTES)}")


def _unread(version: str | None) -> str | None:
    major = re.match(r"\d+", version or "0")
    return version if major is None or int(major[0]) > _NEWEST else None


def _datasets(place: Place, root: Attributes) -> dict[str, Attributes]:
    """Find datasets below a folder, in the order of their names, as many as are looked for."""
    if extents(root.get("dimensions")):
        return {"": root}
    found: dict[str, Attributes] = {}
    left, looked = [("", 0)], 0
    while left and looked < _MAX_FOLDERS:
        folder, depth = left.pop(0)
        for name in sorted(place.names(folder) or (), key=_natural)[:_MAX_FOLDERS]:
            path = inside(folder, name)
            if name == ATTRIBUTES or "." in name:
                continue
            looked += 1
            attributes = _attributes(place, path)
            if attributes is not None and extents(attributes.get("dimensions")):
                found[path] = attributes
            elif depth < _MAX_DEPTH:
                left.append((path, depth + 1))
            if looked >= _MAX_FOLDERS:
                break
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part or 0), word) for word, part in re.findall(r"(\D*)(\d{0,9})", name)]


def _are_levels(names: list[str]) -> bool:
    """Whether datasets are called s0, s1 and so on in one folder."""
    folders = {name.rpartition("/")[0] for name in names}
    ends = [name.rpartition("/")[2] for name in names]
    return len(folders) == 1 and ends == [f"s{n}" for n in range(len(ends))]


def _level(
    place: Place, path: str, attributes: Attributes, size: tuple[float | None, ...] | None = None
) -> Level:
    shape = extents(attributes.get("dimensions"))
    if shape is None:
        raise InspectionError(f"{place.name}/{path} states no dimensions: it is damaged.")
    shape = shape[::-1]
    chunk = extents(attributes.get("blockSize"))
    chunk = chunk[::-1] if chunk and len(chunk) == len(shape) else None
    dtype = str(attributes.get("dataType"))[:40]
    stated = attributes.get("compression", attributes.get("compressionType"))
    named = text(stated) or text(mapping(stated).get("type"))
    inner = text(mapping(stated).get("cname"))
    codec = None
    if named is not None:
        codec = () if named == "raw" else (f"{named} ({inner})" if inner else named,)
    counted, ratio, nbytes = place.counted(path), None, item_size(dtype)
    if counted and counted.is_all and nbytes and chunk:
        grid = math.prod(-(-n // c) for n, c in zip(shape, chunk, strict=True))
        document = len(place.read(inside(path, ATTRIBUTES)) or b"")
        if counted.number - 1 == grid and counted.nbytes > document:
            ratio = math.prod(shape) * nbytes / (counted.nbytes - document)
    return Level(
        path=path or ".",
        shape=shape,
        dtype=dtype,
        layout="chunks",
        chunk_shape=chunk,
        codec=codec,
        voxel_size=size or _size(attributes, len(shape)),
        ratio=ratio,
        edges="cut",
    )


def _size(attributes: Attributes, count: int) -> tuple[float, ...] | None:
    """Return the voxel size of ``resolution`` or ``pixelResolution``, which n5-viewer writes.

    The latter is that of the full image: a level's ``downsamplingFactors`` multiply it, as
    ``N5SingleScaleMetadataParser`` of github.com/saalfeldlab/n5-universe does it.
    """
    if stated := attributes.get("resolution"):
        return _numbers(stated, count)
    size = _numbers(attributes.get("pixelResolution"), count)
    factors = _numbers(attributes.get("downsamplingFactors"), count) or (1.0,) * count
    return size and tuple(a * b for a, b in zip(size, factors, strict=True))


def _numbers(stated: object, count: int) -> tuple[float, ...] | None:
    listed = items(stated.get("dimensions") if isinstance(stated, dict) else stated)
    numbers = [value for each in listed if (value := number(each)) is not None]
    return tuple(numbers[::-1]) if len(numbers) == len(listed) == count else None


def _axes(attributes: Attributes, count: int) -> tuple[str, ...]:
    named = [text(each) for each in items(attributes.get("axes"))][::-1]
    if len(named) == count and None not in named:
        return tuple(str(name).upper() for name in named)
    return (UNKNOWN_AXIS,) * count


def _units(attributes: Attributes, count: int) -> tuple[str | None, ...]:
    stated = [text(each) for each in items(attributes.get("units"))][::-1]
    unit = text(mapping(attributes.get("pixelResolution")).get("unit"))
    return tuple(stated) if len(stated) == count else (unit,) * count


def _files(place: Place, datasets: list[Attributes], views: int) -> Files:
    expected = 0
    for attributes in datasets:
        shape, chunk = (extents(attributes.get(name)) for name in ("dimensions", "blockSize"))
        if shape and chunk and len(shape) == len(chunk):
            expected += math.prod(-(-n // c) for n, c in zip(shape, chunk, strict=True))
    counted = place.counted()
    if counted is None:
        return Files(number=None, nbytes=None, expected=expected * views)
    return Files(
        number=counted.number,
        nbytes=counted.nbytes,
        at_least=not counted.is_all,
        expected=expected * views,
    )


@dataclass(frozen=True)
class _View:
    """The first view of BigDataViewer's N5: its names, and how many views there are."""

    setup: int
    timepoint: int
    count: int

    @property
    def folder(self) -> str:
        return f"setup{self.setup}/timepoint{self.timepoint}"


def _first_view(place: Place) -> _View | None:
    """Find the first view that is there; None if the folder is not BigDataViewer's."""
    # A server lists nothing: there the first of all is looked for.
    setups = _numbered(place.names(), "setup")
    for setup in setups[:_MAX_TRIES]:
        timepoints = _numbered(place.names(f"setup{setup}"), "timepoint")
        for timepoint in timepoints[:_MAX_TRIES]:
            view = _View(setup, timepoint, len(setups) * len(timepoints))
            found = _attributes(place, f"{view.folder}/s0")
            if found is not None and extents(found.get("dimensions")):
                return view
    return None


def _numbered(names: list[str] | None, word: str) -> list[int]:
    if names is None:
        return [0]
    found = (re.fullmatch(rf"{word}(\d{{1,9}})", name) for name in names)
    return sorted(int(match[1]) for match in found if match)


def _bdv(place: Place, source: str, view: _View, version: str | None) -> Report:
    own = _attributes(place, f"setup{view.setup}") or {}
    factors = [_row(row) for row in items(own.get("downsamplingFactors"))][:_MAX_LEVELS]
    told = _xml(place, view.setup)
    levels: list[Level] = []
    datasets: list[Attributes] = []
    while len(levels) < _MAX_LEVELS:
        number = len(levels)
        attributes = _attributes(place, f"{view.folder}/s{number}")
        if attributes is None or extents(attributes.get("dimensions")) is None:
            break
        factor = factors[number] if number < len(factors) else None
        name = f"{view.folder}/s{number}"
        levels.append(_level(place, name, attributes, told.size_of(factor)))
        datasets.append(attributes)
    contradictions = list(told.contradictions(levels[0].shape))
    if factors and len(factors) != len(levels):
        contradictions.append(
            f"downsamplingFactors of setup {view.setup} are of {len(factors)} levels, and there "
            f"are {len(levels)}."
        )
    return Report(
        source=source,
        kind="BDV-N5",
        version=version,
        axes=("Z", "Y", "X"),
        units=(told.unit,) * 3,
        levels=tuple(levels),
        files=_files(place, datasets, max(view.count, told.views)),
        image=told.words(view.setup, view.count),
        channel_names=told.channel_names,
        contradictions=tuple(contradictions),
        unread_version=_unread(version),
        notes=told.notes,
    )


def _row(row: object) -> tuple[float, ...] | None:
    numbers = [value for each in items(row) if (value := number(each)) is not None]
    return tuple(numbers[::-1]) if len(numbers) == 3 and min(numbers) > 0 else None


def _xml(place: Place, setup: int) -> Described:
    if isinstance(place, LocalFolder):
        return beside(Path(place.root), setup, loader="bdv.n5")
    if isinstance(place, WebFolder):
        return beside_address(place.url, setup, loader="bdv.n5")
    return Described(notes=("Its XML was not looked for.",))
