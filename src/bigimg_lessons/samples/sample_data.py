"""The sample volume: synthetic tissue of any size, written as a TIFF stack, and where data lies."""

import json
import logging
import math
import operator
import os
import warnings
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import numpy as np
import platformdirs
import tifffile
from numpy.typing import NDArray
from tqdm import tqdm

from bigimg_lessons.samples.tissue import BRICK, GENERATOR, Tissue
from bigimg_lessons.saving.kept_files import room_for, sha256, sole_maker
from bigimg_lessons.saving.staging import Staging, recover

DEFAULT_SHAPE = (256, 1024, 1024)
"""zyx; exactly 256 MiB of uint8 pixels."""

VOXEL_SIZE = (0.1, 0.04, 0.04)
"""zyx, µm: deeper than wide, as in most volume electron microscopy."""

REAL_TIFFS: Mapping[str, str] = MappingProxyType(
    {"platy": "xyz_uint8__em_platy.tif", "platy-raw": "xyz_uint8__em_platy_raw_s4.tif"}
)
"""File names of the real image stacks that a lesson can open instead, by dataset name."""

# Grey values of `Tissue` are for 8 bits. A 16-bit detector has a finer and wider range.
GREY_LEVELS = {"uint8": 1, "uint16": 200}
THINNEST, THICKEST = 0.01, 0.12  # µm: voxels between which cells of 6 µm can be painted
LARGEST_CLASSIC_TIFF = 2**32 - 2**25  # bytes of pixels; a margin of 32 MiB is left for the tags
PIECE = (BRICK[0], BRICK[1], 16 * BRICK[2])  # voxels painted and written at once, zyx
Piece = tuple[slice, slice, slice]


