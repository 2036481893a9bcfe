"""What is in a reader's file: inspected where the page is, in the browser."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

import traitlets

from bigimg_lessons.costs.remarks import MODEL_ERROR
from bigimg_lessons.inspection.verdicts import RULES, rules_as_json
from bigimg_lessons.samples.example_files import Example, examples
from bigimg_lessons.widgets.base import Widget
from bigimg_lessons.widgets.chunk_explorer import OFFERED


def _sent(example: Example) -> dict[str, Any]:
    files = {path: b64encode(content).decode() for path, content in example.files.items()}
    return {"name": example.name, "title": example.title, "files": files}


class FileReport(Widget, front="file_report/file_report.js"):
    """Drop a file, choose a folder or give an address: what is in it, and what is to mend.

    The report is that of ``bigimg inspect``. All of it happens in the browser, in Jupyter too: no
    file is sent to a server or to Python, and no kernel is needed.

    Examples
    --------
    >>> [example["name"] for example in FileReport().examples]
    ['stack.tif', 'labels.ome.zarr', 'cells.ome.zarr']
    """

    rules = traitlets.Dict(read_only=True).tag(sync=True)
    caution = traitlets.Unicode(MODEL_ERROR, read_only=True).tag(sync=True)
    explorer = traitlets.Dict(dict(OFFERED), read_only=True).tag(sync=True)
    examples: traitlets.List[dict[str, Any]] = traitlets.List(read_only=True).tag(sync=True)

    @traitlets.default("rules")
    def _default_rules(self) -> dict[str, Any]:
        return dict(rules_as_json())

    @traitlets.default("examples")
    def _default_examples(self) -> list[dict[str, Any]]:
        return [*map(_sent, examples())]

    def __repr__(self) -> str:
        return (
            "A form for a file of yours: what is in it, what reading costs, what to mend. It works "
            "in Jupyter and on the page of the book."
        )

    def _plain_html(self) -> str:
        """Return what to do where no script runs, and all verdicts that there are."""
        rows = "".join(
            f'<tr><th scope="row">{escape(rule.name)}</th><td>{escape(rule.weight)}</td>'
            f"<td>{escape(rule.remedy)}</td></tr>"
            for rule in RULES
        )
        head = "".join(f'<th scope="col">{text}</th>' for text in ("Verdict", "Weight", "Remedy"))
        return (
            '<div class="br"><p class="br-title">What is in my file?</p><p>With JavaScript, this '
            "page reads a file of yours in your browser. Without, the command "
            "<code>bigimg inspect FILE</code> tells the same.</p><table><caption>What may be to "
            f"mend</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
