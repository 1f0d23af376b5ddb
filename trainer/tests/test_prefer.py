"""Readers' judgments change a model: a simulated reader who likes dialogue is learnt, and what was held out shows it."""

import json
import random
from pathlib import Path

import pytest
import torch
from conftest import made_story, named

from tinylove_trainer.measures import mean
from tinylove_trainer.models import load_model, load_tokenizer, read_model_config
from tinylove_trainer.prefer import Rows, likelihoods, read_pairs
from tinylove_trainer.settings import PreferSettings
from tinylove_trainer.tokens import prompt_tokens

SAID = ["“It rained,” she said.", "“Come home,” he said.", "“I know,” my mother said.", "“Stay,” I said."]


def with_dialogue(text: str, rng: random.Random) -> str:
    first, *rest = text.split(". ")
    return f"{first}. {rng.choice(SAID)} {'. '.join(rest[:-1])}. {rng.choice(SAID)}"


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> str:
    """Forty titles with two stories each; readers preferred the one with dialogue. Every third title is held out."""
    rng = random.Random(3)
    rows = []
    for number in range(40):
        one, other = made_story(number, rng), made_story(number, rng)
        rows.append(
            {
                "title": f"{one['title']} {number}",
                "chosen": with_dialogue(one["text"], rng),
                "rejected": other["text"],
                "held_out": number % 3 == 2,
                "rejected_clipped": number % 2 == 0,
            }
        )
    path = tmp_path_factory.mktemp("pairs") / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def accuracy(preferences: list[dict]) -> float:
    """The share of pairs whose chosen text became likelier, compared with the other one."""

    def raised(of: dict, side: str) -> float:
        return of["after"][side] - of["before"][side]

    return mean([float(raised(one, "chosen") > raised(one, "rejected")) for one in preferences])


def test_fifty_steps_learn_a_preference_for_dialogue(run, corpus, pairs, neox, tmp_path):
    config = {
        "model": neox,
        "stories": corpus,
        "pairs": pairs,
        "out": str(tmp_path / "out"),
        "epochs": 12.5,
        "precision": "fp32",
        "rate": 1e-3,
        "threads": 1,
    }
    code, events = run("prefer", config)
    assert code == 0, events
    assert named(events, "done")[0]["steps"] == 50
    preferences = named(events, "preference")
    assert len(preferences) == 13 == named(events, "start")[0]["held_out_pairs"]
    assert accuracy(preferences) > 0.65
    steps = [event["step"] for event in named(events, "evaluation")]
    assert steps == [0, 16, 32, 48, 50]
    curve = [json.loads(line) for line in (tmp_path / "out/curve.jsonl").read_text().splitlines()]
    assert [row["step"] for row in curve if "loss" in row] == list(range(1, 51))
    assert [row["step"] for row in curve if "validation_loss" in row] == steps

    # The folder is an adapter on the model that was trained, and gives what was measured.
    out = str(tmp_path / "out/model")
    assert read_model_config(out).model_type == "gpt_neox"
    settings = PreferSettings.read({**config, "precision": "fp32"})
    rows = Rows(load_tokenizer(out), settings, 512)

    held_out = [pair for pair in read_pairs(pairs) if pair.held_out]
    again = likelihoods(load_model(out).eval(), held_out[:2], rows, settings)
    for one, other in zip(again, preferences, strict=False):
        assert one.chosen == pytest.approx(other["after"]["chosen"], abs=1e-2)


@pytest.mark.parametrize("kind", ["llama", "gemma", "qwen", "neo"])
def test_pairs_have_the_tokens_of_every_other_command(kind, pairs, request, corpus):

    folder = request.getfixturevalue(kind)
    tokenizer = load_tokenizer(folder)
    settings = PreferSettings.read({"model": folder, "stories": corpus, "pairs": pairs, "out": "none"})
    for pair in read_pairs(pairs)[:2]:
        asked, chosen, rejected = Rows(tokenizer, settings, 512).parts(pair)
        assert asked == prompt_tokens(tokenizer, settings.form.prompt(pair.title))
        assert chosen[-1] == tokenizer.eos_token_id
        assert (rejected[-1] == tokenizer.eos_token_id) != pair.rejected_clipped
        assert tokenizer.decode(rejected).strip().startswith(pair.rejected[:20])


def test_an_interrupted_run_continues(run, corpus, pairs, llama, tmp_path):
    """A run of twelve steps that ends after eight, and is started again, has the curve and the texts of a whole one."""
    config = {
        "model": llama,
        "stories": corpus,
        "pairs": pairs,
        "epochs": 3,
        "evaluations": 3,
        "rate": 1e-3,
        "precision": "fp32",
        "threads": 1,
    }
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    code, events = run("prefer", {**config, "out": str(whole)})
    assert code == 0, events
    assert run("prefer", {**config, "out": str(cut)})[0] == 0
    last = max((cut / "checkpoints").glob("checkpoint-*"), key=lambda one: int(one.name.split("-")[1]))
    (last / "trainer_state.json").unlink()  # as a kill while it was written leaves it
    code, resumed = run("prefer", {**config, "out": str(cut)})
    assert code == 0, resumed
    assert named(resumed, "start")[0]["resumed_from"] == 8
    for one, other in zip(named(events, "preference"), named(resumed, "preference"), strict=True):
        assert one["before"]["chosen"] == pytest.approx(other["before"]["chosen"], abs=1e-3)
        assert one["after"]["chosen"] == pytest.approx(other["after"]["chosen"], abs=1e-2)


def test_too_few_pairs_and_titles_on_both_sides_are_refused(run, corpus, neox, pairs, tmp_path):
    rows = [json.loads(line) for line in Path(pairs).read_text().splitlines()]

    def message_of(rows: list[dict]) -> str:
        path = tmp_path / "some.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        code, events = run("prefer", {"model": neox, "stories": corpus, "pairs": str(path), "out": str(tmp_path / "o")})
        assert code == 1
        return events[-1]["message"]

    assert "has 0 pairs held out" in message_of([row for row in rows if not row["held_out"]])
    assert "is both learnt from and held out" in message_of([*rows, {**rows[0], "held_out": True}])


def test_an_adapter_on_an_adapter_is_loaded_as_both(run, corpus, pairs, llama, tmp_path):
    """A tuned adapter is the start of a preference: its own base and both adapters make the model."""
    tuned = tmp_path / "tuned"
    shared = {"stories": corpus, "precision": "fp32", "threads": 1, "epochs": 1}
    assert run("tune", {**shared, "model": llama, "out": str(tuned), "method": "lora", "rate": 3e-3})[0] == 0
    start = str(tuned / "model")
    code, events = run(
        "prefer", {**shared, "model": start, "pairs": pairs, "out": str(tmp_path / "preferred"), "rate": 1e-3}
    )
    assert code == 0, events
    ids = torch.tensor([prompt_tokens(load_tokenizer(llama), "Title: Rain\nStory:")])
    with torch.no_grad():
        of_base, of_tuned, of_both = (
            load_model(folder).eval()(ids).logits for folder in (llama, start, str(tmp_path / "preferred/model"))
        )
    assert not torch.allclose(of_base, of_tuned, atol=1e-3)
    assert not torch.allclose(of_tuned, of_both, atol=1e-3)
