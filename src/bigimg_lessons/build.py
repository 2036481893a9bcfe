"""Resolution pyramids: plan the levels, average exactly, build all levels in one pass.

Level 0 is the full image; one voxel of level *k* stands for a box of ``factors`` voxels of level 0.
The parts are in modules of their own: :mod:`bigimg_lessons.pyramids.levels` plans,
:mod:`bigimg_lessons.pyramids.downsampling` shrinks arrays, :mod:`bigimg_lessons.pyramids.blocks`
goes through an image once, and :mod:`bigimg_lessons.pyramids.writing` writes it into a format.

This module stands outside ``pyramids``, since it chooses among the formats, which import from
there: :mod:`bigimg_lessons.formats.ome_zarr`, :mod:`bigimg_lessons.formats.bdv.writer` and
:mod:`bigimg_lessons.formats.n5`, :mod:`bigimg_lessons.formats.ome_tiff` and
:mod:`bigimg_lessons.formats.imaris.writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bigimg_lessons.pyramids.block_plans import MEMORY_LIMIT
from bigimg_lessons.pyramids.downsampling import Downsampling
from bigimg_lessons.saving.object_urls import is_url

if TYPE_CHECKING:
    from distributed import Client
    from zarr.abc.codec import BytesBytesCodec

FileFormat = Literal[
    "ome-zarr-0.4", "ome-zarr-0.5", "ome-zarr-0.6", "ome-tiff", "imaris", "bdv-hdf5", "bdv-n5"
]


def build_pyramid(
    source: Any,
    target: str | Path,
    *,
    file_format: FileFormat | None = None,
    axes: str | None = None,
    voxel_size: Sequence[float | None] | None = None,
    unit: str | None = None,
    time_interval: float | None = None,
    time_unit: str | None = None,
    channel_names: Sequence[str] | None = None,
    chunk_shape: Sequence[int] | None = None,
    shard_shape: Sequence[int] | None = None,
    factors: Sequence[Sequence[int]] | None = None,
    max_levels: int | None = None,
    downsampling: Downsampling = "mean",
    codec: BytesBytesCodec | Literal["default", "zstd", "deflate"] | None = "default",
    memory_limit: int = MEMORY_LIMIT,
    overwrite: bool = False,
    progress: bool = True,
    client: Client | None = None,
    storage_options: Mapping[str, Any] | None = None,
    resume: bool = False,
) -> Path | str:
    """Write an image with its resolution pyramid, in one pass over the image.

    The image is read once, block by block, and all levels are written on the way to a staging
    directory: a hidden folder beside the target, ``.<name>-<random>.part``. When all is complete,
    what is at the target is moved into the staging directory, and the new pyramid takes its place;
    Ctrl-C and signals wait for that. So an error, an interrupt or a full disk leaves the old
    pyramid, whole, or the new one, and nothing else; an error says which.

    If the process is killed (SIGKILL, which no program can hold up), the staging directory stays.
    At the target then stands the old or the new pyramid, whole; or, if that happened in the
    milliseconds in which they change places, nothing that opens (of BDV-HDF5 and BDV-N5 perhaps the
    voxels without their XML), and the old one lies in the staging directory, in ``old``. The next
    image written into the same folder, under whatever name, puts it back, and removes what the
    killed process left. Loss of power may cost what the system had not yet brought to the disk.

    **Into an object store.** The target may be a URL, ``s3://bucket/name.ome.zarr``, for OME-Zarr
    of any version; this needs ``obstore``, of the extra ``remote``. Tests run it against S3-like
    servers; ``gs://`` (Google) and ``az://`` (Azure) go the same way, and no test has tried them.
    Keys are taken from the environment only. That the store can be reached, the bucket exists and
    the key is accepted is known within ten seconds, before the image is read. Objects are
    sent as they are encoded, and requests that fail in passing are repeated. Object stores rename
    nothing, so nothing is written aside: the metadata of the levels, and then of the image, go
    last, when the store lists every object as it stated it when it took it. Until then nothing
    opens. An error, an interrupt or a kill leaves the objects that are complete, and beside them,
    in ``.bigimg-journal/``, small objects that tell which they are; the same call with
    ``resume=True`` goes on with them. A large object travels in parts, and a killed process may
    leave parts that no listing shows: have the bucket's lifecycle rule remove them. ``overwrite``
    removes the old image first, its metadata before all else: an early end then leaves nothing
    that opens, and the old image is lost. A Zarr or dask array that is read from there is refused;
    any other source must not be read from there either.

    Parameters
    ----------
    source
        Dask array, zarr array, HDF5 dataset, ``numpy.memmap``, numpy array, or anything else that
        has ``shape``, ``dtype`` and reads when it is sliced; or a ``bioio.BioImage``, whose voxel
        size, time interval, units (see :mod:`bigimg_lessons.pyramids.bioimage_calibration`) and
        channel names are then taken unless given. Integers of 8, 16 or 32 bits, or floats; other
        integers if nothing is to be averaged. A BigDataViewer image also brings the place of its
        views: BDV-HDF5 and BDV-N5 keep it whole, see
        :func:`bigimg_lessons.formats.bdv.writer.write_bdv`, and OME-Zarr a translation that all
        views share. Stage positions of an OME-TIFF and the translation of an OME-Zarr are not kept,
        as bioio does not give them. A dask array is computed by the scheduler that is set, in
        threads, processes or a cluster. Arrays of NumPy, dask, Zarr and HDF5 are read by several
        threads at once, others by one at a time.
    target
        Folder or file to create: for OME-Zarr a folder, by custom ending in ``.ome.zarr``; for
        OME-TIFF a file ending in ``.ome.tif`` or ``.ome.tiff``; for Imaris one ending in ``.ims``;
        for BDV-HDF5 an XML file ending in ``.xml``, with an HDF5 file beside it; for BDV-N5 a
        folder ending in ``.n5``, with an XML file beside it, or that XML file. Or a URL of an
        object store, see above.
    file_format
        ``ome-zarr-0.4`` (Zarr v2), ``ome-zarr-0.5`` (Zarr v3), ``ome-zarr-0.6`` (Zarr v3, with
        named coordinate systems), ``ome-tiff``, ``imaris``, which takes uint8, uint16, uint32 and
        float32 (see :func:`bigimg_lessons.formats.imaris.writer.write_imaris`), ``bdv-hdf5`` or
        ``bdv-n5``. By default the target's ending decides: ``.zarr`` means ``ome-zarr-0.5``,
        ``.ome.tif`` and ``.ome.tiff`` mean ``ome-tiff``, ``.ims`` ``imaris``, ``.xml``
        ``bdv-hdf5``, and ``.n5`` ``bdv-n5``. Few programs know OME-Zarr 0.6 yet: bioio-ome-zarr
        3.8.1 opens it with its levels, but finds no voxel size.
    axes
        The array's axes, such as "ZYX", "CYX" or "YXC", a letter of TCZYX for each in its own
        order; S stands for samples, the colours of an image, which become channels. By default
        what the source itself calls them, as xarray, Zarr, HDF5 and TensorStore may, else the
        last of TCZYX. They are written in the order of these.
    voxel_size
        Size of a voxel in z, y, x order (y, x for an image without Z; BDV-HDF5, BDV-N5 and Imaris
        always have all three, here and in the other parameters), and None where it is not known.
        An axis whose size is not known has no unit in OME-Zarr and the scale 1, as there must be
        one, and its levels are planned as if its voxels were as short as the shortest. BDV-HDF5 and
        BDV-N5 then say that voxels are one pixel each way, Imaris one without a unit, which its
        readers take for micrometres, and OME-TIFF leaves out what is not known.
    unit
        Unit of the voxel size, such as "µm", "nm" or "inch" (see
        :func:`bigimg_lessons.units.length`). None is assumed: without it none is written. "pixel"
        says that there is none. Without `voxel_size` it is the unit in which the source's own size
        is expressed, or if that has none along any axis, its unit.
    time_interval, time_unit
        The time from one time point to the next, and its unit, such as "s", "ms" or "min" (see
        :func:`bigimg_lessons.units.duration`), in the same way. BDV-HDF5 and BDV-N5 have no place
        for them; Imaris has the time of each time point, counted here from 1970.
    channel_names
        One for each channel.
    chunk_shape
        Voxels per chunk in z, y, x order; time points and channels are always chunks of their
        own. By default 128 cubed, or 1024 squared for an image without Z in OME-Zarr; for BDV-HDF5
        and Imaris 64 cubed. A level that is smaller than that has smaller chunks. Those of an
        OME-TIFF are tiles, which lie in one plane and are of one size: by default (1, 256, 256),
        else 1 along z, and multiples of 16.
    shard_shape
        Voxels per shard, a file of many chunks, in multiples of `chunk_shape`; OME-Zarr 0.5 and
        0.6 only.
    factors, max_levels
        As for :func:`plan_levels`, which chooses the levels unless factors are given. The levels of
        an OME-TIFF have as many planes as the image: factors are 1 along z. From one level of
        Imaris to the next an axis is halved or kept.
    downsampling
        ``mean``, exact over level 0 at every level, in which a box with a NaN becomes NaN;
        ``nanmean``, the same over those voxels that are numbers; ``mode`` for labels; or
        ``stride``. With ``mode`` OME-Zarr of whole numbers is marked as an image of labels
        (``image-label``), and has neither channel names nor a window of grey values. To be shown
        over an image it must lie in the folder ``labels`` of that, and be named in the list
        ``labels`` there.
    codec
        A codec of ``zarr.codecs`` for OME-Zarr (for 0.4 ``BloscCodec``, ``GzipCodec`` or
        ``ZstdCodec``); by default :func:`bigimg_lessons.formats.ome_zarr.default_codec`. If None,
        chunks are stored as they are. BDV-HDF5, BDV-N5 and Imaris are compressed by gzip. OME-TIFF
        takes ``zstd``, which is its default, or ``deflate``, which more programs read, see
        :func:`bigimg_lessons.formats.ome_tiff.write_ome_tiff`.
    memory_limit
        Bytes by which the process may grow: for the blocks that are held at a time with their sums,
        for reading them, and for encoding, see :mod:`bigimg_lessons.pyramids.block_plans`. Not
        counted are the source itself where it lies in memory, what its own steps take (a dask graph
        that does more than read), pages of mapped files, and libraries, which the first call loads.
        On a machine of many cores fewer of them work at once where the limit allows no more. If the
        source's chunks are so large that whole ones need more, as planes of a TIFF may, blocks are
        smaller, and some chunks of the source are read several times, of which a warning tells. A
        limit into which not even one chunk, or shard, fits with its sums is refused; the error
        states the minimum.
    overwrite
        Replace a pyramid of the same format. It stays as it is until the new one is complete. An
        OME-Zarr or N5 folder that holds more than its pyramid (labels, tables, notes) is not
        replaced, nor is an OME-TIFF of several images or files, or with regions of interest, nor an
        Imaris file with surfaces, spots or other results.
    progress
        Show a bar of the voxels written, of all levels.
    client
        A ``distributed.Client``, whose workers then read and write; OME-Zarr only. They give the
        same voxels at all levels. All must see the image under the same path: a zarr array, a
        ``numpy.memmap`` or HDF5 dataset of a file that is open for reading, a BioImage, or a dask
        array that reads from files. A NumPy array is refused, and so is whatever takes more than
        16 MiB to be sent. So must they the target's folder; into an object store they write
        straight, each with the keys of its own environment. `memory_limit` is that of each worker.
        A worker that is lost costs its unfinished blocks; after an error or Ctrl-C all tasks are
        cancelled. With `resume` only tasks that have ended count as complete. See
        :mod:`bigimg_lessons.pyramids.cluster`.
    storage_options
        How an object store is reached: ``endpoint`` (address of a server that speaks S3),
        ``region``, ``path_style``, ``allow_http``, ``timeout`` and ``connect_timeout`` in seconds,
        ``max_retries``, ``retry_timeout`` in seconds; see
        :class:`bigimg_lessons.saving.object_urls.StoreOptions`. No keys: those stand in the
        environment, for S3 in ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``.
    resume
        Go on with what an earlier call has left in an object store, or begin if there is nothing.
        Chunks and shards are kept if the store lists them with the size and the ETag that it gave
        then. A part of the image is read again only if it, or a coarser part that is made from it,
        is missing. As a rule the coarsest is, and then all of the image is read again; but only
        what is missing is encoded and sent. Refused unless shape, dtype and all that decides how
        the image is stored are the same, and so are the voxels at a few places that were written,
        those with the most bytes; a source that differs elsewhere only is not noticed. Nothing
        else may write there meanwhile.

    Returns
    -------
    Path or str
        The target, absolute; of a URL that.

    Raises
    ------
    FileExistsError
        If the target exists, and `overwrite` is not set or it is not such a pyramid and that
        alone; or if it is a link.
    FileNotFoundError
        If the target's folder, or bucket, does not exist.
    PermissionError
        If an object store does not accept the key, or a worker of the `client` has none.
    TypeError
        If the source is no array, or its dtype cannot be stored or downsampled so, or it gives
        voxels of another; or if it cannot be sent to the workers of a `client`, or that is none.
    ConnectionError
        If an object store cannot be reached, or the scheduler of the `client` does not answer, or
        its workers are gone.
    ValueError
        If an option does not fit the image, the format or another option, if it is not known
        what the source's own names of axes mean, or it gives other shapes than it declares.
    OSError
        If the target cannot be written, as when the disk is full. If what was there could not be
        put back, the error says where it lies.

    Warns
    -----
    UserWarning
        If the voxel size, the time interval or a unit is not known and is therefore not written,
        if chunks of the source have to be read several times, or if something that a BigDataViewer
        image tells has no place in the target.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> stack = np.zeros((20, 300, 300), "uint8")
    >>> path = build_pyramid(
    ...     stack,
    ...     Path(mkdtemp(), "stack.ome.zarr"),
    ...     voxel_size=(40, 10, 10),
    ...     unit="nm",
    ...     progress=False,
    ... )
    >>> sorted(level.name for level in path.iterdir() if level.is_dir())
    ['0', '1', '2']
    """
    chosen = _format_of(target, file_format)
    at_url = is_url(target)
    options: dict[str, Any] = {
        "axes": axes,
        "voxel_size": voxel_size,
        "unit": unit,
        "time_interval": time_interval,
        "time_unit": time_unit,
        "channel_names": channel_names,
        "chunk_shape": chunk_shape,
        "shard_shape": shard_shape,
        "factors": factors,
        "max_levels": max_levels,
        "downsampling": downsampling,
        "codec": codec,
        "memory_limit": memory_limit,
        "overwrite": overwrite,
        "progress": progress,
        "client": client,
    }
    fitting = chosen.fitting(options)
    if at_url:
        write = chosen.checked_for_url(resume=resume, overwrite=overwrite)
        return write(target, source, storage_options=storage_options, resume=resume, **fitting)
    _refuse_for_path(storage_options, resume)
    return chosen.write(target, source, **fitting)


def _refuse_for_path(storage_options: Mapping[str, Any] | None, resume: bool) -> None:
    """Raise ValueError if what belongs to a URL is set for a path."""
    if storage_options is not None:
        raise ValueError(
            "storage_options are given, but the target is a path on this computer: leave them out, "
            "or give a URL such as 's3://bucket/name.ome.zarr'."
        )
    if resume:
        raise ValueError(
            "resume is True, but the target is a path on this computer, where an image that is "
            "not completed leaves nothing: leave it out."
        )


@dataclass(frozen=True, kw_only=True)
class _Format:
    """A format, as :func:`build_pyramid` finds and calls it.

    Parameters
    ----------
    write
        Writes an image to a path, with all options that are not refused. It imports the format
        when it is called.
    endings
        Those of the targets that mean this format unless another is asked for.
    no_shards, no_time, no_codec, no_client
        Why it has no place for `shard_shape`, for `time_interval` and `time_unit`, for a `codec`
        other than its own, and for a `client`; None if it has.
    codec_names
        Codecs that it takes by name.
    write_to_url
        The same as `write` for a URL of an object store; None if it cannot be written to one.
    """

    write: Callable[..., Path]
    endings: tuple[str, ...] = ()
    no_shards: str | None = None
    no_time: str | None = None
    no_codec: str | None = None
    no_client: str | None = None
    codec_names: tuple[str, ...] = ()
    write_to_url: Callable[..., str] | None = None

    def checked_for_url(self, *, resume: bool, overwrite: bool) -> Callable[..., str]:
        """Return what writes to a URL; raise ValueError if this format or these options cannot."""
        if self.write_to_url is None:
            raise ValueError(
                "The target is a URL, but only OME-Zarr is written into object stores: end it in "
                "'.ome.zarr', or give a path."
            )
        if resume and overwrite:
            raise ValueError(
                "resume and overwrite are both True: give resume to go on with what is there, or "
                "overwrite to begin anew."
            )
        return self.write_to_url

    def fitting(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options without those that have no place; raise ValueError if one is set."""
        fitting = dict(options)
        if self.no_shards and fitting.pop("shard_shape") is not None:
            raise ValueError(f"shard_shape is given, but {self.no_shards}: leave it out.")
        if self.no_time:
            step = fitting.pop("time_interval"), fitting.pop("time_unit")
            if step != (None, None):
                raise ValueError(
                    f"time_interval is {step[0]!r} and time_unit is {step[1]!r}, but "
                    f"{self.no_time}: leave them out."
                )
        if self.no_codec and fitting["codec"] not in ("default", None):
            raise ValueError(
                f"codec is {fitting['codec']!r}, but {self.no_codec}: leave codec out, or give "
                "None not to compress."
            )
        if self.no_client and fitting.pop("client") is not None:
            raise ValueError(
                f"client is given, but {self.no_client}: leave it out, or write OME-Zarr."
            )
        if isinstance(codec := fitting["codec"], str):
            known = [repr(name) for name in ("default", *self.codec_names)]
            if repr(codec) not in known:
                known += [] if self.codec_names else ["a codec of zarr.codecs, as ZstdCodec()"]
                raise ValueError(
                    f"codec is {codec!r}: give {' or '.join(known)}, or None not to compress."
                )
        return fitting


