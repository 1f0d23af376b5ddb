"""A config becomes typed settings, or an error that names the setting, its value and what it should be."""

import dataclasses

import pytest

from tinylove_trainer.events import UserError
from tinylove_trainer.settings import ExportSettings, PreflightSettings, ScratchSettings, TuneSettings

TUNE = {"model": "m", "stories": "s", "out": "o"}


def test_what_a_config_leaves_out_has_its_default():
    settings = TuneSettings.read({**TUNE, "rate": 1, "threads": None, "sharded": "zero3"})
    assert (settings.rate, settings.threads, settings.sharded, settings.batch) == (1, None, "zero3", 8)
    assert settings.sample_titles == []
    assert dataclasses.asdict(settings)["method"] == "full"


def test_settings_within_settings():
    recipe = ScratchSettings.read({"out": "o", "stable": {"steps": 2, "rows": 1, "length": 8}})
    assert (recipe.stable.length, recipe.decay.length) == (8, 512)
    with pytest.raises(UserError, match=r"Unknown setting stable\.row\."):
        ScratchSettings.read({"out": "o", "stable": {"steps": 2, "row": 1, "length": 8}})
    with pytest.raises(UserError, match=r"stable.rows is 0\."):
        ScratchSettings.read({"out": "o", "stable": {"steps": 2, "rows": 0, "length": 8}})


@pytest.mark.parametrize(
    ("kind", "config", "message", "hint"),
    [
        (TuneSettings, {**TUNE, "batch": 2.5}, "batch is 2.5.", "batch is a whole number."),
        (TuneSettings, {**TUNE, "batch": 0}, "batch is 0.", "batch is a whole number above 0."),
        (TuneSettings, {**TUNE, "sharded": 1}, "sharded is 1.", "sharded is one of false, true, zero3."),
        (TuneSettings, {**TUNE, "checkpointing": "no"}, "checkpointing is 'no'.", "checkpointing is true or false."),
        (TuneSettings, {**TUNE, "out": ""}, "The setting out is missing.", "Add out to the config."),
        (ExportSettings, {"model": "m", "out": "o", "forms": ["gguff"]}, "forms[0] is 'gguff'.", "forms[0] is one of"),
        (ExportSettings, {"model": "m", "out": "o", "forms": "gguf"}, "forms is 'gguf'.", "forms is a list."),
        (ExportSettings, {"model": "m", "out": "o", "about": {"author": 1}}, "about.author is 1.", "is a text."),
        (PreflightSettings, {"timeout": "60"}, "timeout is '60'.", "timeout is a number."),
    ],
)
def test_a_wrong_value_is_named_with_what_it_should_be(kind, config, message, hint):
    with pytest.raises(UserError) as caught:
        kind.read(config)
    assert caught.value.message == message
    assert hint in caught.value.hint
