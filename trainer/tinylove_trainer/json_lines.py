"""JSON Lines: one object a line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from .events import UserError

Made = TypeVar("Made")


def read_lines(path: str, make: Callable[[dict[str, Any]], Made], missing: str, fields: str) -> list[Made]:
    """Reads a UTF-8 file, or stdin if `path` is `-`, and returns `make` of each object; empty lines are skipped.

    Only a line feed ends a line: a story may contain U+2028, which JSON need not escape and at which `splitlines` cuts.
    Raises UserError if there is no file (`missing` is the hint) or if `make` rejects a line (`fields` says what it needs).
    """
    if path != "-" and not Path(path).is_file():
        raise UserError(f"No such file: {path}.", missing)
    lines = (sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")).split("\n")
    made = []
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                made.append(make(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise UserError(
                f"{'stdin' if path == '-' else path}:{number} cannot be read ({type(problem).__name__}: {problem}).",
                f"Each line is a JSON object with {fields}.",
            ) from None
    return made
