"""What pages say to machines: descriptions of lessons, the list of pages, and how to cite."""

from __future__ import annotations

import json
import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import learning_resources
import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes

from bigimg_lessons.questions.bank import load_bank
from tests.sphinx_project import build_project

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
BASE = "https://example.org/big-images/"
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PAGE = "# {title}\n\n:::{{container}} lesson-card\n{card}\n:::\n\nText.\n"

# Properties of the profile TrainingMaterial 1.0-RELEASE, by how much they are wanted:
# https://github.com/BioSchemas/specifications, TrainingMaterial/jsonld, read in November 2026.
REQUIRED = {"description", "keywords", "name"}
RECOMMENDED = {
    "about", "abstract", "audience", "author", "competencyRequired", "educationalLevel",
    "identifier", "inLanguage", "learningResourceType", "license", "mentions", "teaches",
    "timeRequired", "url",
}  # fmt: skip
OPTIONAL = {"version", "isPartOf"}  # those that are given here
WITHOUT_MINUTES = {"07_check_yourself"}  # which takes as long as there are questions


def first_cell(lesson: str) -> tuple[str, str]:
    """Title of a lesson, and the entries of its card."""
    notebook = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    text = "".join(notebook["cells"][0]["source"])
    title, entries = re.findall(r"^# (.+)$|^((?:\* .+\n)+)", text, re.M)[:2]
    # Links lead to pages that this small book does not have.
    return title[0], re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", entries[1])


def build(folder: Path, base: str) -> Path:
    (folder / "notebooks").mkdir(parents=True)
    (folder / "conf.py").write_text(
        "project = html_title = 'Big <images>'\n"
        "extensions = ['myst_nb', 'shared_links', 'learning_resources', 'site_map']\n"
        "nb_execution_mode = 'off'\nmyst_enable_extensions = ['colon_fence']\n"
        f"html_theme = 'basic'\nhtml_baseurl = {base!r}\n",
        encoding="utf-8",
    )
    listed = "\n".join(f"notebooks/{lesson}" for lesson in LESSONS)
    (folder / "index.md").write_text(f"# Home\n\n```{{toctree}}\n{listed}\n```\n", "utf-8")
    for lesson in LESSONS:
        title, card = first_cell(lesson)
        page = PAGE.format(title=title, card=card)
        (folder / "notebooks" / f"{lesson}.md").write_text(page, encoding="utf-8")
    build_project(folder, folder / "out")
    return folder / "out" / "html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("book"), BASE)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with no address."""
    return build(tmp_path_factory.mktemp("elsewhere"), "")


def described(site: Path, page: str) -> list[dict[str, Any]]:
    soup = BeautifulSoup((site / f"{page}.html").read_bytes(), "html.parser")
    return [json.loads(tag.string) for tag in soup.select('script[type="application/ld+json"]')]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_all_that_the_profile_asks_for(site: Path, lesson: str) -> None:
    (found,) = described(site, f"notebooks/{lesson}")
    wanted = REQUIRED | RECOMMENDED | OPTIONAL
    if lesson in WITHOUT_MINUTES:
        wanted -= {"timeRequired"}
    own = {name for name in found if name[0] != "@" and ":" not in name}
    assert own == wanted
    assert all(found[name] for name in own)
    assert found["@type"] == "LearningResource"
    assert found["http://purl.org/dc/terms/conformsTo"]["@id"].endswith("/1.0-RELEASE")
    title, card = first_cell(lesson)
    assert found["name"] == title
    assert found["url"] == found["@id"] == f"{BASE}notebooks/{lesson}.html"
    assert found["description"].startswith("You will learn ")
    assert found["version"] == CITED["version"]
    assert set(CITED["keywords"]) < set(found["keywords"])
    assert len(set(found["keywords"])) == len(found["keywords"])
    assert found["isPartOf"] == {"@type": "CreativeWork", "name": "Big <images>", "url": BASE}
    if lesson not in WITHOUT_MINUTES:
        (minutes,) = re.findall(r"\*\*It takes\*\* (\d+) minutes", card)
        assert found["timeRequired"] == f"PT{minutes}M"
        asked = {question.objective for question in load_bank(lesson).questions}
        assert set(found["teaches"]) == asked
        assert len(found["teaches"]) == len(asked)


