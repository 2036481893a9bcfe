"""Documents of JSON through Python and through the page: equal values, equal complaints."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from bigimg_lessons.inspection import json_values
from bigimg_lessons.widgets.base import JS
from tests.node import Evaluate, Node

DOCUMENTS = [
    '{"a": 1, "b": 1.0, "c": -0, "d": 1e3, "e": -0.0, "f": 1E-7, "g": 5e-324, "h": 1e400}',
    '{"a": 9007199254740991, "b": 9007199254740993, "c": -123456789012345678901234567890}',
    '{"a": NaN, "b": [Infinity, -Infinity], "c": null, "d": true, "e": false}',
    '{"a": "µm é \\u00b5 \\ud83d\\ude00 \\" \\\\ \\/ \\b\\f\\n\\r\\t", "": {}, "b": []}',
    '{"a": 1, "a": 2, "__proto__": 3, "constructor": {"toString": []}}',
    ' \t\r\n{ "a" : [ 1 , [ ] , { } ] }\n',
    '{"a": 1e16, "b": 123456789.125, "c": 1e-5, "d": 0.0001, "e": 1e22, "f": 1.5e-10, "g": 1e15}',
    '{"a": "it\'s", "b": "it\'s \\"so\\"", "c": "tab\\tand \\u0001 \\u00a0 \\u200b \\ud800"}',
    "\ufeff{}",
]
WRONG = [
    "", " ", "{", "[", '{"a"', '{"a":', '{"a": 1', '{"a": 1 "b"', "{1: 2}", "{'a': 1}", "[1 2]",
    '["a', '["a\n"]', '["\\x"]', '["\\u12"]', '["\\u12g4"]', '["\\u1234', "[01]", "[-]", "[1.]",
    "[.5]", "[+1]", "[nul]", "[NaNo]", '{"a": 1} x', '{"a": 1}\n\n  }', "no", "[1e]", "[--1]",
    '{"µ": 1,\n "é" 2}', '["\\', '["\t"]', "{]", "[}", '{"a" 1}', "[1,, 2]", '{"a": 1,, "b": 2}',
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(node: Node) -> Evaluate:
    names = ("json_parsing", "json_values", "python_text", "dtypes")
    paths = [JS / "inspection" / f"{name}.js" for name in names]
    return node.source("json", "".join(f'export * from "{path.as_uri()}";\n' for path in paths))


PARSE = """(text) => {
  const plain = text.codePointAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return pythonRepr(parseJson(plain));
  } catch (error) {
    return error.message;
  }
}"""


@pytest.mark.parametrize("text", DOCUMENTS)
def test_values_are_equal(text, modules):
    assert modules(PARSE, text) == repr(json.loads(text.encode()))


@pytest.mark.parametrize("text", WRONG)
def test_complaints_are_equal(text, modules):
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text.encode())
    assert modules(PARSE, text) == str(caught.value)


def test_a_comma_at_the_end_is_wrong(modules):
    """Python 3.13 says of it what it is; those before, and the page, what they expected there."""
    said = "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"
    assert modules(PARSE, '{"a": 1,}') == said
    if sys.version_info < (3, 13):
        with pytest.raises(json.JSONDecodeError) as caught:
            json.loads('{"a": 1,}')
        assert str(caught.value) == said


def test_depth_and_digits_have_limits(modules):
    script = "(text) => { try { parseJson(text); return ''; } catch (e) { return e.message; } }"
    assert modules(script, "[" * 100_000).startswith("maximum recursion depth exceeded")
    assert modules(script, "[" * 800 + "]" * 800) == ""
    assert modules(script, "9" * 5000).startswith("Exceeds the limit (4300 digits)")


VALUES = """(text) => [...parseJson(text)].map((value) => [
  asText(value),
  asNumber(value),
  asExtents(value),
  asItems(value).length,
  asObject(value).size,
])"""


def test_each_value_is_of_the_type_that_is_wanted(modules):
    text = (
        '[null, true, 0, 1, -1, 1.5, NaN, Infinity, 1e999, "", "x", [], [1, 2], [1, 2.0],'
        ' [1, true], [0], [9007199254740992], [9007199254740991], {"a": 1},'
        " {}, [[1]], 9007199254740993]"
    )
    long = json.loads(text)
    right = [
        [
            json_values.text(value),
            json_values.number(value),
            None if (found := json_values.extents(value)) is None else list(found),
            len(json_values.items(value)),
            len(json_values.mapping(value)),
        ]
        for value in long
    ]
    assert modules(VALUES, text) == right


def test_a_document_that_is_none_is_refused(modules):
    script = """(hex) => {
      const content = Uint8Array.from(Buffer.from(hex, "hex"));
      try { parsedObject(content, "a.json"); return ""; } catch (error) { return error.message; }
    }"""
    assert modules(script, b"[1]".hex()) == "a.json should hold an object of JSON, and does not."
    said = "a.json is no JSON (its bytes are not UTF-8): the file is damaged."
    assert modules(script, b'{"a": "\xff"}'.hex()) == said
    assert modules(script, b"\xef\xbb\xbf{}".hex()) == ""


DTYPES = [
    "<u2", ">i4", "|u1", "|b1", "<f4", "=f8", "uint16", "int8", "bool", "float16", "complex64",
    "<c16", "<M8[ns]", "<m8[s]", "<M8", "|S10", "<U5", "|V4", "|S", "u2", "B", "H", "?", "<H", "|O",
    "object", "<u3", "<x2", "None", "", "uint128", "constructor", "b1", "f", "double",
    "[['a', '<u2']]", "<u22", "u", "float", "r16", "string", "<uint16", "datetime64[ns]",
]  # fmt: skip


@pytest.mark.parametrize("text", DTYPES)
def test_types_are_named_as_numpy_names_them(text, modules):
    try:
        dtype = np.dtype(text)
    except TypeError:
        right = None
    else:
        right = {"name": dtype.name, "itemSize": dtype.itemsize}
    assert modules("(text) => dtypeNamed(text)", text) == right
