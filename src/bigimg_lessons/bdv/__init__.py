"""BigDataViewer's XML/HDF5 in pure Python.

The parts are `spimdata` (the XML), `hdf5` (the pixels), `reader` (for bioio, which finds it
through `plugin`) and `writer`.
"""
