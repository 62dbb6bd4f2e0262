"""House rules for the modules of both packages."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator

import pytest

from tests.house.tree import PROJECT, modules, name_of, project_files

# A rule is a pure function of facts; what could make it another thing is not imported.
IMPURE = {"asyncio", "logging", "os", "random", "secrets", "socket", "subprocess", "threading", "time"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
VAGUE = {"manager", "helper", "helpers", "util", "utils", "engine", "processor", "handler"}
LINES_OF_CODE = 270
TABLES = {
    "cards/thresholds.py",
    "cards/citations.py",
    "cards/finding_words.py",
}  # a line an entry, read by looking up
LOCAL_CODE = re.compile(r"\d{3,6}-\d|\d{6,18}")


def imported(tree: ast.Module) -> Iterator[str]:
    """The top-level names of everything that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level or (node.module or "").split(".")[0]


def clock_calls(node: ast.AST) -> Iterator[str]:
    """Calls such as `datetime.now()` under a node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CLOCKS:
            owner = call.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in ("datetime", "date", "time", "dt"):
                yield f"{name}.{call.func.attr}"


def run_at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when a module loads: everything but the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from node.decorator_list
            yield from (default for default in (*node.args.defaults, *node.args.kw_defaults) if default)
        elif isinstance(node, ast.ClassDef):
            yield from node.decorator_list
            waiting.extend(node.body)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For):
            waiting.extend(ast.iter_child_nodes(node))
        elif not isinstance(node, ast.Lambda):
            yield node


def floats_made(tree: ast.Module) -> Iterator[int]:
    """Lines on which a value becomes a binary number; `float("inf")` as the end of a sort is none."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(), *_]):
                continue
            case ast.Call(func=ast.Name(id="float")):
                yield node.lineno


def lines_of_code(text: str) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    documented: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            documented.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (*silent, tokenize.ENDMARKER):
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - documented)


def test_cards_imports_the_standard_library_and_itself_only() -> None:
    allowed = (sys.stdlib_module_names - IMPURE) | {"cards"}
    found = [
        f"{name}: {one}" for name, tree in modules("cards") for one in imported(tree) if one not in allowed
    ]
    assert found == []


def test_no_rule_reads_a_clock() -> None:
    assert [f"{name}: {call}" for name, tree in modules("cards") for call in clock_calls(tree)] == []


def test_no_module_reads_a_clock_when_it_loads() -> None:
    found = [
        f"{name}: {call}"
        for name, tree in modules("cards", "cds_service")
        for node in run_at_import(tree)
        for call in clock_calls(node)
    ]
    assert found == []


def test_values_are_never_floats() -> None:
    places = ("cards", "cds_service/facts", "cds_service/fhir")
    assert [f"{name}:{line}" for name, tree in modules(*places) for line in floats_made(tree)] == []


def test_every_module_says_what_it_is() -> None:
    found = [name for name, tree in modules("cards", "cds_service") if not ast.get_docstring(tree)]
    assert found == []


def test_modules_stay_readable_in_one_sitting() -> None:
    sizes = {
        name_of(path): lines_of_code(path.read_text(encoding="utf-8"))
        for path in project_files()
        if name_of(path).startswith(("cards/", "cds_service/")) and path.suffix == ".py"
    }
    assert {n: lines for n, lines in sizes.items() if lines > LINES_OF_CODE and n not in TABLES} == {}


def test_names_say_what_a_thing_does() -> None:
    found = []
    for name, tree in modules("cards", "cds_service"):
        defined = [n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        for one in (name.rpartition("/")[2].removesuffix(".py"), *defined):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one).lower().split("_")
            found += [f"{name}: {one}" for word in words if word in VAGUE]
    assert found == []


def test_every_code_that_a_rule_names_stands_in_a_value_set() -> None:
    listed = "\n".join(
        path.read_text(encoding="utf-8") for path in (PROJECT / "cards/valuesets").glob("*.json")
    )
    found = [
        f"{name}: {node.value}"
        for name, tree in modules("cards", "cds_service")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and LOCAL_CODE.fullmatch(node.value)
        if f'"{node.value}"' not in listed
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nNOW = datetime.now()",
        "import datetime\nclass A:\n    made = datetime.datetime.now(datetime.UTC)",
        "import time\ndef wait(until=time.time()): ...",
        "import time\nif True:\n    START = time.monotonic()",
    ],
)
def test_a_clock_read_at_import_is_seen(source: str) -> None:
    tree = ast.parse(source)
    assert [call for node in run_at_import(tree) for call in clock_calls(node)] != []


def test_a_clock_read_in_a_function_is_no_clock_read_at_import() -> None:
    tree = ast.parse("from datetime import datetime\ndef stamp():\n    return datetime.now()")
    assert [call for node in run_at_import(tree) for call in clock_calls(node)] == []
    assert list(clock_calls(tree)) == ["datetime.now"]


def test_lines_of_code_are_neither_blank_nor_words() -> None:
    words = '"""Says."""\n\n# why\nx = 1\n\n\ndef f():\n    """Says\n    more."""\n'
    assert lines_of_code(words) == 2
    assert lines_of_code(words + "    return (\n        1\n    )\n") == 5


def test_a_value_made_a_float_is_seen() -> None:
    assert list(floats_made(ast.parse('float(value)\nfloat("inf")\nDecimal("1")\nfloat(x.y)'))) == [1, 4]
