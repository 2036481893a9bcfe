"""Paint synthetic tissue: micrometre coordinates in, electron-microscopy-like grey values out.

The tissue is invented, not measured. A rounded specimen with a cuticle lies in clear resin
(:mod:`.specimen`). It is packed with cells (a power diagram of jittered sites: :mod:`.sites`,
:mod:`.territories`), most of which hold a nucleus, endoplasmic reticulum, mitochondria and granules
(:mod:`.cells`, :mod:`.organelles`); here and there lies a bundle of thin nerve fibres (neuropil).
All geometry is in micrometres, so that a section along any axis looks alike.

The image is painted in bricks of `BRICK` voxels on a fixed grid (:mod:`.grid`, :mod:`.bricks`): the
smooth geometry at nodes (:mod:`.geometry`), which cell covers what (:mod:`.cover`), what it looks
like (:mod:`.painting`, :mod:`.painting_organelles`, :mod:`.textures`), and what the microscope adds
(:mod:`.exposure`). A brick depends on its position and on the seed alone, so it does not matter
which bricks are painted, in which order, or by how many threads.

The grey values are the same, bit for bit, on every machine: only IEEE-exact elementwise operations
are used (+ - * / sqrt floor abs min max, comparisons, integer arithmetic), and every random number
is a hash of integer coordinates (:mod:`.noise`).
"""

from bigimg_lessons.samples.tissue.bricks import Tissue
from bigimg_lessons.samples.tissue.grid import BRICK

__all__ = ["BRICK", "GENERATOR", "Tissue"]

GENERATOR = 3
"""Version of the image: raise it whenever any grey value changes."""
