"""The code cells of the notebooks: what each sets and takes, and running them in any order."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = tuple(path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb")))


@dataclass(frozen=True)
class Cell:
    """A code cell; `states` is the text that it must print, ``None`` if any will do."""

    id: str
    source: str
    states: str | None
    sets: frozenset[str]
    takes: frozenset[str]


@cache
def cells_of(lesson: str) -> dict[str, Cell]:
    """Return the code cells of a notebook, by their names, in its order."""
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            names = _Names()
            names.visit(ast.parse(cell.source))
            checked = "nbval-check-output" in cell.metadata.get("tags", [])
            states = "".join(output.get("text", "") for output in cell.outputs) if checked else None
            takes = names.takes - set(dir(builtins))
            found[cell.id] = Cell(
                cell.id, cell.source, states, frozenset(names.sets), frozenset(takes)
            )
    return found


def checked_cells(
    lesson: str, *, without: Iterable[str] = (), through: str | None = None
) -> list[str]:
    """Return the checked cells of a notebook and those that they need, in its order.

    Parameters
    ----------
    lesson
        Name of the notebook.
    without
        Names that cells must not need, since what they do takes too long.
    through
        A name that cells must need, if one is given; cells that take it themselves are among
        them, checked or not.
    """
    cells = cells_of(lesson)
    maker = {name: cell for cell in cells.values() for name in cell.sets}
    needs: dict[str, set[str]] = {}
    for cell in cells.values():  # in order, and what a cell takes was made before
        makers = {maker[name].id for name in cell.takes} - {cell.id}
        needs[cell.id] = {cell.id}.union(*(needs[identifier] for identifier in makers))
    slow = {cell.id for cell in cells.values() if cell.takes & set(without)}
    asked = {cell.id for cell in cells.values() if through is None or through in cell.takes}
    wanted = [
        needs[cell.id]
        for cell in cells.values()
        if (cell.states is not None or through in cell.takes)
        and not needs[cell.id] & slow
        and needs[cell.id] & asked
    ]
    return [identifier for identifier in cells if identifier in set().union(*wanted)]


def wrong(lesson: str, printed: Iterable[tuple[str, str]]) -> list[str]:
    """Describe what cells have printed otherwise than the notebook states."""
    cells = cells_of(lesson)
    return [
        f"{lesson}, cell {identifier!r} (run {count}): {text!r}, not {cells[identifier].states!r}"
        for count, (identifier, text) in enumerate(printed)
        if cells[identifier].states not in (None, text)
    ]


class _Names(ast.NodeVisitor):
    """Finds the names that a cell sets, and those that it takes from other cells.

    What a function takes when it is called counts as taken where it is defined.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.sets = set(known)
        self.takes: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.sets.add(node.id)
        elif node.id not in self.sets:
            self.takes.add(node.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.sets |= {(name.asname or name.name).partition(".")[0] for name in node.names}

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_Assign(self, node: ast.Assign) -> None:
        self._visit_all(node.value, *node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.sets:
            self.takes.add(node.target.id)
        self._visit_all(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        self._visit_all(node.iter, node.target, *node.body, *node.orelse)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._visit_all(*filter(None, [node.type]))
        self._visit_inside(*node.body, known=filter(None, [node.name]))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        defaults = [default for default in node.args.kw_defaults if default is not None]
        self._visit_all(*node.decorator_list, *node.args.defaults, *defaults)
        self.sets.add(node.name)
        self._visit_inside(*node.body, known=_arguments(node.args))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_inside(node.body, known=_arguments(node.args))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(*node.bases)
        self.sets.add(node.name)
        self._visit_inside(*node.body)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._visit_inside(*_loops(node.generators), node.elt)

    visit_SetComp = visit_ListComp  # noqa: N815
    visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._visit_inside(*_loops(node.generators), node.key, node.value)

    def _visit_all(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)

    def _visit_inside(self, *nodes: ast.AST, known: Iterable[str] = ()) -> None:
        """Visit what has names of its own."""
        inside = _Names({*self.sets, *known})
        inside._visit_all(*nodes)
        self.takes |= inside.takes


def _arguments(arguments: ast.arguments) -> list[str]:
    several = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return [
        argument.arg
        for argument in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *several,
        )
    ]


def _loops(generators: list[ast.comprehension]) -> Iterator[ast.AST]:
    for generator in generators:
        yield from (generator.iter, generator.target, *generator.ifs)


def run(lesson: str, identifiers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Run cells of a notebook one after the other; yield the name of each and what it prints."""
    import matplotlib as mpl

    cells = cells_of(lesson)
    names: dict[str, object] = {"__name__": "__main__"}
    with mpl.rc_context({"backend": "agg", "figure.max_open_warning": 0}):
        for identifier in identifiers:
            code = compile(cells[identifier].source, f"{lesson}/{identifier}", "exec")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(code, names)  # noqa: S102 (our own cells)
            if "plt" in names:
                names["plt"].close("all")  # type: ignore[attr-defined]
            yield identifier, out.getvalue()
