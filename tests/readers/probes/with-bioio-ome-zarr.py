# /// script
# requires-python = ">=3.12"
# dependencies = ["bioio", "bioio-ome-zarr"]
# ///
"""BioImage with bioio-ome-zarr."""

from bioio_facts import tell_by_bioio
from bioio_ome_zarr.reader import Reader

tell_by_bioio(Reader, "bioio-ome-zarr")