def _is_integer(value: object) -> bool:
    """Tell whether a value is a whole number; True and False are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _checked_shape(shape: Any) -> tuple[int, int, int]:
    """Return a shape as three ints."""
    sizes = tuple(shape) if isinstance(shape, tuple | list) else ()
    if len(sizes) != 3 or not all(_is_integer(size) and size > 0 for size in sizes):
        raise ValueError(
            f"The shape is {shape!r}: give three positive whole numbers, the voxels along z, y "
            f"and x, such as {DEFAULT_SHAPE}."
        )
    z, y, x = map(int, sizes)
    return z, y, x


def _checked_voxel_size(voxel_size: Any) -> tuple[float, float, float]:
    """Return a voxel size as three floats."""
    sizes = tuple(voxel_size) if isinstance(voxel_size, tuple | list) else ()
    if len(sizes) != 3 or not all(
        (_is_integer(size) or isinstance(size, float | np.floating))
        and math.isfinite(size)
        and THINNEST <= size <= THICKEST
        for size in sizes
    ):
        raise ValueError(
            f"The voxel size is {voxel_size!r}: give three numbers of micrometres along z, y and "
            f"x, each from {THINNEST} to {THICKEST}, such as {VOXEL_SIZE}."
        )
    z, y, x = map(float, sizes)
    return z, y, x


def _bounds(axis: str, part: object, size: int) -> tuple[int, int]:
    """Return where a slice along an axis of `size` voxels starts and stops."""
    if not isinstance(part, slice):
        raise TypeError(f"Along {axis} {part!r} was given: give a slice, such as slice(0, {size}).")
    if part.step not in (None, 1):
        raise ValueError(f"The slice along {axis} is {part}: give one without a step.")
    start = 0 if part.start is None else operator.index(part.start)
    stop = size if part.stop is None else operator.index(part.stop)
    start, stop = (bound + size if bound < 0 else bound for bound in (start, stop))
    if not 0 <= start <= stop <= size:
        raise IndexError(
            f"The slice along {axis} is {part}: give one from 0 to {size}, which is the volume's "
            "size there."
        )
    return start, stop


@dataclass(frozen=True)
class SampleVolume:
    """A synthetic volume of tissue; it describes the pixels and holds none.

    A larger shape shows more tissue at the same scale.

    Parameters
    ----------
    shape
        zyx, voxels.
    dtype
        "uint8", or "uint16" for the same picture in finer grey values.
    voxel_size
        zyx, µm, each from 0.01 to 0.12: cells are about 6 µm wide.
    seed
        Chooses the tissue; from 0 to 2**32 - 1.

    Raises
    ------
    ValueError
        If a parameter is not as described.

    Examples
    --------
    >>> SampleVolume().block(slice(100, 101), slice(500, 503), slice(500, 504)).shape
    (1, 3, 4)
    """

    shape: tuple[int, int, int] = DEFAULT_SHAPE
    dtype: str = "uint8"
    voxel_size: tuple[float, float, float] = VOXEL_SIZE
    seed: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked_shape(self.shape))
        if not isinstance(self.dtype, str) or self.dtype not in GREY_LEVELS:
            raise ValueError(f"The dtype is {self.dtype!r}: choose 'uint8' or 'uint16'.")
        object.__setattr__(self, "voxel_size", _checked_voxel_size(self.voxel_size))
        if not _is_integer(self.seed) or not 0 <= self.seed < 2**32:
            raise ValueError(
                f"The seed is {self.seed!r}: give a whole number from 0 to {2**32 - 1}."
            )
        object.__setattr__(self, "seed", int(self.seed))

    @property
    def nbytes(self) -> int:
        """Size of the pixels in bytes."""
        z, y, x = self.shape
        return z * y * x * np.dtype(self.dtype).itemsize

    @property
    def extent(self) -> tuple[float, float, float]:
        """Size of the volume, zyx, µm."""
        z, y, x = (n * v for n, v in zip(self.shape, self.voxel_size, strict=True))
        return z, y, x

    @property
    def file_name(self) -> str:
        """Name of the file that `sample_tiff` makes, which tells what is in it."""
        name = f"synthetic_tissue_{self.dtype}_{'x'.join(map(str, self.shape))}"
        if self.voxel_size != VOXEL_SIZE:
            name += f"_{'x'.join(map(str, self.voxel_size))}um"
        return f"{name}_seed{self.seed}.tif"

    def block(self, z: slice, y: slice, x: slice) -> NDArray[Any]:
        """Compute a block of the volume.

        Parameters
        ----------
        z, y, x
            Slices without a step. As for a list, a bound may be left out or count from the end;
            other than for a list, it must lie within the volume.

        Returns
        -------
        ndarray
            The same values as that region of the whole volume, of the volume's dtype.

        Raises
        ------
        IndexError
            If a slice reaches beyond the volume.
        ValueError
            If a slice has a step.
        TypeError
            If one of them is not a slice.

        Notes
        -----
        Whole bricks of `tissue.BRICK` voxels are computed, so that one plane costs as much as 32.
        """
        bounds = [
            _bounds(axis, part, size)
            for axis, part, size in zip("zyx", (z, y, x), self.shape, strict=True)
        ]
        tissue = Tissue(self.extent, self.voxel_size, self.seed)
        block = np.empty([stop - start for start, stop in bounds], self.dtype)
        bricks = [
            range(start // n, -(-stop // n)) for (start, stop), n in zip(bounds, BRICK, strict=True)
        ]
        for k, j, i in product(*bricks) if block.size else ():
            grey = tissue.brick((k, j, i))
            source, target = [], []
            for first, n, (start, stop) in zip((k, j, i), BRICK, bounds, strict=True):
                source.append(slice(max(start - first * n, 0), min(stop - first * n, n)))
                target.append(slice(max(first * n - start, 0), min((first + 1) * n, stop) - start))
            grey = grey[tuple(source)]
            grey *= GREY_LEVELS[self.dtype]
            grey += 0.5
            np.clip(grey, 0, np.iinfo(self.dtype).max, out=grey)
            block[tuple(target)] = grey
        return block


def data_folder() -> Path:
    """Tell where the lessons keep data: ``$BIGIMG_DATA``, or a folder in the user's cache.

    Returns
    -------
    Path
        An absolute path. The folder need not exist.
    """
    chosen = os.environ.get("BIGIMG_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_cache_dir("bigimg-lessons", appauthor=False))


def lesson_tiff(dataset: str | None = None) -> Path:
    """Find the image stack that a lesson opens.

    Parameters
    ----------
    dataset
        "sample" for the synthetic volume, which is made if it is not there; a name in `REAL_TIFFS`
        for a real one; or the path of a TIFF file. By default ``$BIGIMG_DATASET``, or "sample".

    Returns
    -------
    Path
        An existing TIFF file.

    Raises
    ------
    FileNotFoundError
        If that file is not there.
    ValueError
        If the name is unknown, or the file is no TIFF or not whole.
    OSError
        As for `sample_tiff`.
    """
    name = dataset or os.environ.get("BIGIMG_DATASET") or "sample"
    if name == "sample":
        return sample_tiff()
    if name in REAL_TIFFS:
        path = data_folder() / REAL_TIFFS[name]
        if not path.is_file():
            raise FileNotFoundError(
                f"The dataset {name!r} is not in {path.parent}: fetch it with "
                f"'uv run python -m data_fetch --real {name}', or use the dataset 'sample'."
            )
        return _whole_tiff(path)
    path = Path(name).expanduser().absolute()
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise ValueError(
            f"The dataset is {name!r}: choose {', '.join(map(repr, ('sample', *REAL_TIFFS)))}, or "
            "give the path of a .tif file."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: give the path of an existing TIFF file.")
    return _whole_tiff(path)


def identity(path: Path) -> tuple[str, str]:
    """Tell which image a file holds, without reading it: for recipes of what is made from it.

    Parameters
    ----------
    path
        As `lesson_tiff` returns it.

    Returns
    -------
    tuple of str
        Of the sample: its name, and the SHA-256 in its note. Of any other file: its path, and its
        size with the time of its last change, since to read a large one would take too long.
    """
    try:
        note = json.loads(_note_path(path).read_text(encoding="utf-8"))
        if note["generator"] == GENERATOR:
            return path.name, str(note["sha256"])
    except (OSError, ValueError, TypeError, KeyError):
        pass  # no note of ours: it is another image
    known = path.stat()
    return str(path.resolve()), f"{known.st_size} bytes, changed at {known.st_mtime_ns} ns"


class _Complaints(logging.Handler):
    """Notes whether tifffile, which logs what it finds wrong and reads on, logged an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:
        """Note that there was one."""
        self.seen = True


