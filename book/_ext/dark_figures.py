"""Sphinx extension: show a figure's dark variant where the page is dark.

Beside ``chunks.svg`` may lie ``chunks-dark.svg``. Wherever a page shows the first, in a figure, in
a paragraph or in a notebook's Markdown, the HTML pages hold both, marked with the theme's classes
``only-light`` and ``only-dark``, and the theme shows the one that fits. Other builders keep the
light one.

Both images lie in one ``<span class="light-and-dark">``: the theme hides the caption that *follows*
a hidden image, so the images must not be the caption's siblings.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class PairDarkFigures(SphinxPostTransform):
    """Put the dark variant beside every image that has one.

    It runs once a page is resolved for its builder: by then images are collected and their ``uri``
    is the path from the source folder, and nothing of it is kept for other builders.
    """

    default_priority = 500
    builders = ("html", "dirhtml", "singlehtml")

    def run(self, **kwargs: Any) -> None:
        """Replace each such image by a pair of images."""
        for light in list(self.document.findall(nodes.image)):
            # Images from elsewhere, and those embedded in the page, have no file to look beside.
            if "*" not in light.get("candidates", {}):
                continue
            dark_uri = _dark(light["uri"])
            if not Path(self.app.srcdir, dark_uri).is_file():
                continue
            # The pair takes over the link targets, as one of its images is always hidden.
            pair = nodes.inline(ids=light["ids"], classes=["light-and-dark"])
            light["ids"] = []
            dark = light.deepcopy()
            dark.attributes.update(uri=dark_uri, candidates={"*": dark_uri})
            light["classes"].append("only-light")
            dark["classes"].append("only-dark")
            self.env.images.add_file(self.env.docname, dark_uri)
            light.parent.replace(light, pair)
            pair += [light, dark]


def _dark(uri: str) -> str:
    """Return the path of the dark variant: ``a/b.svg`` has ``a/b-dark.svg``."""
    path = PurePosixPath(uri)
    return str(path.with_name(f"{path.stem}-dark{path.suffix}"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_post_transform(PairDarkFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
