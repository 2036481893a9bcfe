"""Sphinx extension: what a lesson is, said to machines, as JSON-LD in its page.

It follows the profile *TrainingMaterial* of Bioschemas, which is made for schema.org's
``LearningResource``: https://bioschemas.org/profiles/TrainingMaterial/1.0-RELEASE. Each part has
one owner, and nothing is said twice:

- the lesson's card: what is learned, what is needed, how many minutes it takes;
- its question bank: the outcomes that its questions ask for;
- ``CITATION.cff``: authors, version, keywords;
- ``book/learning_resources.toml``: the rest.

``url`` and ``identifier`` need the book's address (``html_baseurl``; see `shared_links`), and are
left out where it is unknown; so is the time where a card gives none.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from bigimg_lessons.questions.bank import bank_names, load_bank

PROFILE = "https://bioschemas.org/profiles/TrainingMaterial/1.0-RELEASE"
_BOOK = Path(__file__).resolve().parents[1]
_EDAM = "http://edamontology.org"
_LESSON = re.compile(r"notebooks/(\w+)")
_NEEDED = ("You will learn", "You need", "It takes")


def card(doctree: nodes.document) -> dict[str, str]:
    """Return what a lesson's card says, by how each entry begins.

    Raises
    ------
    ValueError
        If there is no card, or an entry is missing.
    """
    cards = [one for one in doctree.findall(nodes.Element) if "lesson-card" in one["classes"]]
    entries = [item.astext() for one in cards[:1] for item in one.findall(nodes.list_item)]
    found = {
        words: " ".join(entry.split())
        for words in _NEEDED
        for entry in entries
        if entry.startswith(words)
    }
    if missing := [words for words in _NEEDED if words not in found]:
        raise ValueError(
            f"The card of this lesson has no entry that begins with {' or '.join(missing)!r}: "
            "write one (:::{div} lesson-card)."
        )
    return found


def learning_resource(
    lesson: str, *, title: str, says: Mapping[str, str], url: str, book: Mapping[str, str]
) -> dict[str, Any]:
    """Return the description of a lesson.

    Parameters
    ----------
    lesson
        Name of its notebook, without the ending.
    title
        Of its page.
    says
        Its `card`.
    url
        Of its page; empty if that is unknown.
    book
        ``name`` and, if it is known, ``url`` of the book.
    """
    stated = tomllib.loads((_BOOK / "learning_resources.toml").read_text(encoding="utf-8"))
    cited = yaml.safe_load((_BOOK.parent / "CITATION.cff").read_text(encoding="utf-8"))
    own = stated["lessons"][lesson]
    minutes = re.search(r"It takes (\d+) minutes", says["It takes"])
    described = {
        "@context": "https://schema.org/",
        "@type": "LearningResource",
        "http://purl.org/dc/terms/conformsTo": {"@id": PROFILE, "@type": "CreativeWork"},
        "name": title,
        "description": says["You will learn"],
        "abstract": says["You will learn"],
        "keywords": [*own["keywords"], *cited["keywords"]],
        "about": list(map(_topic, stated["about"])),
        "audience": {"@type": "Audience", "audienceType": stated["audience"]},
        "author": list(map(_author, cited["authors"])),
        "competencyRequired": says["You need"],
        "educationalLevel": own["level"],
        "inLanguage": stated["language"],
        "learningResourceType": stated["kinds"],
        "license": stated["license"],
        "mentions": [{"@type": "Thing", "name": name} for name in own["mentions"]],
        "teaches": _outcomes(lesson) or says["You will learn"],
        "isPartOf": {"@type": "CreativeWork", **book},
        "version": cited["version"],
    }
    if minutes:
        described["timeRequired"] = f"PT{minutes[1]}M"
    if url:
        described |= {"@id": url, "url": url, "identifier": url}
    return described


def _topic(entry: Mapping[str, str]) -> dict[str, str]:
    url = f"{_EDAM}/{entry['code']}"
    return {
        "@type": "DefinedTerm",
        "@id": url,
        "inDefinedTermSet": _EDAM,
        "termCode": entry["code"],
        "name": entry["name"],
        "url": url,
    }


def _author(entry: Mapping[str, str]) -> dict[str, str]:
    """Return a person of a citation file, or an entity, which has one name alone."""
    if "name" in entry:
        return {"@type": "Organization", "name": entry["name"]}
    names = (entry.get("given-names"), entry.get("name-particle"), entry.get("family-names"))
    person = {"@type": "Person", "name": " ".join(filter(None, names))}
    return {**person, "@id": entry["orcid"]} if "orcid" in entry else person


def _outcomes(lesson: str) -> list[str]:
    """Return what the questions of a lesson ask for, each once; nothing if it has no bank."""
    if lesson not in bank_names():
        return []
    return list(dict.fromkeys(question.objective for question in load_bank(lesson).questions))


def _add(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    lesson = _LESSON.fullmatch(page)
    if doctree is None or lesson is None:
        return
    base = app.config.html_baseurl
    book = {"name": app.config.html_title or app.config.project}
    described = learning_resource(
        lesson[1],
        title=app.env.titles[page].astext(),
        says=card(doctree),
        url=urljoin(base, app.builder.get_target_uri(page)) if base else "",
        book={**book, "url": base} if base else book,
    )
    text = json.dumps(described, ensure_ascii=False).replace("<", "\\u003c")
    script = f'<script type="application/ld+json">{text}</script>\n'
    context["metatags"] = context.get("metatags", "") + script


def _watch(app: Sphinx, config: Config) -> None:
    # Pages are written again when one of these changes.
    names = (_BOOK / "learning_resources.toml", _BOOK.parent / "CITATION.cff")
    config.learning_resources = "".join(path.read_text(encoding="utf-8") for path in names)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("learning_resources", "", "html")
    app.connect("config-inited", _watch)
    app.connect("html-page-context", _add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
