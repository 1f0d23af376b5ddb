"""How the trainer speaks: one JSON object a line on stdout, everything for people on stderr."""

import json
import math
import os
import sys


class UserError(Exception):
    """Something a user can mend. Says in one line what is wrong (`message`) and what to do (`hint`)."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_first_process() -> bool:
    """Of many processes on many machines one speaks: the launcher gives it rank 0."""
    return os.environ.get("RANK", "0") == "0"


def emit(event: str, **fields) -> None:
    """Writes one event, from the first process alone. A reader of the pipe sees it at once, whole or not at all.

    It goes to the stdout that Python began with: `main` sends what libraries print to stderr.
    """
    if is_first_process():
        sys.__stdout__.write(json.dumps(finite({"event": event, **fields}), ensure_ascii=False) + "\n")
        sys.__stdout__.flush()


def tell(message: str, hint: str) -> None:
    """An error is an event of the first process; the others say theirs to people."""
    emit("error", message=message, hint=hint)
    if not is_first_process():
        print(f"rank {os.environ['RANK']}: {message} {hint}", file=sys.stderr, flush=True)


def finite(value):
    """The same, with null for what JSON has no number for: the loss of a run that diverged."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def note(text: str) -> None:
    """A line for a person who watches."""
    if is_first_process():
        print(text, file=sys.stderr, flush=True)
