"""Give each notebook cell that keeps its output the execution count 1.

nbstripout clears all counts, and nbval takes a cell without one for a cell that never ran, and
so fails it when it has outputs. Used by pre-commit, after nbstripout.
"""

import sys
from pathlib import Path

import nbformat

for name in sys.argv[1:]:
    notebook = nbformat.read(name, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.outputs:
            cell.execution_count = 1
    text = nbformat.writes(notebook) + "\n"
    if text != Path(name).read_text(encoding="utf-8"):
        Path(name).write_text(text, encoding="utf-8", newline="\n")
