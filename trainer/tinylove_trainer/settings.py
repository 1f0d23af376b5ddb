"""What a command may be told: its defaults, and what the config says instead."""

from types import SimpleNamespace

from .events import UserError


def settled(config: dict, defaults: dict, needed: tuple[str, ...] = ()) -> SimpleNamespace:
    """The defaults with the config over them, one level deep. An unknown key or a missing one is the user's error."""
    known = defaults.keys() | set(needed)
    for key in config:
        if key not in known:
            raise UserError(f"Unknown setting {key}.", f"The settings are {', '.join(sorted(known))}.")
    for key in needed:
        if config.get(key) in (None, ""):
            raise UserError(f"The setting {key} is missing.", f"Give {key} in the config.")
    return SimpleNamespace(**(defaults | config))


def one_of(name: str, value, choices: tuple) -> None:
    if value not in choices:
        raise UserError(f"{name} is {value!r}.", f"{name} is one of {', '.join(map(str, choices))}.")


def positive(name: str, value) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0:
        raise UserError(f"{name} is {value!r}.", f"{name} is a number above 0.")
