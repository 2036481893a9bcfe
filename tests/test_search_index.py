"""The search index of a book that is built more than once."""

import json

import pytest

from tests.sphinx_project import build_project

TERMS = """
# Words

```{glossary}
shard
  Chunks in one file.

{term}
  Another.
```
"""


def entries(output):
    """Read what the search page loads: a call with one argument, which is JSON."""
    text = (output / "html" / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text[text.index("(") + 1 : text.rindex(")")])["indexentries"]


@pytest.mark.parametrize("changed", ["index.md", "words.md", None])
def test_terms_are_found_after_a_second_build(tmp_path, changed):
    source, output = tmp_path / "source", tmp_path / "built"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['myst_parser', 'section_search']")
    (source / "index.md").write_text("# Home\n\n```{toctree}\nwords\n```\n")
    (source / "words.md").write_text(TERMS.replace("{term}", "strip"))
    build_project(source, output)
    assert sorted(entries(output)) == ["shard", "strip"]
    if changed == "index.md":
        (source / changed).write_text("# House\n\n```{toctree}\nwords\n```\n")
    elif changed:
        (source / changed).write_text(TERMS.replace("{term}", "tile"))
    build_project(source, output)
    assert sorted(entries(output)) == ["shard", "tile" if changed == "words.md" else "strip"]
    assert "shard" in (output / "html" / "words.html").read_text(encoding="utf-8")
