"""Which files of a BigDataViewer dataset are opened: partitions, paths, XML found for HDF5."""

import gc
import io
import itertools
import shutil
import time
from pathlib import Path

import fsspec
import h5py
import numpy as np
import pytest
from bioio import BioImage
from fsspec.implementations.local import LocalFileSystem

from bigimg_lessons.formats.bdv.opening import WholeReads
from bigimg_lessons.formats.bdv.reader import Reader
from bigimg_lessons.measure.serving import FolderServer
from tests.bdv_files import pixels, write_dataset, write_h5, xml

pytestmark = pytest.mark.usefixtures("no_handle_stays_open")


@pytest.fixture
def split(tmp_path):
    """Two setups in two partitions."""
    views = {s: [pixels((4, 8, 8), seed=s), pixels((2, 4, 4), seed=s)] for s in (0, 1)}
    for s in (0, 1):
        write_h5(tmp_path / f"data-00-0{s}.h5", {(0, s): views[s]})
    with h5py.File(tmp_path / "data.h5", "w") as file:
        for s, level in itertools.product((0, 1), (0, 1)):
            name = f"t00000/s0{s}/{level}/cells"
            file[name] = h5py.ExternalLink(f"data-00-0{s}.h5", name)
            if level == 0:
                file[f"s0{s}/resolutions"] = [[1.0, 1, 1], [2, 2, 2]]
    partitions = "".join(
        f'<partition><path type="relative">data-00-0{s}.h5</path><timepoints>0</timepoints>'
        f"<setups>{s}</setups></partition>"
        for s in (0, 1)
    )
    path = tmp_path / "data.xml"
    setups = [{"id": s, "size": (8, 8, 4), "attributes": {"channel": s}} for s in (0, 1)]
    path.write_text(xml(setups, h5=f'<hdf5 type="relative">data.h5</hdf5>{partitions}'))
    return path, views


@pytest.mark.parametrize("opened", ["data.xml", "data.h5", "data-00-00.h5", "data-00-01.h5"])
def test_partitions_open_by_any_of_their_files(split, opened):
    path, views = split
    image = BioImage(path.parent / opened)
    for level in (0, 1):
        image.set_resolution_level(level)
        np.testing.assert_array_equal(image.data[0], [views[s][level] for s in (0, 1)])


@pytest.mark.parametrize("lost", [0, 1])
def test_without_a_partition_the_rest_still_reads(split, lost):
    path, views = split
    (path.parent / f"data-00-0{lost}.h5").unlink()
    with pytest.warns(
        UserWarning,
        match=rf"Setup {lost} is left out.*'data-00-0{lost}\.h5', and there is no file .*put that",
    ):
        image = BioImage(path)
    assert image.shape == (1, 1, 4, 8, 8)
    assert image.channel_names == [f"channel {1 - lost}"]
    np.testing.assert_array_equal(image.data[0, 0], views[1 - lost][0])


def test_without_any_partition_opening_says_so(split):
    path, _ = split
    for s in (0, 1):
        (path.parent / f"data-00-0{s}.h5").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"'data-00-00\.h5', and there is no file .*put that"
    ):
        BioImage(path)


@pytest.mark.parametrize("name", ["a b", "a&b <c>", "Zellkörper µ", "100%", "%41", "a'b", "x.y"])
def test_file_names_that_need_escaping(tmp_path, name):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]}, name=name)
    for ending in (".xml", ".h5"):
        image = BioImage(tmp_path / f"{name}{ending}")
        np.testing.assert_array_equal(image.data[0, 0], pixels((2, 5, 4)))
    assert image.scenes == (name,)
    assert path.is_file()


def test_paths_written_as_uri(tmp_path):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]}, name="a b µ")
    path.write_text(path.read_text("utf-8").replace("a b µ.h5", "a%20b%20%C2%B5.h5"), "utf-8")
    assert BioImage(path).shape == (1, 1, 2, 5, 4)
    assert BioImage(path.with_suffix(".h5")).shape == (1, 1, 2, 5, 4)


