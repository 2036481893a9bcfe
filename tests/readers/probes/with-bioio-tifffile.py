# /// script
# requires-python = ">=3.12"
# dependencies = ["bioio", "bioio-tifffile"]
# ///
"""BioImage with bioio-tifffile."""

from bioio_facts import tell_by_bioio
from bioio_tifffile.reader import Reader

tell_by_bioio(Reader, "bioio-tifffile")
