# SPDX-License-Identifier: Apache-2.0
"""What the package says in errors beside the catalogue: the sentences that are filled into a reason or a remedy, read
from the source.

A sentence is followed from the error to where it is written: through a name, a table, a branch, what a function
answers, a field, and the parameter of a function that makes or raises the error. `{}` stands for what is filled in, and
what is filled in is followed too. Names are followed, not types: it finds some that never reach an error.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from answerable.errors import CATALOGUE
from answerable.errors.details import PROSE
from tests.house.tree import SOURCE, dotted, modules, syntax

ERRORS = frozenset({"Refused", "Unavailable", "VerificationError"})
# What is raised inside and shown by whoever catches it, with `str(error)`.
INNER = frozenset(
    {"ArgumentTypeError", "FileExistsError", "FileNotFoundError", "ImportError", "LookupError", "OSError",
     "PermissionError", "TimeoutError", "ValueError", "Wrong"}
)  # fmt: skip
MAKES = ERRORS | {"AnswerableError", "NoReturn"}  # what a function that makes or raises an error says it returns
FIELDS = frozenset({"detail", "error", "failure", "problem", "problems", "why", "words", "wrong"})
PASS_ON = frozenset({"extend", "format", "get", "items", "join", "list", "sorted", "str", "tuple", "values"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One file: its functions, classes, and what its names and fields are given."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = dotted(path)
        self.around: dict[ast.AST, tuple[Function, ...]] = {}
        self.functions: list[Function] = []
        self.fields_of: dict[str, list[str]] = {}  # a class: what it is made of, in order
        self.makes: dict[Function, str] = {}  # an __init__: its class
        self.imported: dict[str, str] = {}  # a name: the module that it comes from
        self.given: dict[str, list[ast.expr]] = defaultdict(list)
        self.fields: dict[str, list[ast.expr]] = defaultdict(list)
        self._enter(syntax(path), ())

    def _enter(self, node: ast.AST, around: tuple[Function, ...]) -> None:
        self.around[node] = around
        if isinstance(node, ast.ImportFrom):
            self.imported |= {each.asname or each.name: node.module or "" for each in node.names}
        elif isinstance(node, Function):
            self.functions.append(node)
            around = (node, *around)
        elif isinstance(node, ast.ClassDef):
            self.makes |= {each: node.name for each in node.body if isinstance(each, Function)
                           and each.name == "__init__"}  # fmt: skip
            self.fields_of[node.name] = [
                each.target.id
                for each in node.body
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
            ]
        for target, value in assigned(node):
            if isinstance(target, ast.Attribute):
                self.fields[target.attr].append(value)
            elif isinstance(target, ast.Name) and not around:
                self.given[target.id].append(value)
        for child in ast.iter_child_nodes(node):
            self._enter(child, around)


Found = tuple[Module, ast.expr | None]


class Said:
    """All sentences, with the places where they are written."""

    def __init__(self) -> None:
        self.modules = [Module(path) for path in modules() if not path.is_relative_to(SOURCE / "errors")]
        self.places: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        self._calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        self._seen: set[ast.expr] = set()
        for module in self.modules:
            for function in module.functions:
                self._named[function.name].append((module, function))
            for node in module.around:
                if isinstance(node, ast.Call):
                    self._calls[called(node)].append((module, node))
        for module, call in [each for calls in self._calls.values() for each in calls]:
            if raises(call):
                self._follow((module, each.value) for each in call.keywords if each.arg in PROSE)
        for name in INNER:
            for module, call in self._calls[name]:
                self._follow((module, value) for value in call.args)

    def _follow(self, first: Iterator[Found]) -> None:
        waiting = list(first)
        while waiting:
            module, node = waiting.pop()
            if node is None or node in self._seen:
                continue
            self._seen.add(node)
            if (text := template(node)) is not None:
                self.places[text].add(f"{module.path.relative_to(SOURCE)}:{node.lineno}")
            waiting += self._onward(module, node)

    def _onward(self, module: Module, node: ast.expr) -> Iterator[Found]:
        match node:
            case ast.Name():
                yield from self._name(module, node)
            case ast.Attribute(attr=name) if name in FIELDS:
                yield from self._field(module, name)
            case ast.Call():
                yield from self._answer(module, node)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                yield from ((module, value) for value in (node.elt, *(each.iter for each in node.generators)))
            case ast.Attribute() | ast.Compare() | ast.Constant():
                pass
            case ast.Subscript() | ast.FormattedValue():
                yield module, node.value
            case ast.JoinedStr():
                yield from ((module, part) for part in node.values if isinstance(part, ast.FormattedValue))
            case ast.BinOp() if template(node) is not None:
                sides = (node.left, node.right)
                yield from ((module, side) for side in sides if template(side) is None)
            case ast.IfExp():
                yield from ((module, value) for value in (node.body, node.orelse))
            case _:
                yield from ((module, each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))

    def _name(self, module: Module, node: ast.Name) -> Iterator[Found]:
        for function in module.around.get(node, ()):
            local = local_to(function).get(node.id, [])
            yield from ((module, value) for value in local)
            if node.id in parameters(function):
                yield from self._handed(module, function, node.id)
                return
            if local:
                return
        homes = [module]
        if node.id not in module.given:
            homes = [each for each in self.modules if each.name == module.imported.get(node.id)]
        yield from ((home, value) for home in homes for value in home.given.get(node.id, ()))

    def _handed(self, home: Module, function: Function, parameter: str) -> Iterator[Found]:
        """What callers give for a parameter."""
        names = parameters(function)
        at = names.index(parameter) - (names[0] in {"self", "cls"})
        name = home.makes.get(function, function.name)
        for module, call in self._calls[name]:
            if self._is(module, call, home, function):
                yield from ((module, each.value) for each in call.keywords if each.arg == parameter)
                if 0 <= at < len(call.args):
                    yield module, call.args[at]

    def _is(self, module: Module, call: ast.Call, home: Module, function: Function) -> bool:
        """Whether a call is one of that function, as far as names tell."""
        if isinstance(call.func, ast.Name):
            return module is home or module.imported.get(call.func.id) == home.name
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            of = call.func.value.id
            if of in module.imported:
                return home.name in {module.imported[of], f"{module.imported[of]}.{of}"}
        makes = function.returns is not None and ast.unparse(function.returns).strip("'\"") in MAKES
        return makes or module is home or len(self._named[function.name]) == 1

    def _field(self, module: Module, name: str) -> Iterator[Found]:
        """What a field is given: by assignment in this module, or where its class is made."""
        yield from ((module, value) for value in module.fields.get(name, ()))
        for home in self.modules:
            for owner, fields in home.fields_of.items():
                if name in fields and (module is home or module.imported.get(owner) == home.name):
                    at = fields.index(name)
                    for other, call in self._calls[owner]:
                        yield from ((other, each.value) for each in call.keywords if each.arg == name)
                        if at < len(call.args):
                            yield other, call.args[at]

    def _answer(self, module: Module, call: ast.Call) -> Iterator[Found]:
        name = called(call)
        if name in PASS_ON:
            yield from ((module, value) for value in call.args)
            if isinstance(call.func, ast.Attribute):
                yield module, call.func.value
            return
        for home, function in self._named.get(name, ()):
            if self._is(module, call, home, function):
                for node in ast.walk(function):
                    if isinstance(node, ast.Return | ast.Yield):
                        yield home, node.value


def assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(target, value) of what a statement assigns; of a tuple each part."""
    match node:
        case ast.Assign():
            pairs = [(target, node.value) for target in node.targets]
        case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr() if node.value is not None:
            pairs = [(node.target, node.value)]
        case ast.For() | ast.comprehension():
            pairs = [(node.target, node.iter)]
        case ast.Call(func=ast.Attribute(value=ast.Name() as grown, attr="append" | "extend")):
            pairs = [(grown, value) for value in node.args]
        case _:
            return
    for target, value in pairs:
        for part in target.elts if isinstance(target, ast.Tuple) else (target,):
            yield part, value