@pytest.mark.parametrize(
    ("h5", "base"),
    [
        ('<hdf5 type="relative">../data.h5</hdf5>', "."),
        ('<hdf5 type="relative">%2e%2e/data.h5</hdf5>', "."),
        ('<hdf5 type="absolute">{outside}/data.h5</hdf5>', "."),
        ("<hdf5>{outside}/data.h5</hdf5>", "."),
        ('<hdf5 type="relative">data.h5</hdf5>', ".."),
        ('<hdf5 type="relative">data.h5</hdf5>', "{outside}"),
    ],
)
def test_paths_out_of_the_folder_need_leave(tmp_path, h5, base):
    write_h5(tmp_path / "data.h5", {(0, 0): [pixels((2, 5, 4))]})
    (tmp_path / "set").mkdir()
    path = tmp_path / "set" / "data.xml"
    outside = tmp_path.as_posix()
    path.write_text(
        xml(
            [{"id": 0}],
            h5=h5.format(outside=outside),
            base=f'<BasePath type="relative">{base.format(outside=outside)}</BasePath>',
        )
    )
    with pytest.raises(ValueError, match=r"data\.xml points to .*leaves the folder.*allow_outside"):
        BioImage(path)
    image = BioImage(path, allow_outside=True)
    np.testing.assert_array_equal(image.data[0, 0], pixels((2, 5, 4)))


@pytest.mark.parametrize(
    ("h5", "base"),
    [
        ('<hdf5 type="relative">sub/data.h5</hdf5>', "."),
        (r'<hdf5 type="relative">sub\data.h5</hdf5>', "."),
        ('<hdf5 type="relative">data.h5</hdf5>', "sub"),
        ('<hdf5 type="relative">../sub/data.h5</hdf5>', "sub"),
        ('<hdf5 type="absolute">{folder}/sub/data.h5</hdf5>', "."),
        ('<hdf5 type="absolute">file:{folder}/sub/data.h5</hdf5>', "."),
    ],
)
def test_paths_within_the_folder(tmp_path, h5, base):
    (tmp_path / "sub").mkdir()
    write_h5(tmp_path / "sub" / "data.h5", {(0, 0): [pixels((2, 5, 4))]})
    path = tmp_path / "data.xml"
    base = f'<BasePath type="relative">{base}</BasePath>'
    path.write_text(xml([{"id": 0}], h5=h5.format(folder=tmp_path.as_posix()), base=base))
    np.testing.assert_array_equal(BioImage(path).data[0, 0], pixels((2, 5, 4)))


def test_an_h5_that_is_not_where_the_xml_says(tmp_path):
    path = tmp_path / "data.xml"
    path.write_text(xml([{"id": 0}]))
    with pytest.raises(
        FileNotFoundError, match=r"data\.xml keeps its pixels in 'data\.h5', and there"
    ):
        BioImage(path)


def test_an_h5_finds_an_xml_of_another_name(tmp_path):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]})
    path.rename(tmp_path / "other.xml")
    (tmp_path / "data.xml").write_text("<Settings/>")
    (tmp_path / "broken.xml").write_text("<SpimData>")
    (tmp_path / "foreign.xml").write_text(xml([{"id": 0}], h5="<hdf5>foreign.h5</hdf5>"))
    assert BioImage(tmp_path / "data.h5").scenes == ("other",)


def test_an_h5_without_its_xml(tmp_path):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]})
    path.unlink()
    with pytest.raises(
        FileNotFoundError, match=r"data\.h5 holds the pixels .* no XML in its folder"
    ):
        BioImage(tmp_path / "data.h5")


def test_an_h5_with_a_damaged_xml_of_its_name_tells_what_is_wrong(tmp_path):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]})
    path.write_text(path.read_text()[:-30])
    with pytest.raises(ValueError, match=r"data\.xml is not well-formed"):
        BioImage(tmp_path / "data.h5")


def test_an_h5_with_several_xml_files_prefers_its_own_name(tmp_path):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]})
    for name in ("a.xml", "b.xml"):
        shutil.copy(path, tmp_path / name)
    assert BioImage(tmp_path / "data.h5").scenes == ("data",)
    path.unlink()
    with pytest.raises(
        ValueError, match=r"belongs to several XML files: open one of .*a\.xml, .*b\.xml"
    ):
        BioImage(tmp_path / "data.h5")


def test_relative_paths_and_dots_in_what_is_opened(tmp_path, monkeypatch):
    write_dataset(tmp_path / "set", {(0, 0): [pixels((2, 5, 4))]})
    monkeypatch.chdir(tmp_path / "set")
    for image in ("data.xml", "data.h5", Path("data.h5"), "../set/data.h5", "./data.xml"):
        assert BioImage(image).shape == (1, 1, 2, 5, 4)
    assert BioImage(f"{tmp_path}/set/../set/./data.h5").shape == (1, 1, 2, 5, 4)


def test_a_file_system_in_memory(tmp_path):
    path = write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]})
    memory = fsspec.filesystem("memory")
    for name in ("data.xml", "data.h5"):
        memory.pipe_file(f"/set/{name}", (path.parent / name).read_bytes())
    try:
        for name in ("data.xml", "data.h5"):
            image = BioImage(f"memory:///set/{name}")
            np.testing.assert_array_equal(image.data[0, 0], pixels((2, 5, 4)))
    finally:
        memory.rm("/set", recursive=True)