def _write_ome_zarr(target: str | Path, source: Any, **options: Any) -> Path:
    from bigimg_lessons.formats.ome_zarr import write_ome_zarr

    return write_ome_zarr(target, source, **options)


def _write_object_zarr(url: str, source: Any, **options: Any) -> str:
    from bigimg_lessons.formats.object_zarr import write_object_zarr

    return write_object_zarr(url, source, **options)


def _write_bdv_hdf5(target: str | Path, source: Any, **options: Any) -> Path:
    from bigimg_lessons.formats.bdv.writer import write_bdv

    return write_bdv(target, source, **_gzipped(options))


def _write_bdv_n5(target: str | Path, source: Any, **options: Any) -> Path:
    from bigimg_lessons.formats.n5 import write_bdv_n5

    return write_bdv_n5(target, source, **_gzipped(options))


def _write_imaris(target: str | Path, source: Any, **options: Any) -> Path:
    from bigimg_lessons.formats.imaris.writer import write_imaris

    return write_imaris(target, source, **_gzipped(options))


def _gzipped(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a format that knows gzip and nothing else."""
    from bigimg_lessons.formats.deflate import GZIP_LEVEL

    others = {name: value for name, value in options.items() if name != "codec"}
    return {**others, "gzip_level": None if options["codec"] is None else GZIP_LEVEL}


def _write_ome_tiff(target: str | Path, source: Any, *, codec: Any, **options: Any) -> Path:
    from bigimg_lessons.formats.ome_tiff import write_ome_tiff

    return write_ome_tiff(target, source, codec="zstd" if codec == "default" else codec, **options)


def _ome_zarr(version: str, *endings: str) -> _Format:
    return _Format(
        write=partial(_write_ome_zarr, version=version),
        endings=endings,
        write_to_url=partial(_write_object_zarr, version=version),
    )


# A new format needs its name in `FileFormat`, an entry here, and a line in the docstring above.
_FORMATS: dict[FileFormat, _Format] = {
    "ome-zarr-0.4": _ome_zarr("0.4"),
    "ome-zarr-0.5": _ome_zarr("0.5", ".zarr"),
    "ome-zarr-0.6": _ome_zarr("0.6"),
    "bdv-hdf5": _Format(
        write=_write_bdv_hdf5,
        endings=(".xml",),
        no_shards="HDF5 has no shards",
        no_time="BDV-HDF5 has no place for them",
        no_codec="BDV-HDF5 is compressed by gzip",
        no_client="an HDF5 file must be written by one process",
    ),
    "bdv-n5": _Format(
        write=_write_bdv_n5,
        endings=(".n5",),
        no_shards="N5 has no shards",
        no_time="BDV-N5 has no place for them",
        no_codec="BDV-N5 is compressed by gzip",
        no_client="BDV-N5 is written here by one process",
    ),
    "ome-tiff": _Format(
        write=_write_ome_tiff,
        endings=(".ome.tif", ".ome.tiff"),
        no_shards="OME-TIFF has no shards",
        no_client="a TIFF file must be written by one process",
        codec_names=("zstd", "deflate"),
    ),
    "imaris": _Format(
        write=_write_imaris,
        endings=(".ims",),
        no_shards="HDF5 has no shards",
        no_codec="Imaris is compressed by gzip",
        no_client="an Imaris file, which is HDF5, must be written by one process",
    ),
}


def _format_of(target: str | Path, file_format: FileFormat | None) -> _Format:
    """Return the format asked for, or the one that the target's ending means."""
    names = ", ".join(map(repr, _FORMATS))
    if file_format is None:
        name = Path(target).name.lower()  # also of a URL
        by_ending = {ending: each for each in _FORMATS.values() for ending in each.endings}
        for ending, chosen in by_ending.items():
            if name.endswith(ending) and name != ending:
                return chosen
        endings = " nor in ".join(map(repr, by_ending))
        raise ValueError(
            f"The target {str(target)!r} ends neither in {endings}: end it so, or give "
            f"file_format, one of {names}."
        )
    if file_format not in list(_FORMATS):  # it may be anything, even what cannot be a key
        raise ValueError(f"file_format is {file_format!r}: choose one of {names}.")
    return _FORMATS[file_format]