def _whole_tiff(path: Path) -> Path:
    """Return the path of a stack; refuse one that is no TIFF or that ends too early."""
    complaints = _Complaints()
    logger = logging.getLogger("tifffile")
    logger.addHandler(complaints)
    try:
        with tifffile.TiffFile(path) as tiff:
            series, pages = tiff.series[0], tiff.pages
            if series.dataoffset is not None:  # pixels in one run; perhaps only one page is listed
                planes = series.size // math.prod(pages[0].shape)
                whole = len(pages) in (1, planes)
                end = series.dataoffset + series.nbytes
            else:
                whole = True
                end = max(
                    offset + count
                    for page in pages
                    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
                )
    except OSError:
        raise
    except Exception as error:  # parsing what is no TIFF may raise anything
        raise ValueError(
            f"{path} cannot be read as a TIFF file: give another one, or copy it again."
        ) from error
    finally:
        logger.removeHandler(complaints)
    size = path.stat().st_size
    if complaints.seen or not whole or end > size:
        raise ValueError(
            f"{path} is not whole: it has {size} bytes, and what it lists does not fit into them; "
            "copy or download it again."
        )
    return path


def sample_tiff(
    volume: SampleVolume = SampleVolume(),
    *,
    folder: Path | None = None,
    progress: bool = True,
    rows_per_strip: int = 64,
) -> Path:
    """Make the TIFF stack of a sample volume, unless it is there already.

    The file is an uncompressed TIFF with one page per plane, whose ImageJ metadata hold the voxel
    size; beyond 4 GiB it is a BigTIFF with the same metadata. A note beside it, with the ending
    ``.json``, holds its size and SHA-256, by which it is recognised and checked on reuse.

    Memory stays below 200 MiB whatever the size of the volume.

    Parameters
    ----------
    volume
        What to write.
    folder
        Where; by default `data_folder`. It is created.
    progress
        Whether to show a bar on standard error while the file is made.
    rows_per_strip
        Rows of pixels in each strip of the TIFF.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If `rows_per_strip` is not a positive whole number.
    OSError
        If the folder cannot be written, or its disk has too little free space.

    Warns
    -----
    UserWarning
        If the file is there but is made again, since it differs from its note.
    """
    if not _is_integer(rows_per_strip) or rows_per_strip < 1:
        raise ValueError(
            f"The rows per strip are {rows_per_strip!r}: give a positive whole number, such as 64."
        )
    folder = data_folder() if folder is None else Path(folder).expanduser().absolute()
    path = folder / volume.file_name
    if rows_per_strip != 64:
        path = path.with_name(f"{path.stem}_strips{rows_per_strip}.tif")
    if path.is_file() and _fault(path) is None:
        return path
    recover(folder)  # first: what a killed process left takes space
    room = room_for("The sample", folder, _bytes_needed(volume))
    with room as look_for_room, sole_maker(path):
        if path.is_file():
            fault = _fault(path)
            if fault is None:  # another process has made it meanwhile
                return path
            warnings.warn(f"{path} is made again, since {fault}.", stacklevel=2)
        look_for_room()
        _make(volume, path, progress=progress, rows_per_strip=rows_per_strip)
    return path


