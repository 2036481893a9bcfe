"""Image loaders of BigDataViewer that keep pixels elsewhere than in HDF5: what opens those.

Names of loaders are those of ``@ImgLoaderIo`` in bigdataviewer-core, BigStitcher
(multiview-reconstruction), MoBIE and bigdataviewer-playground.
"""

from __future__ import annotations

import re

from bigimg_lessons.bdv.xmltree import Node

HDF5 = "bdv.hdf5"
"""The loader that is read here."""

_REMEDIES = {
    "bdv.n5": (
        "open it in Fiji with BigDataViewer, or one of its datasets, such as "
        "setup0/timepoint0/s0, with tensorstore's n5 driver"
    ),
    "bdv.remote": "its pixels are on a server; open it in Fiji with BigDataViewer",
    "bdv.ome.zarr": "open the .ome.zarr folder itself, with bioio-ome-zarr",
    "bdv.multimg.zarr": "open the .ome.zarr folders themselves, with bioio-ome-zarr",
    "ims": "open the .ims file itself, with imaris-ims-file-reader or in Fiji",
    "bdv.imaris": "open the .ims file itself, with imaris-ims-file-reader or in Fiji",
    "spimreconstruction": (
        "open the files that the XML names with bioio (TIFF with bioio-tifffile, others with "
        "bioio-bioformats), or the XML in Fiji with BigStitcher, which can resave it as HDF5"
    ),
    "bigstitcher": "open the XML in Fiji with BigStitcher, which can resave it as HDF5",
    "split": "open the XML in Fiji with BigStitcher, which can resave it as HDF5",
    "catmaid": "its pixels are on a server; open it in Fiji with BigDataViewer",
    "openconnectome": "its pixels are on a server; open it in Fiji with BigDataViewer",
}
_OTHERS = "open it in Fiji with BigDataViewer, and export it as XML/HDF5 to read it here"

_SHOWN = 3  # files that are named
_ENDINGS = (
    "tiff?|czi|lif|lsm|nd2|oif|oib|vsi|stk|ims|klb|dcimg|png|jpe?g|h5|hdf5|n5|zarr|raw|qpproj"
)
_FILE = re.compile(
    rf"[^\"'<>|\n\r]*?[^\"'<>|\n\r/]\.(?:{_ENDINGS})(?![A-Za-z0-9.])/?", re.IGNORECASE
)


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
    parts = [named, _remedy(name)]
    if name != HDF5 and not name.startswith("split") and loader.find("hdf5"):
        parts.append(f'if its <hdf5> is BigDataViewer\'s, write format="{HDF5}" into <ImageLoader>')
    return "; ".join(filter(None, parts))


def _remedy(name: str) -> str:
    for known, remedy in _REMEDIES.items():
        if name == known or name.startswith(f"{known}."):
            return remedy
    return _OTHERS
