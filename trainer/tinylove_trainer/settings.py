"""The settings of each command as a typed dataclass, read from the JSON config and checked before anything is loaded.

A field's annotation is its rule: `Positive` numbers are above 0, a `Literal` lists the choices, and a field without a
default is required. What depends on the machine (processes, DeepSpeed) is checked by the command itself.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .events import UserError
from .stories import Message, StoryForm, check_form

ABOVE_ZERO = "above 0"
PositiveInt = Annotated[int, ABOVE_ZERO]
PositiveFloat = Annotated[float, ABOVE_ZERO]
# Each of several processes has its part of the model: with FSDP2 (true) or with DeepSpeed ZeRO-3.
Sharded = Literal[False, True, "zero3"]
Method = Literal["full", "lora"]
Precision = Literal["auto", "bf16", "fp32"]

TEMPLATE = "Title: [[title]]\nStory: [[story]]"

Read = TypeVar("Read", bound="Settings")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The base of all settings: they are read from a config, and an unknown, missing or wrong value raises UserError."""

    @classmethod
    def read(cls: type[Read], config: Mapping[str, Any], within: str = "") -> Read:
        """The settings in a config, with defaults for missing ones. `within` is the setting that contains these."""
        fields = {one.name: one for one in dataclasses.fields(cls)}
        for key in config:
            if key not in fields:
                raise UserError(f"Unknown setting {within}{key}.", f"The settings are {', '.join(sorted(fields))}.")
        kinds = get_type_hints(cls, include_extras=True)
        values: dict[str, Any] = {}
        for name, one in fields.items():
            required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
            if required and config.get(name) in (None, ""):
                raise UserError(f"The setting {within}{name} is missing.", f"Add {within}{name} to the config.")
            if name in config:
                values[name] = read_value(within + name, config[name], kinds[name])
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raises UserError if values that are valid on their own do not fit together."""


@dataclass(frozen=True, kw_only=True)
class StorySettings(Settings):
    """The base of all settings of commands that read stories with a model."""

    model: str
    stories: str
    template: str = TEMPLATE
    messages: list[Message] = field(default_factory=list)  # for an instructed model, instead of the template

    @property
    def form(self) -> StoryForm:
        return StoryForm(self.template, self.messages)

    def check(self) -> None:
        check_form(self.form)


@dataclass(frozen=True, kw_only=True)
class TuneSettings(StorySettings):
    out: str
    method: Method = "full"
    rate: PositiveFloat | None = None  # default: 1e-5 for full, 1e-4 for lora
    epochs: PositiveFloat = 3
    patience: PositiveInt = 2  # evaluations without a better validation loss
    evaluations: PositiveInt = 2  # per epoch; each leaves a checkpoint
    keep: PositiveInt = 2  # checkpoints; the newest, and the best
    batch: PositiveInt = 8  # stories per step, over all processes
    micro_batch: PositiveInt = 8  # stories at a time in one process
    length: PositiveInt = 512  # tokens; longer stories are cut
    # bf16: autocast, f32 masters, LoRA's frozen base in bf16; auto: bf16 if the processor has instructions for it
    precision: Precision = "auto"
    checkpointing: bool = False
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.0
    clip: float = 1.0
    lora_rank: PositiveInt = 16
    lora_alpha: PositiveFloat = 32
    lora_dropout: float = 0.05
    sharded: Sharded = False
    # Seconds without a sign of life from another process's host before the run ends. A switch that restarts and a link
    # that fails over take up to 30; and all processes should end within a minute, since the hours of all nodes count.
    silence: PositiveFloat = 45
    seed: int = 1
    threads: PositiveInt | None = None  # default: PyTorch's own choice
    sample_titles: list[str] = field(
        default_factory=list
    )  # each evaluation writes a greedy and a sampled story for each
    sample_tokens: PositiveInt = 120


@dataclass(frozen=True, kw_only=True)
class FindRateSettings(StorySettings):
    method: Method = "full"
    lowest: PositiveFloat = 1e-7
    highest: PositiveFloat = 1.0
    steps: PositiveInt = 100
    batch: PositiveInt = 8
    micro_batch: PositiveInt = 8
    length: PositiveInt = 512
    precision: Precision = "auto"
    checkpointing: bool = False
    lora_rank: PositiveInt = 16
    lora_alpha: PositiveFloat = 32
    seed: int = 1
    threads: PositiveInt | None = None


@dataclass(frozen=True, kw_only=True)
class PreferSettings(StorySettings):
    out: str
    pairs: str  # JSON Lines of two texts for one title, with the one that readers preferred
    rate: PositiveFloat = 1e-4
    beta: PositiveFloat = 0.1  # how strongly the model is held to what it was
    epochs: PositiveFloat = 3
    evaluations: PositiveInt = 3  # each leaves a checkpoint
    batch: PositiveInt = 8  # pairs per step
    micro_batch: PositiveInt = 4  # pairs at a time
    length: PositiveInt = 512  # tokens; longer texts are cut
    precision: Precision = "auto"
    checkpointing: bool = False
    warmup: float = 0.1  # share of the steps
    clip: float = 1.0
    lora_rank: PositiveInt = 16
    lora_alpha: PositiveFloat = 32
    seed: int = 1
    threads: PositiveInt | None = None


@dataclass(frozen=True, kw_only=True)
class DiagnoseSettings(StorySettings):
    base: str | None = None  # the model before tuning; without it no base is measured
    run: str | None = None  # the `out` of tune: its curve is read
    finished: str | None = None  # a file of finished parts, from which an interrupted diagnosis continues
    titles: PositiveInt = 20  # number of test titles to write stories for, in the order of the corpus
    learnt_titles: list[str] = field(
        default_factory=list
    )  # of test stories that are not measured, since `prefer` used them
    tokens: PositiveInt = 120
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 1
    batch: PositiveInt = 8  # stories at a time
    precision: Precision = "auto"  # of the weights
    threads: PositiveInt | None = None


@dataclass(frozen=True, kw_only=True)
class SampleSettings(Settings):
    model: str
    requests: str  # a JSON Lines file, or - for stdin
    batch: PositiveInt = 8  # texts at a time
    precision: Precision = "auto"  # of the weights
    threads: PositiveInt | None = None


ExportForm = Literal["merged", "adapter", "gguf", "adapter-gguf"]
GgufPrecision = Literal["f16", "f32"]
# Prompts with which an exported file is checked.
TITLES = (
    *("The Letter", "My Mother's Garden", "Rain", "A Late Train", "Zoë", "The Last Dance", "Bread", "Two Chairs"),
    *("An Old Song", "The Window", "Salt", "Grandfather's Coat", "Sunday", "The Key", "After the War"),
    *("A Dog Named Hope", "The Sea", "Postcards", "Her Hands", "Morning"),
)


@dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    model: str  # a folder, or a GGUF file
    out: str
    forms: list[ExportForm] = field(default_factory=lambda: ["merged"])
    precision: GgufPrecision = "f16"  # of the matrices in GGUF
    name: str | None = None  # default: the folder's name
    about: dict[str, str] = field(default_factory=dict)  # for GGUF: author, license, description ...
    prompts: list[str] = field(default_factory=lambda: [f"Title: {title}\nStory:" for title in TITLES])
    check_tokens: PositiveInt = 40
    threads: PositiveInt = 1


@dataclass(frozen=True, kw_only=True)
class PreflightSettings(Settings):
    nodes: PositiveInt = 1
    processes: PositiveInt = 1  # over all nodes
    sharded: Sharded = False
    parameters: PositiveInt = 1_000_000  # of the model that is sharded as a test
    timeout: PositiveFloat = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class Phase(Settings):
    """A phase of `scratch`: how many steps, and the rows of each and their length in tokens."""

    steps: int
    rows: PositiveInt
    length: PositiveInt


@dataclass(frozen=True, kw_only=True)
class ScratchSettings(Settings):
    out: str
    texts: list[str] = field(default_factory=list)  # files of many sections, for the stable phase
    stories: list[str] = field(default_factory=list)  # JSON Lines of short stories, for both phases
    vocabulary: PositiveInt = 4096
    width: PositiveInt = 192
    layers: PositiveInt = 6
    head: PositiveInt = 64
    context: PositiveInt = 512
    rotary: float = 0.25
    stable: Phase = Phase(steps=3400, rows=16, length=256)
    decay: Phase = Phase(steps=2550, rows=8, length=512)
    # Shares of the rows of the decay; with more stories the model memorises them.
    decay_mix: dict[str, float] = field(default_factory=lambda: {"stories": 0.05, "passages": 0.2, "texts": 0.75})
    first_person: float = 0.025  # smallest share of I, my, we ... in a passage of the decay
    curly: float = 0.12  # share of documents that keep typographic quotes
    warmup_steps: int = 150
    matrix_rate: PositiveFloat = 0.003
    other_rate: PositiveFloat = 0.003
    weight_decay: float = 0.1
    clip: float = 1.0
    seed: int = 20221
    threads: PositiveInt = 1
    compile: bool = True
    evaluate_every: PositiveInt = 250
    save_every: PositiveInt = 100

    def check(self) -> None:
        if self.width % self.head:
            raise UserError(
                f"A width of {self.width} cannot be split into heads of {self.head}.", "Make width a multiple of head."
            )
        if not 300 <= self.vocabulary <= 65_535:
            raise UserError(f"vocabulary is {self.vocabulary}.", "It is from 300 (256 are the bytes) to 65535.")
        for name, phase in (("stable", self.stable), ("decay", self.decay)):
            if phase.length > self.context:
                raise UserError(f"{name}.length is {phase.length}.", f"It is at most the context of {self.context}.")
        if not math.isclose(sum(self.decay_mix.values()), 1) or not set(self.decay_mix) <= {
            "stories",
            "passages",
            "texts",
        }:
            raise UserError(
                f"decay_mix is {self.decay_mix}.", "Give shares of stories, passages and texts that add up to 1."
            )


def read_value(name: str, value: Any, kind: Any) -> Any:
    """The value, checked against its annotation. Raises UserError that names the setting, the value and what it should be."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        number = read_value(name, value, arguments[0])
        if number <= 0:
            raise wrong(name, value, f"{described(arguments[0])} {ABOVE_ZERO}")
        return number
    if origin in (Union, UnionType):
        present = next(one for one in arguments if one is not NoneType)
        return None if value is None else read_value(name, value, present)
    if origin is Literal:
        if not any(value == choice and type(value) is type(choice) for choice in arguments):
            choices = ", ".join(choice if isinstance(choice, str) else json.dumps(choice) for choice in arguments)
            raise wrong(name, value, f"one of {choices}")
        return value
    if origin is list and isinstance(value, list):
        return [read_value(f"{name}[{at}]", item, arguments[0]) for at, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {key: read_value(f"{name}.{key}", item, arguments[1]) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, Settings) and isinstance(value, dict):
        return kind.read(value, within=f"{name}.")
    # In Python true is an int, and in JSON 1 is a float.
    if kind in (str, bool, int) and type(value) is kind:
        return value
    if kind is float and type(value) in (int, float):
        return value
    raise wrong(name, value, described(kind))


def described(kind: Any) -> str:
    """An annotation in words."""
    words = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
    return words.get(kind) or ("a list" if get_origin(kind) is list else "an object")


def wrong(name: str, value: Any, wanted: str) -> UserError:
    return UserError(f"{name} is {value!r}.", f"{name} is {wanted}.")
