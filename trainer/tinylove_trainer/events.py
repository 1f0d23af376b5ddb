"""The trainer's output: events on stdout, one JSON object per line; everything for people on stderr."""

import json
import math
import os
import sys
from typing import Any


class UserError(Exception):
    """A problem that the user can fix: what is wrong in one line (`message`), and what to do (`hint`)."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_first_process() -> bool:
    """Whether this process writes the events: of many processes on many machines, the one with rank 0."""
    return os.environ.get("RANK", "0") == "0"


def emit(event: str, **fields: Any) -> None:
    """Writes one event, only from the first process. A reader of the pipe gets it at once and whole.

    It goes to the original stdout, since `main` sends what libraries print to stderr.
    """
    if is_first_process():
        stdout = sys.__stdout__ or sys.stdout
        stdout.write(json.dumps(finite({"event": event, **fields}), ensure_ascii=False) + "\n")
        stdout.flush()


def report_error(message: str, hint: str) -> None:
    """Writes an error: an event from the first process, a line for people from the others."""
    emit("error", message=message, hint=hint)
    if not is_first_process():
        print(f"rank {os.environ['RANK']}: {message} {hint}", file=sys.stderr, flush=True)


def finite(value: Any) -> Any:
    """The same value with None for every number that JSON cannot represent, such as the loss of a run that diverged."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def note(text: str) -> None:
    """Prints a line for people who watch."""
    if is_first_process():
        print(text, file=sys.stderr, flush=True)
