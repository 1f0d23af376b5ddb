"""`python -m tinylove_trainer COMMAND --config FILE.json`: JSON in, JSON Lines out."""

import argparse
import contextlib
import errno
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from .events import UserError, report_error

COMMANDS = {
    "scratch": "make a small GPT-NeoX from texts",
    "tune": "continue the training of a model on a study's stories",
    "find-lr": "find the highest learning rate at which a model still learns",
    "prefer": "train a model towards the texts that readers preferred",
    "diagnose": "compare a tuned model with its base and with people",
    "sample": "write texts in batches",
    "export": "write merged weights, adapter, GGUF",
    "preflight": "check that nodes can reach each other",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tinylove_trainer",
        epilog="\n".join(f"{name:10} {about}" for name, about in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--config", required=True, help="a JSON file, or - for stdin")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=JSON", help="one setting that replaces the config's"
    )
    arguments = parser.parse_args()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            run(arguments.command, read_config(arguments.config, arguments.set))
    except UserError as problem:
        report_error(problem.message, problem.hint)
        return 1
    except ModuleNotFoundError as problem:
        report_error(
            f"The Python package {problem.name} is not installed.",
            "Run `tinylove tune setup`, or pip install the trainer's folder.",
        )
        return 1
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        report_error(
            f"The disk is full: {problem.filename or problem}.",
            "Free some space and run it again: it continues from the last checkpoint.",
        )
        return 1
    return 0


def run(command: str, config: dict[str, Any]) -> None:
    """Each command is a module with a function of the same name, imported only when it is used."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    name = command.replace("-", "_")
    getattr(importlib.import_module(f".{name}", __package__), name)(config)


def read_config(path: str, overrides: list[str]) -> dict[str, Any]:
    if path != "-" and (not Path(path).exists() or Path(path).is_dir()):
        raise UserError(f"No such config: {path}.", "Name a JSON file.")
    try:
        config = json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
        for override in overrides:
            key, _, value = override.partition("=")
            config[key] = json.loads(value)
    except ValueError as problem:
        raise UserError(
            f"{path} is not JSON: {problem}.", "A config is one JSON object; --set takes KEY=JSON."
        ) from None
    if not isinstance(config, dict):
        raise UserError(f"{path} is not a JSON object.", "A config is one JSON object.")
    return config


def exit_now(code: int) -> None:
    """Ends the process at once.

    Threads that PyTorch leaves behind sometimes abort a process that has finished its work ("terminate called without
    an active exception"), and launchers take that for a failure.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    exit_now(main())