def test_values_have_the_types_of_the_profile(site: Path) -> None:
    for lesson in LESSONS:
        (found,) = described(site, f"notebooks/{lesson}")
        for name in ("name", "description", "abstract", "educationalLevel", "url", "license"):
            assert isinstance(found[name], str), name
        for name, kind in (("about", "DefinedTerm"), ("mentions", "Thing")):
            assert {entry["@type"] for entry in found[name]} == {kind}
        assert found["educationalLevel"] in ("beginner", "intermediate", "advanced")
        assert found["audience"]["@type"] == "Audience"
        assert {entry["@type"] for entry in found["author"]} <= {"Person", "Organization"}


def test_only_lessons_are_described(site: Path) -> None:
    assert described(site, "index") == []


def test_what_is_unknown_without_an_address_is_left_out(elsewhere: Path) -> None:
    (found,) = described(elsewhere, "notebooks/02_store_in_pieces")
    assert {"url", "identifier", "@id"}.isdisjoint(found)
    assert found["isPartOf"] == {"@type": "CreativeWork", "name": "Big <images>"}
    assert not (elsewhere / "sitemap.xml").exists()


def test_the_site_map_lists_every_page_once(site: Path) -> None:
    root = ET.parse(site / "sitemap.xml").getroot()  # noqa: S314 - our own
    namespace = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert root.tag == f"{namespace}urlset"
    urls = [element.text for element in root.iter(f"{namespace}loc")]
    wanted = [f"{BASE}index.html", *(f"{BASE}notebooks/{lesson}.html" for lesson in LESSONS)]
    assert urls == wanted


def test_a_lesson_without_its_card_is_an_error() -> None:
    document = nodes.container("", classes=["lesson-card"])
    item = nodes.list_item("", nodes.paragraph("", "You will learn much."))
    document += nodes.bullet_list("", item)
    page = nodes.section("", document)
    with pytest.raises(ValueError, match="begins with 'You need or It takes': write one"):
        learning_resources.card(page)


def test_people_are_persons_and_groups_are_organizations() -> None:
    person = {"given-names": "Ada", "name-particle": "van", "family-names": "Dam"}
    orcid = "https://orcid.org/0000-0002-1825-0097"
    found = learning_resources._author({**person, "orcid": orcid})
    assert found == {"@type": "Person", "name": "Ada van Dam", "@id": orcid}
    assert learning_resources._author({"name": "All"}) == {"@type": "Organization", "name": "All"}


def test_every_lesson_has_an_entry_of_its_own() -> None:
    stated = tomllib.loads((ROOT / "book/learning_resources.toml").read_text(encoding="utf-8"))
    assert list(stated["lessons"]) == LESSONS


def test_the_archive_is_told_what_the_citation_says() -> None:
    archive = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert archive["title"] == CITED["title"]
    assert archive["description"] == CITED["abstract"]
    assert archive["license"] == CITED["license"]
    assert archive["keywords"] == CITED["keywords"]
    assert archive["upload_type"] == CITED["type"]
    names = [
        entry.get("name") or f"{entry['family-names']}, {entry['given-names']}"
        for entry in CITED["authors"]
    ]
    assert [entry["name"] for entry in archive["creators"]] == names
    assert [one["identifier"] for one in archive["related_identifiers"]] == [
        one["url"] for one in CITED["references"]
    ]
    assert "version" not in archive  # it is that of the release


def test_the_citation_has_what_its_format_requires() -> None:
    """What cff-version 1.2.0 requires; the hook *citation* asks cffconvert about all of it."""
    assert CITED["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type", "license", "version"} <= set(CITED)
