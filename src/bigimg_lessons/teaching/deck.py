"""Slides as one HTML file, which asks for nothing from elsewhere and works without its script.

One slide fills the window, and the next one follows below it. The script adds keys, a line with the
number of the slide, and the notes for the speaker, which are folded otherwise. Printed, each slide
is a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from bigimg_lessons.colours import DARK, LIGHT
from bigimg_lessons.teaching.outline import Deck, Picture, Slide
from bigimg_lessons.teaching.pictures import Drawn

_STYLE = Path(__file__).with_name("slides.css")
_SCRIPT = Path(__file__).with_name("slides.js")


def deck_html(
    deck: Deck, drawn: Callable[[Picture], Sequence[Drawn]], *, book: str | None = None
) -> str:
    """Write the slides of a lesson.

    Parameters
    ----------
    deck
        The slides.
    drawn
        Finds the images of a picture. Where it finds none, the slide says in words what the picture
        shows.
    book
        URL of the book's site, which ends in ``/``, for links to the lesson, its worksheet and its
        answers; None for no links.

    Returns
    -------
    str
        A whole HTML document.
    """
    title = f"Lesson {deck.number} · {deck.title}" if deck.number else deck.title
    count = len(deck.slides)
    slides = "\n".join(
        _slide(slide, drawn, n, count, _links(deck, book) if n == 1 else "")
        for n, slide in enumerate(deck.slides, start=1)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<link rel="icon" href="data:,">\n'  # else a browser asks the server for one
        f"<title>Slides: {escape(title)}</title>\n"
        f"<style>\n{_colours()}{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"<main>\n{slides}\n</main>\n"
        f"<script>\n{_SCRIPT.read_text(encoding='utf-8')}</script>\n</body>\n</html>\n"
    )


def _colours() -> str:
    """State the colours of the book, light, and dark where the reader's system is dark."""
    return (
        f":root {{{_variables(LIGHT)}}}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{{_variables(DARK)}}} }}\n"
    )


def _variables(colours: Mapping[str, str]) -> str:
    used = ("page", "paper", "edge", "ink", "muted", "accent", "accent_soft", "lit_soft")
    return "".join(f" --{name.replace('_', '-')}: {colours[name]};" for name in used)


def _links(deck: Deck, book: str | None) -> str:
    if book is None:
        return ""
    pages = {
        "The lesson": f"{book}notebooks/{deck.name}.html",
        "For instructors": f"{book}book/teach.html",
    }
    links = (f'<a href="{escape(url)}">{name}</a>' for name, url in pages.items())
    return f"<p>{' · '.join(links)}</p>"


def _slide(
    slide: Slide,
    drawn: Callable[[Picture], Sequence[Drawn]],
    number: int,
    count: int,
    links: str,
) -> str:
    level = "h1" if number == 1 else "h2"
    heading = f'<{level} id="s{number}">{slide.heading}</{level}>'
    question = (
        f'<p class="discuss"><b>Discuss</b> {escape(slide.question)}</p>' if slide.question else ""
    )
    figure = _figure(slide.picture, drawn(slide.picture)) if slide.picture else ""
    notes = f"{slide.notes}{links}"
    folded = (
        f'<details class="notes"><summary>Notes</summary><div>{notes}</div></details>'
        if notes
        else ""
    )
    return (
        f'<section class="{slide.kind}" id="slide-{number}" aria-labelledby="s{number} n{number}">'
        f'<div class="face">{heading}{slide.body}{figure}{question}</div>'
        f'<p class="number" id="n{number}"><span class="hidden">Slide </span>{number} / {count}</p>'
        f"{folded}</section>"
    )


def _figure(picture: Picture, images: Sequence[Drawn]) -> str:
    alt = escape(picture.alt)
    shown = "".join(_image(image, alt) for image in images)
    words = f'<p class="in-words">{alt}</p>'
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    return f"<figure>{shown or words}{caption}</figure>"


def _image(image: Drawn, alt: str) -> str:
    look = f' class="{image.look}"' if image.look else ""
    size = f' width="{image.size[0]}" height="{image.size[1]}"' if image.size else ""
    # Those of a site come when their slide is near.
    lazy = "" if image.address.startswith("data:") else ' loading="lazy"'
    return f'<img src="{escape(image.address)}" alt="{alt}"{look}{size}{lazy}>'
