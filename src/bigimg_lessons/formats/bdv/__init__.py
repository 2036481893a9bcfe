"""BigDataViewer's XML/HDF5 in pure Python.

The parts are `spimdata` (the XML; read through `xmltree`, with `legacy`, `split` and `loaders` for
its older and other forms), `hdf5` (the pixels; with `opening`, `pixel_types` and `selection`),
`pairing` and `paths` (which file belongs to which), `scenes` (which setups form one image),
`reader` (for bioio, which finds it through `plugin`) and `writer`.
"""