def test_a_web_server(tmp_path):
    write_dataset(tmp_path, {(0, 0): [pixels((2, 5, 4))]})
    (tmp_path / "other.h5").write_bytes((tmp_path / "data.h5").read_bytes())
    with FolderServer(tmp_path) as server:
        for name in ("data.xml", "data.h5"):
            image = BioImage(f"{server.url}/{name}")
            np.testing.assert_array_equal(image.data[0, 0], pixels((2, 5, 4)))
        with pytest.raises(FileNotFoundError, match=r"other\.h5 holds the pixels .* no XML"):
            BioImage(f"{server.url}/other.h5")


@pytest.mark.parametrize("first", [0, 1])
def test_many_time_points_open_quickly_even_if_none_is_there(tmp_path, first):
    times = f'<Timepoints type="range"><first>{first}</first><last>99999</last></Timepoints>'
    views = {(0, 0): [pixels((2, 5, 4))]}
    path = write_dataset(tmp_path, views, [{"id": 0}], xml_options={"timepoints": times})
    start = time.process_time()
    if first:
        with pytest.raises(LookupError, match="holds no t00001/s00/0/cells"):
            Reader(path)
    else:
        reader = Reader(path)
        assert reader.shape == (100_000, 1, 2, 5, 4)
        assert reader.get_image_dask_data("YX", T=0, Z=1).compute().any()
        with pytest.raises(LookupError, match="does not list time point 99999, setup 0"):
            reader.get_image_data("YX", T=-1)
    assert time.process_time() - start < 10


def test_many_setups_open_quickly(tmp_path):
    views = {(0, s): [np.full((1, 1, 1), s, np.uint16)] for s in range(150)}
    setups = [{"id": s, "attributes": {"channel": 0, "tile": s}} for s in range(150)]
    path = write_dataset(tmp_path, views, setups, chunks=(1, 1, 1))
    start = time.process_time()
    reader = Reader(path)
    assert time.process_time() - start < 5
    assert len(reader.scenes) == 150
    reader.set_scene(149)
    assert reader.data.item() == 149


class ShortFile(io.RawIOBase):
    """Brings 1,000 bytes of a file at a time at most, as files may."""

    def __init__(self, path):
        self.file = io.FileIO(path)

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0, /):
        return self.file.seek(offset, whence)

    def tell(self):
        return self.file.tell()

    def readinto(self, buffer, /):
        return self.file.readinto(memoryview(buffer).cast("B")[:1000])

    def close(self):
        self.file.close()
        super().close()


class ShortFiles(LocalFileSystem):
    """The files of this computer, of which each read brings a part."""

    protocol = "short"
    cachable = False

    def _open(self, path, mode="rb", **_):
        return ShortFile(self._strip_protocol(path))


@pytest.mark.parametrize("chunks", [None, (4, 32, 32)])
def test_files_that_bring_less_than_is_asked_for_are_asked_again(tmp_path, chunks):
    """h5py itself is content with what comes, and makes voxels of what was in memory before."""
    fsspec.register_implementation("short", ShortFiles, clobber=True)
    voxels = pixels((8, 64, 96))
    path = write_dataset(
        tmp_path, {(0, 0): [voxels]}, [{"id": 0, "size": (96, 64, 8)}], chunks=chunks
    )
    image = BioImage(f"short://{path.as_posix()}", reader=Reader)
    np.testing.assert_array_equal(image.data[0, 0], voxels)


def test_a_file_that_ends_too_early_is_an_error(tmp_path):
    (tmp_path / "a").write_bytes(bytes(10))
    file = WholeReads(io.FileIO(tmp_path / "a"), "a")
    assert file.seek(4) == file.tell() == 4
    assert file.read(6) == bytes(6)
    file.seek(4)
    with pytest.raises(OSError, match=r"^a ends 1 bytes before what was to be read$"):
        file.readinto(bytearray(7))
    file._file.close()


def test_nothing_is_collected_while_a_file_is_read(monkeypatch):
    """h5py holds its lock then, which the thread that brings the bytes is not to need."""
    seen = []

    class Watched(io.BytesIO):
        def readinto(self, buffer):
            seen.append(gc.isenabled())
            return super().readinto(buffer)

    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file["a"] = np.arange(9)
    with h5py.File(WholeReads(Watched(data.getvalue()), "a"), "r") as file:
        assert file["a"][4] == 4
    with pytest.raises(OSError, match="ends 3 bytes before"):
        WholeReads(Watched(b"abc"), "a").readinto(bytearray(6))
    assert seen
    assert not any(seen)
    assert gc.isenabled()
