"""Frozen dataclasses back from the JSON that `dataclasses.asdict` makes of them, every type checked on the way."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

_IN_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
    NoneType: "null",
}


def from_json(kind: Any, value: Any, where: str = "record") -> Any:
    """``value`` as a ``kind``.

    Args:
        kind: bool, int, float, str, a dataclass of such, ``X | None``, ``tuple[X, ...]``, ``tuple[X, Y]`` or
            ``dict[str, X]``. A field that the record lacks takes its default; what no field asks for is passed over.
        where: what the message calls the value.

    Raises:
        ValueError: something is missing or of another type, or a number is not finite.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        (other,) = (each for each in arguments if each is not NoneType)
        return None if value is None else from_json(other, value, where)
    if origin is tuple:
        return _tuple(arguments, _expect(list, value, where), where)
    if origin is dict:
        pairs = _expect(dict, value, where).items()
        return {key: from_json(arguments[1], each, f"{where}.{key}") for key, each in pairs}
    if is_dataclass(kind):
        return _dataclass(kind, _expect(dict, value, where), where)
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _wrong(float, value, where)
        return float(value)
    return _expect(kind, value, where)


def _tuple(kinds: tuple, values: list, where: str) -> tuple:
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(values)
    if len(values) != len(kinds):
        raise ValueError(f"{where}: expected {len(kinds)} values. Received: {len(values)}")
    return tuple(
        from_json(kind, each, f"{where}[{i}]") for i, (kind, each) in enumerate(zip(kinds, values, strict=True))
    )


def _dataclass(kind: type, value: dict, where: str) -> Any:
    hints, given = get_type_hints(kind), {}
    for field in fields(kind):
        if field.name in value:
            given[field.name] = from_json(hints[field.name], value[field.name], f"{where}.{field.name}")
        elif field.default is MISSING:
            raise ValueError(f"{where}.{field.name} is missing")
    return kind(**given)


def _expect(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong(kind, value, where)
    return value


def _wrong(kind: type, value: Any, where: str) -> ValueError:
    return ValueError(f"{where}: expected {_IN_WORDS[kind]}. Received: {value!r:.40}")
