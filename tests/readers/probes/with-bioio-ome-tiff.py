# /// script
# requires-python = ">=3.12"
# dependencies = ["bioio", "bioio-ome-tiff"]
# ///
"""BioImage with bioio-ome-tiff."""

from bioio_facts import tell_by_bioio
from bioio_ome_tiff.reader import Reader

tell_by_bioio(Reader, "bioio-ome-tiff")
