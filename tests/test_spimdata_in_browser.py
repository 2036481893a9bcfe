"""BigDataViewer's XML as the page reads it: what Python says of the same text."""

from __future__ import annotations

from typing import Any

import pytest

from bigimg_lessons.formats.bdv.loaders import N5
from bigimg_lessons.formats.bdv.remarks import Remarks
from bigimg_lessons.formats.bdv.xml_reading import from_xml
from tests.bdv_files import registration, xml
from tests.node import Node, NodeError
from tests.test_bdv_xml_reading import LEGACY

ONE = {"id": 0, "size": (96, 80, 12), "voxel": (0.5, 0.5, 2), "unit": "µm"}
BARE = {"id": 0, "size": (96, 80, 12)}
SCALED = (0.5, 0, 0, 7, 0, 0.25, 0, 8, 0, 0, 2, 9)
TURNED = (0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0)


def pattern(text: str) -> str:
    return f'<Timepoints type="pattern"><integerpattern>{text}</integerpattern></Timepoints>'


def split(*corners: str) -> str:
    definitions = "".join(
        f"<SetupIdDefinition><NewId>{number}</NewId><OldId>0</OldId>{corner}</SetupIdDefinition>"
        for number, corner in enumerate(corners)
    )
    inner = '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'
    return f"{inner}<SetupIds>{definitions}</SetupIds>"


TEXTS = {
    "one": xml([ONE]),
    "bare": xml([BARE]),
    "old": LEGACY,
    "of pixels": xml([{**ONE, "unit": "px"}]),
    "a decimal comma": xml([{**ONE, "voxel": ("0,5", "1,25", "2")}]),
    "a comma that may be a thousand": xml([{**ONE, "voxel": ("1,250", "3", "2")}]),
    "a size of zero": xml([{**ONE, "voxel": (0, "nan", 2)}]),
    "sizes with points": xml([{**ONE, "size": ("96.0", "80.", "12")}]),
    "sizes of nothing": xml([{**ONE, "size": (96, 0, 12)}]),
    "scaled": xml([BARE], registrations=registration(0, 0, TURNED, SCALED)),
    "turned": xml([BARE], registrations=registration(0, 0, TURNED)),
    "scaled by nothing": xml([BARE], registrations=registration(0, 0, SCALED[:11])),
    "a pattern": xml([ONE], timepoints=pattern("0-30:10, 45,9-7")),
    "an empty pattern": xml([ONE], timepoints=pattern("")),
    "a bad pattern": xml([ONE], timepoints=pattern("0-")),
    "no time points": xml([ONE], timepoints='<Timepoints type="list"/>'),
    "no kind of time points": xml([ONE], timepoints="<Timepoints/>"),
    "missing views": xml([ONE, {**ONE, "id": 7}], missing=[(0, 7), (0, 7)]),
    "channels": xml([ONE], names={"channel": {0: "red", 1: "a & b"}, "angle": {0: "left"}}),
    "twice the same": xml([ONE, ONE]),
    "no setups": xml([]),
    "a large id": xml([{**ONE, "id": 2**31}]),
    "parts": xml(
        [ONE], loader="split.viewerimgloader", h5=split("<min>0 0 0</min><max>9 9 9</max>")
    ),
    "parts from behind": xml(
        [ONE], loader="split.viewerimgloader", h5=split("<min>0 0 5</min><max>9 9 4</max>")
    ),
    "parts of nothing": xml(
        [ONE], loader="split.viewerimgloader", h5='<ImageLoader format="bdv.n5"/>'
    ),
    "of n5": xml([ONE], loader="bdv.n5", h5='<n5 type="relative">a.n5</n5>'),
    "of BigStitcher": xml(
        [ONE], loader="spimreconstruction.stack.loci", h5="<file>a b.czi</file><f>c.tif</f>"
    ),
    "of others": xml([ONE], loader="mine"),
    "no path": xml([ONE], h5="<hdf5/>"),
    "no container": xml([ONE], h5=""),
    "another XML": "<OME/>",
    "no XML": "<SpimData>",
}


def from_python(text: str, loader: str) -> dict[str, Any] | str:
    try:
        data = from_xml(text.encode(), source="a.xml", remarks=Remarks(), loader=loader)
    except ValueError as error:
        return str(error)
    setups = []
    for setup in data.setups:
        size = data.voxel_size(setup)
        told = None if size is None else {"size": list(size.size), "unit": size.unit}
        setups.append({"id": setup.id, "size": setup.size and list(setup.size), "voxelSize": told})
    return {
        "file": data.hdf5.text,
        "basePath": data.base_path.text,
        "setups": setups,
        "timepoints": len(data.timepoints),
        "missing": len(data.missing),
        "channelNames": [each.name or "" for each in data.attributes if each.kind == "channel"],
        "partitions": len(data.partitions),
        "isSplit": bool(data.parts),
    }


@pytest.mark.parametrize("loader", ["bdv.hdf5", N5])
@pytest.mark.parametrize("name", list(TEXTS))
def test_an_xml_says_what_it_says_in_python(node: Node, name: str, loader: str) -> None:
    text = TEXTS[name]
    call = "([text, loader]) => readSpimData(text, 'a.xml', loader)"
    found: Any
    try:
        found = node.module("inspection/spimdata.js")(call, [text, loader])
    except NodeError as error:
        found = str(error)
    right = from_python(text, loader)
    if isinstance(right, str):
        assert right in found
    else:
        assert found == right
