"""Image file formats that pyramids are written to, and the reader of BDV-HDF5."""
