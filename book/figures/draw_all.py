"""Draw every figure of the book: ``python book/figures/draw_all.py [folder]``."""

import sys
from pathlib import Path

import concept_map
import half_pixel
import logo
import maps_analogy
import memory_vs_file
import plan_model
import pyramid_building
import reads_and_seeks
import scale
import three_ideas
import three_slices
import tiff_bytes
import two_cuts
from drawing import FOLDER, save

DIAGRAMS = (
    concept_map,
    half_pixel,
    maps_analogy,
    memory_vs_file,
    plan_model,
    pyramid_building,
    reads_and_seeks,
    scale,
    three_ideas,
    three_slices,
    tiff_bytes,
    two_cuts,
)


def main(folder: Path) -> None:
    """Write every figure into `folder`, in both modes."""
    for diagram in DIAGRAMS:
        save(diagram.__name__, diagram.draw, folder)
    logo.save_all(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