# --- writing ------------------------------------------------------------------------------------


def _note_path(path: Path) -> Path:
    """Where the note on a file lies."""
    return path.with_name(f"{path.name}.json")


def _fault(path: Path) -> str | None:
    """Say in which way a file is not as its note tells, if in any."""
    try:
        note = json.loads(_note_path(path).read_text(encoding="utf-8"))
        generator, size, digest = note["generator"], note["bytes"], note["sha256"]
    except (OSError, ValueError, TypeError, KeyError):
        return "its note is missing or damaged"
    if generator != GENERATOR:
        return "another version of the generator made it"
    if size != path.stat().st_size:
        return f"its size is not the {size} bytes that were written"
    if digest != sha256(path):
        return "its content is not what was written"
    return None


def _bytes_needed(volume: SampleVolume) -> int:
    """Size of a volume's file at most, with one row in each strip."""
    planes, rows, _ = volume.shape
    return volume.nbytes + planes * (1024 + 16 * rows)


def _make(volume: SampleVolume, path: Path, *, progress: bool, rows_per_strip: int) -> None:
    """Write a volume and its note aside, and move both into place when they are complete."""
    with Staging(_note_path(path), path) as staging:
        aside = staging.new(path)
        offset = _write_tags(volume, aside, rows_per_strip)
        with aside.open("r+b") as file:
            _write_pixels(volume, file, offset, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        note = {
            "generator": GENERATOR,
            "bytes": aside.stat().st_size,
            "sha256": sha256(aside),
            "shape": volume.shape,
            "dtype": volume.dtype,
            "voxel_size": volume.voxel_size,
            "seed": volume.seed,
        }
        text = json.dumps(note, indent=1) + "\n"
        staging.new(_note_path(path)).write_text(text, encoding="utf-8")
        staging.swap()


def _is_big(volume: SampleVolume) -> bool:
    """Tell whether a volume needs a BigTIFF."""
    return volume.nbytes > LARGEST_CLASSIC_TIFF


def _write_tags(volume: SampleVolume, path: Path, rows_per_strip: int) -> int:
    """Write a TIFF stack with room for the pixels; return at which byte they start."""
    z, y, x = volume.voxel_size
    with warnings.catch_warnings():
        # ImageJ itself reads no BigTIFF, but Bio-Formats, bioio and tifffile find its metadata.
        warnings.filterwarnings("ignore", "(?s).*nonconformant BigTIFF ImageJ")
        placed = tifffile.imwrite(
            path,
            shape=volume.shape,
            dtype=volume.dtype,
            byteorder="<",
            bigtiff=_is_big(volume),
            imagej=True,
            rowsperstrip=min(rows_per_strip, volume.shape[1]),
            resolution=(1 / x, 1 / y),
            metadata={"axes": "ZYX", "spacing": z, "unit": "um"},
            returnoffset=True,
        )
    offset, _ = cast(tuple[int, int], placed)
    return offset


def _write_pixels(volume: SampleVolume, file: BinaryIO, offset: int, *, progress: bool) -> None:
    """Compute a volume and write it into a file, from the byte `offset` on.

    One thread does it: the many NumPy calls on small arrays hinder each other in several.
    """
    _, rows, columns = volume.shape
    dtype = np.dtype(volume.dtype).newbyteorder("<")
    bar = tqdm(
        total=volume.nbytes,
        desc="Making the sample volume",
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        disable=not progress,
    )
    with bar:
        for z, y, x in _pieces(volume.shape):
            block = volume.block(z, y, x).astype(dtype, copy=False)
            for k, plane in enumerate(block, start=z.start):
                # What lies together in the file: all rows of a piece as wide as the volume.
                runs = plane if block.shape[2] < columns else [plane]
                for j, run in enumerate(runs, start=y.start):
                    file.seek(offset + ((k * rows + j) * columns + x.start) * dtype.itemsize)
                    file.write(run)
            bar.update(block.nbytes)


def _pieces(shape: tuple[int, int, int]) -> Generator[Piece]:
    """Cut a shape into pieces of whole bricks, in the order of the file."""
    starts = (range(0, size, step) for size, step in zip(shape, PIECE, strict=True))
    for start in product(*starts):
        z, y, x = (
            slice(a, min(a + n, size)) for a, n, size in zip(start, PIECE, shape, strict=True)
        )
        yield z, y, x
