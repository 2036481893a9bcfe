"""Images of pages: their size, when they load, and the smaller form of plots."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from image_boxes import boxed, size_of
from plot_files import is_chart, opaque

BOOK = Path(__file__).parents[1] / "book"
WHITE, INK, AMBER = (255, 255, 255), (0x1D, 0x22, 0x40), (0xF2, 0xA0, 0x1E)


def svg(path: Path, attributes: str) -> Path:
    path.write_text(f'<?xml version="1.0"?>\n<svg {attributes}><rect width="1"/></svg>', "utf-8")
    return path


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="250" height="64"', (250, 64)),
        ('viewBox="0 0 9 9" width="250px" height="64.4px"', (250, 64)),
        ('viewBox="0 0 720 300.6"', (720, 301)),
        ('viewBox="0 0 720 300" width="100%" height="10em"', (720, 300)),
        ("", None),
    ],
)
def test_a_drawing_says_its_size(
    tmp_path: Path, attributes: str, size: tuple[int, int] | None
) -> None:
    assert size_of(svg(tmp_path / "a.svg", attributes)) == size


def test_pictures_have_the_size_of_their_pixels(tmp_path: Path) -> None:
    pixels = np.zeros((3, 5, 3), np.uint8)
    for name, data in (
        ("a.png", imagecodecs.png_encode(pixels)),
        ("a.webp", imagecodecs.webp_encode(pixels, lossless=True)),
        ("a.jpg", imagecodecs.jpeg_encode(pixels)),
    ):
        (tmp_path / name).write_bytes(data)
        assert size_of(tmp_path / name) == (5, 3)
    assert size_of(tmp_path / "a.avif") is None


def test_images_of_a_page_get_what_they_lack(tmp_path: Path) -> None:
    files = {"../_images/a b.svg": svg(tmp_path / "a.svg", 'width="8" height="4"')}
    late = 'loading="lazy" decoding="async"'
    for before, after in (
        # As docutils and as myst-nb end their tags, and with "/>" in words.
        ('<img src="../_images/a%20b.svg" />', f'{late} width="8" height="4"'),
        ('<img src="../_images/a%20b.svg">', f'{late} width="8" height="4"'),
        ('<img alt="a /&gt; b" src="../_images/a%20b.svg" />', f'{late} width="8" height="4"'),
        ('<img src="../_images/a%20b.svg" width="4" />', late),
        ('<img src="../_images/a%20b.svg" height="4" loading="eager">', 'decoding="async"'),
        ('<img src="elsewhere.png" />', late),
    ):
        whole = boxed(f"<p>{before}</p>", files)
        start = before.removesuffix("/>").removesuffix(">").rstrip()
        end = before[len(start) :]
        assert whole == f"<p>{start} {after}{end}</p>"
        assert boxed(whole, files) == whole


def drawing(ground: tuple[int, ...], mark: tuple[int, ...]) -> np.ndarray:
    pixels = np.full((50, 100, 3), ground, np.uint8)
    pixels[10:30, 20:70] = mark
    return pixels


def test_charts_are_told_from_pictures_of_data() -> None:
    assert is_chart(drawing(WHITE, AMBER))
    assert is_chart(drawing(WHITE, INK))
    assert not is_chart(drawing(WHITE, (0, 0, 0)))
    assert not is_chart(drawing(WHITE, (120, 121, 119)))
    thin = drawing(WHITE, INK)
    thin[:, 0] = 128  # one per cent of grey, as at the edges of letters
    assert is_chart(thin)


def test_what_is_transparent_lies_on_white() -> None:
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    np.testing.assert_array_equal(
        opaque(pixels), [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]
    )
    np.testing.assert_array_equal(opaque(pixels[..., :3]), pixels[..., :3])
    np.testing.assert_array_equal(opaque(pixels[..., 0]), np.repeat(pixels[..., :1], 3, axis=-1))


NOTEBOOK = """\
---
file_format: mystnb
kernelspec: {name: python3}
---
# A page

```{code-cell} ipython3
import matplotlib.pyplot as plt
from bigimg_lessons import plots
plots.set_style()
plt.plot([1, 3, 2], color="#4450b8")
plt.show()
plt.imshow([[0, 1], [2, 3]], cmap="gray")
plt.show()
```
"""


def test_a_notebooks_plot_is_sent_as_the_same_pixels_in_fewer_bytes(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(BOOK / '_ext')!r})\n"
        "extensions = ['myst_nb', 'image_boxes', 'plot_files']\nhtml_theme = 'basic'\n"
        "exclude_patterns = ['out']\nnb_execution_mode = 'force'\nhtml_sourcelink_suffix = ''\n",
        encoding="utf-8",
    )
    (tmp_path / "index.md").write_text(NOTEBOOK, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        str(tmp_path),
        str(tmp_path / "out/html"),
    ]
    subprocess.run(command, check=True)
    images = sorted((tmp_path / "out" / "html" / "_images").iterdir())
    assert [path.suffix for path in images] == [".webp", ".webp"]
    for path in images:
        png = tmp_path / "out" / "jupyter_execute" / f"{path.stem}.png"
        pixels = imagecodecs.webp_decode(path.read_bytes())
        np.testing.assert_array_equal(pixels, opaque(imagecodecs.png_decode(png.read_bytes())))
        assert path.stat().st_size < png.stat().st_size
        height, width = pixels.shape[:2]
        page = (tmp_path / "out" / "html" / "index.html").read_text(encoding="utf-8")
        (tag,) = (tag for tag in page.split("<img")[1:] if path.name in tag)
        assert f'width="{width}" height="{height}"' in tag
        assert 'loading="lazy"' in tag
    assert page.count('class="chart"') == 1