@functools.cache
def local_to(function: Function) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(function):
        for target, value in assigned(node):
            if isinstance(target, ast.Name):
                found[target.id].append(value)
    return found


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def raises(call: ast.Call) -> bool:
    """Whether a call makes an error: by its class, or by a code of the catalogue that comes first."""
    first = call.args[0] if call.args else None
    return called(call) in ERRORS or (isinstance(first, ast.Constant) and first.value in CATALOGUE)


def parameters(function: Function) -> list[str]:
    each = function.args
    return [arg.arg for arg in (*each.posonlyargs, *each.args, *each.kwonlyargs)]


def template(node: ast.AST) -> str | None:
    """A text as it is written, `{}` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [template(side) for side in (node.left, node.right)]
        return None if sides == [None, None] else "".join("{}" if side is None else side for side in sides)
    return None


@functools.cache
def sentences() -> dict[str, str]:
    """What is filled into errors: the text, and the first place where it is written."""
    return {text: min(places) for text, places in sorted(Said().places.items())}


@functools.cache
def written() -> str:
    """All texts of the package outside its errors, one after another."""
    paths = (path for path in modules() if not path.is_relative_to(SOURCE / "errors"))
    return "\n".join(text for path in paths for node in ast.walk(syntax(path)) if (text := template(node)) is not None)
