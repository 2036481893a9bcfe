"""Imaris 5.5 (``.ims``), an HDF5 file, written in pure Python.

- `writer`: the door, and the target that pyramids are written into;
- `levels`: the open file, with `histograms`, `thumbnail` and `attributes`;
- `information`: what the group ``DataSetInfo`` says of the image;
- `replacing`: whether a file may be replaced.

The layout follows *Imaris5.5 File Format Description* and ``writer/bpWriterHDF5.cxx``, both in
github.com/imaris/ImarisWriter.
"""
