"""A scenario as TOML in one canonical form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from .settings import toml_text


def scenario_toml(scenario: BaseModel) -> str:
    """A scenario as TOML in one canonical form: what is not the default, in the order of the model."""
    told = scenario.model_dump(by_alias=True, exclude_defaults=True)
    plain = {key: value for key, value in told.items() if not isinstance(value, Mapping | tuple)}
    blocks = [_lines(plain)] if plain else []
    for key, value in told.items():
        if isinstance(value, Mapping):
            blocks.append([f"[{key}]", *_lines(value)])
        elif isinstance(value, tuple):
            blocks += [[f"[[{key}]]", *_lines(entry)] for entry in value]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n" if blocks else ""


def _lines(part: Mapping[str, Any]) -> list[str]:
    first = [key for key in ("kind", "name") if key in part]
    order = [*first, *(key for key in part if key not in first)]
    return [f"{key} = {_value(part[key])}" for key in order]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, Decimal):
        whole = value.to_integral_value()
        return str(int(whole)) if value == whole else f"{value.normalize():f}"
    return toml_text(value)


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else f'"{key}"'
