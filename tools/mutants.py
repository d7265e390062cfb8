"""Mutants: every small change of a source file that a test ought to notice.

A mutant is one change of the syntax tree: a boundary, an operator, a constant, a value or statement left out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Pow: ast.Mult,
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Place:
    """Where a node hangs: in a field of its parent, at a place of the list there (None: it is no list)."""

    parent: ast.AST
    name: str
    at: int | None

    def put(self, node: ast.AST) -> None:
        """Hang this node there."""
        if self.at is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.at] = node


@dataclass(frozen=True)
class Mutant:
    """One change: in which line, within which function ("" is the module itself), from what to what."""

    file: str
    line: int
    function: str
    node: ast.AST
    changed: ast.AST
    place: Place
    tree: ast.Module

    @property
    def old(self) -> str:
        """What stands there."""
        return shown(self.node)

    @property
    def new(self) -> str:
        """What stands there instead."""
        return shown(self.changed)

    @contextmanager
    def made(self) -> Iterator[ast.Module]:
        """The whole file with this one change, for as long as it is looked at."""
        self.place.put(self.changed)
        try:
            ast.fix_missing_locations(self.changed)
            yield self.tree
        finally:
            self.place.put(self.node)


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """All mutants of a file, from its top to its end."""
    tree = ast.parse(source)
    for node, place, function in list(nodes(tree)):
        for changed in changes(node):
            yield Mutant(file, node.lineno, function, node, changed, place, tree)


def nodes(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, Place, str]]:
    """What may be changed, where it hangs, and the outermost function it stands in."""

    def below(node: ast.AST, inside: str, path: str) -> Iterator[tuple[ast.expr | ast.stmt, Place, str]]:
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"} or spoken(node):
                continue
            deeper, within = inside, path
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                within = f"{path}.{node.name}".lstrip(".")
            if isinstance(node, ast.FunctionDef) and name == "body":
                deeper = inside or within
            for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if names_a_type(node, name, at):
                    continue
                if isinstance(child, ast.expr | ast.stmt) and not is_docstring(child) and not is_alias(child):
                    yield child, Place(node, name, at), deeper
                if isinstance(child, ast.AST) and not is_docstring(child):
                    yield from below(child, deeper, within)

    yield from below(tree, "", "")


def spoken(node: ast.AST) -> bool:
    """Words to a reader, names of types, statements to the type checker: no behaviour of the program."""
    return isinstance(node, ast.Raise | ast.Assert | ast.ImportFrom | ast.Import) or is_alias(node)


def names_a_type(node: ast.AST, name: str, at: int | None) -> bool:
    """Whether a part of a call is a type, told to the type checker alone."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
    return called in {"cast", "TypeVar"} and name == "args" and at == 0


def is_alias(node: ast.AST) -> bool:
    """Whether a statement names a type."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)):
        return False
    return ast.unparse(node.value.value) in {"tuple", "Callable", "dict"}


def is_docstring(node: ast.AST) -> bool:
    """Whether a statement is nothing but a text."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def shown(node: ast.AST) -> str:
    """A node in one line, not too long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


def changes(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    """What may stand in the place of a node."""
    for changed in of_statement(node) if isinstance(node, ast.stmt) else of_expression(node):
        ast.copy_location(changed, node)
        yield changed


def but(node: Any, **fields: object) -> Any:
    """The node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def without(node: ast.AST, name: str, least: int = 0) -> Iterator[Any]:
    """The node with one of a list of its parts left out, each in turn."""
    parts = getattr(node, name)
    for at in range(len(parts) if len(parts) > least else 0):
        yield but(node, **{name: parts[:at] + parts[at + 1 :]})


def of_statement(node: ast.stmt) -> Iterator[ast.stmt]:
    """A statement left out, a return without its value, a case less, a condition turned round."""
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield but(node, value=ast.Constant(None))
        case ast.Return(value=ast.Constant(value=str() | True)):
            yield but(node, value=ast.Constant(None))
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.If() | ast.While():
            yield but(node, test=ast.Constant(False))
            if isinstance(node, ast.If):
                yield but(node, test=ast.Constant(True))
        case ast.Match():
            yield from without(node, "cases", least=1)
            for at, case in enumerate(node.cases):
                if case.guard is not None:
                    bare = but(case, guard=None)
                    yield but(node, cases=[*node.cases[:at], bare, *node.cases[at + 1 :]])


def of_expression(node: ast.expr) -> Iterator[ast.expr]:
    """Boundaries, operators, constants, parts."""
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in COMPARED[type(op)]:
                    yield but(node, ops=[*ops[:at], other(), *ops[at + 1 :]])
        case ast.BoolOp(op=op, values=values):
            yield but(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                yield rest[0] if len(rest) == 1 else but(node, values=rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.BinOp(op=op) if type(op) in COUNTED:
            yield but(node, op=COUNTED[type(op)]())
        case ast.Constant():
            yield from of_constant(node)
        case ast.Call():
            yield from of_call(node)
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
            yield from without(node, "elts")
        case ast.Dict(keys=keys):
            for at in range(len(keys)):
                yield but(
                    node, keys=keys[:at] + keys[at + 1 :], values=node.values[:at] + node.values[at + 1 :]
                )
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            for at, part in enumerate(node.generators):
                for fewer in without(part, "ifs"):
                    yield but(node, generators=[*node.generators[:at], fewer, *node.generators[at + 1 :]])
        case ast.Slice(lower=lower, upper=upper):
            yield from (
                but(node, **{name: None}) for name, end in (("lower", lower), ("upper", upper)) if end
            )


def of_constant(node: ast.Constant) -> Iterator[ast.expr]:
    """A number one more and one less, a text a letter longer, true for false."""
    match node.value:
        case bool() as value:
            yield but(node, value=not value)
        case int() as value:
            yield but(node, value=value + 1)
            yield but(node, value=value - 1)
        case str() as value:
            yield but(node, value=f"{value}x")
        case bytes() as value:
            yield but(node, value=value + b"x")


def of_call(node: ast.Call) -> Iterator[ast.expr]:
    """A keyword left out, two arguments exchanged, the least taken for the most."""
    yield from without(node, "keywords")
    commutes = isinstance(node.func, ast.Name) and node.func.id in {*CALLED, "cast"}
    if len(node.args) > 1 and not commutes and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        yield but(node, args=[node.args[1], node.args[0], *node.args[2:]])
    if isinstance(node.func, ast.Name) and node.func.id in CALLED:
        yield but(node, func=ast.Name(CALLED[node.func.id], ast.Load()))
