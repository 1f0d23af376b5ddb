"""JSON Lines: one object a line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .events import UserError

Made = TypeVar("Made")


def read_lines(path: str, make: Callable[[dict], Made], missing: str, fields: str) -> list[Made]:
    """What `make` makes of each object in a UTF-8 file, or in stdin where `path` is `-`; empty lines are passed over.

    Lines end at a line feed alone: a story may hold U+2028, which JSON need not escape and `splitlines` cuts at. Throws
    where there is no file (`missing` is the hint) or a line is not what `make` takes (`fields`).
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
            raise UserError(f"{'stdin' if path == '-' else path}:{number} cannot be read ({type(problem).__name__}: {problem}).", f"Each line is a JSON object with {fields}.") from None
    return made
