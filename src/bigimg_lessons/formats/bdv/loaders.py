"""Image loaders of BigDataViewer: that of HDF5, which is read here, and what opens the others.

Names of loaders are those of ``@ImgLoaderIo`` in bigdataviewer-core, BigStitcher
(multiview-reconstruction), MoBIE and bigdataviewer-playground.
"""

from __future__ import annotations

import re

from bigimg_lessons.formats.bdv.xmltree import Node

HDF5 = "bdv.hdf5"
"""The loader that is read here."""

N5 = "bdv.n5"
"""The loader of N5 folders, which are only written here."""

CONTAINERS = {HDF5: "hdf5", N5: "n5"}
"""For each loader the element that names what holds the pixels."""

_WITH_TENSORSTORE = (
    "open it in Fiji with BigDataViewer, or one of its datasets, such as setup0/timepoint0/s0, "
    "with tensorstore's n5 driver"
)
_OME_ZARR = "open the .ome.zarr folder itself, with bioio-ome-zarr"
_IMARIS = "open the .ims file itself, with imaris-ims-file-reader or in Fiji"
_SERVER = "its pixels are on a server; open it in Fiji with BigDataViewer"
_BIGSTITCHER = "open the XML in Fiji with BigStitcher, which can resave it as HDF5"
_PLAYGROUND = (
    "open the XML in Fiji with BigDataViewer-Playground, which wrote it and can export it as HDF5"
)
_REMEDIES = {
    N5: _WITH_TENSORSTORE,
    "bdv.remote": _SERVER,
    "bdv.ome.zarr": _OME_ZARR,
    "ome.zarr": _OME_ZARR,
    "bdv.multimg.zarr": _OME_ZARR,
    "ims": _IMARIS,
    "bdv.imaris": _IMARIS,
    "spimreconstruction.biop_bioformatsimageloader": _PLAYGROUND,
    "spimreconstruction.biop_qupathimageloader": _PLAYGROUND,
    "spimreconstruction.openersimageloader": _PLAYGROUND,
    "spimreconstruction": _BIGSTITCHER,
    "bigstitcher": _BIGSTITCHER,
    "split": _BIGSTITCHER,
    "catmaid": _SERVER,
    "openconnectome": _SERVER,
}
_OTHERS = "open it in Fiji with BigDataViewer, and export it as XML/HDF5 to read it here"
_FILES = "open these with bioio (TIFF with bioio-tifffile, most others with bioio-bioformats), or "

_SHOWN = 3  # maximum number of files that are named
_ENDINGS = (
    "tiff?|czi|lif|lsm|nd2|oif|oib|vsi|stk|ims|klb|dcimg|png|jpe?g|h5|hdf5|n5|zarr|raw|qpproj"
)
_FILE = re.compile(
    rf"[^\"'<>|\n\r]*?[^\"'<>|\n\r/]\.(?:{_ENDINGS})(?![A-Za-z0-9.])/?", re.IGNORECASE
)


class LoaderError(ValueError):
    """The XML is BigDataViewer's, but its pixels are not kept in HDF5.

    Parameters
    ----------
    source
        Name of the XML.
    problem
        One sentence that names the XML and says what opens its pixels.
    """

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(problem)
        self.source = source


def elsewhere(loader: Node, name: str) -> str:
    """Say where another loader than `HDF5` keeps its pixels, and what opens them.

    Parameters
    ----------
    loader
        The element ``<ImageLoader>``.
    name
        Its format.

    Returns
    -------
    str
        The rest of a sentence, without its full stop.
    """
    files = list(
        dict.fromkeys(
            match.group().strip()
            for text in loader.element.itertext()
            for match in _FILE.finditer(text)
        )
    )
    named = f"it names {', '.join(files[:_SHOWN])}" if files else ""
    if len(files) > _SHOWN:
        named += f" and {len(files) - _SHOWN} more"
    remedy = _remedy(name)
    if files and remedy in (_BIGSTITCHER, _PLAYGROUND):
        remedy = _FILES + remedy
    parts = [named, remedy]
    if name != HDF5 and not name.startswith("split") and loader.find("hdf5"):
        parts.append(f'if its <hdf5> is BigDataViewer\'s, write format="{HDF5}" into <ImageLoader>')
    return "; ".join(filter(None, parts))


def _remedy(name: str) -> str:
    for known, remedy in _REMEDIES.items():
        if name == known or name.startswith(f"{known}."):
            return remedy
    return _OTHERS
