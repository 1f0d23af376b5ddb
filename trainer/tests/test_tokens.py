"""Training, diagnosis, sampling and export see the same tokens, whatever the tokenizer puts before a text."""

import json
import math

import pytest
import torch
from conftest import named
from test_tune import QUICK

from tinylove_trainer import device
from tinylove_trainer.checking import expectations
from tinylove_trainer.models import load_model, load_tokenizer
from tinylove_trainer.sample import Request, draft_of
from tinylove_trainer.settings import TEMPLATE, DiagnoseSettings, TuneSettings
from tinylove_trainer.stories import Story, StoryForm, prompt_and_story, read_corpus
from tinylove_trainer.tokens import bare_tokens, encoded, end_tokens, prompt_tokens, start_tokens
from tinylove_trainer.tune import build_trainer, fitted

PROMPT = "Title: The Key of May\nStory:"


@pytest.mark.parametrize("kind", ["neox", "llama", "gemma", "qwen"])
def test_every_command_starts_a_prompt_with_the_tokenizer_s_own_start_token(kind, corpus, tmp_path, request):
    folder = request.getfixturevalue(kind)
    tokenizer = load_tokenizer(folder)
    whole = tokenizer(PROMPT)["input_ids"]
    assert start_tokens(tokenizer) == ([tokenizer.bos_token_id] if kind in ("llama", "gemma") else [])
    assert prompt_tokens(tokenizer, PROMPT) == whole
    assert draft_of(Request("1", PROMPT, 1, most_tokens=8), tokenizer, 256).prompt == whole
    assert expectations(load_model(folder), tokenizer, [PROMPT], 2)["prompts"][0]["tokens"] == whole
    # What TRL trains on: the prompt's tokens, unlearned, then the story's and the end of text.
    settings = fitted(TuneSettings.read({**QUICK, "model": folder, "stories": corpus, "out": str(tmp_path)}))
    trainer = build_trainer(read_corpus(corpus), settings, fresh=True)
    story = next(story for story in read_corpus(corpus) if story.split == "train")
    prompt, text = prompt_and_story(TEMPLATE, story.title, story.text)
    asked = prompt_tokens(tokenizer, prompt)
    row = trainer.train_dataset[0]
    assert row["input_ids"][: len(asked)] == asked
    assert row["labels"][: len(asked)] == [-100] * len(asked)
    assert row["labels"][len(asked) :] == row["input_ids"][len(asked) :]
    assert row["input_ids"][-1] == tokenizer.eos_token_id
    assert tokenizer.decode(row["input_ids"][len(asked) : -1]) == text


def test_a_story_s_tokens_are_those_that_follow_the_prompt_s(llama):
    tokenizer = load_tokenizer(llama)
    story = Story("1", "Rain", "It rained that night.", "train")
    ids, labels = encoded(tokenizer, StoryForm(TEMPLATE, []), story, 256)
    assert ids[:-1] == tokenizer("Title: Rain\nStory: It rained that night.")["input_ids"]
    assert [label for label in labels if label != -100] == ids[len(prompt_tokens(tokenizer, "Title: Rain\nStory:")) :]


@pytest.mark.parametrize("kind", ["llama", "gemma", "qwen"])
@pytest.mark.parametrize("method, rate", [("full", 3e-3), ("lora", 2e-2)])
def test_models_of_today_learn_and_their_perplexity_is_that_of_the_curve(
    kind, method, rate, run, corpus, stories, tmp_path, request
):
    folder = request.getfixturevalue(kind)
    out = tmp_path / "out"
    config = {**QUICK, "model": folder, "stories": corpus, "out": str(out), "method": method, "rate": rate, "epochs": 1}
    code, events = run("tune", config)
    assert code == 0, events[-1]
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - 0.2
    # diagnose measures the validation stories, given as test stories, as training did.
    moved = tmp_path / "moved.jsonl"
    swap = {"validation": "test", "test": "validation", "train": "train"}
    moved.write_text("".join(json.dumps({**story, "split": swap[story["split"]]}) + "\n" for story in stories))
    code, events = run(
        "diagnose",
        {
            "model": str(out / "model"),
            "stories": str(moved),
            "titles": 2,
            "tokens": 12,
            "precision": "fp32",
            "threads": 1,
        },
    )
    assert code == 0, events[-1]
    tuned = next(event for event in named(events, "diagnosis") if event["of"] == "tuned")
    assert math.log(tuned["perplexity"]) == pytest.approx(min(losses), abs=1e-4)


def test_auto_is_fp32_where_the_processor_has_no_bf16(monkeypatch, corpus, neox, tmp_path):
    config = {"model": neox, "stories": corpus, "out": str(tmp_path)}
    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: False)
    for has in (False, True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda has=has: {"avx512_bf16": has}, raising=False)
        assert fitted(TuneSettings.read(config)).precision == ("bf16" if has else "fp32")
    assert fitted(TuneSettings.read({**config, "precision": "bf16"})).precision == "bf16"
    # A model that only writes or is measured stays in f32 on a CPU.
    assert device.weights_dtype(DiagnoseSettings.read({"model": neox, "stories": corpus}).precision) == torch.float32


MESSAGES = [{"role": "system", "content": "You write."}, {"role": "user", "content": "A story called [[title]]."}]
# As ChatML, and as Gemma's, which accepts no system message.
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TURNS = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + (m.content | trim) + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def with_chat_template(folder: str, template: str, out) -> str:
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = template
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return str(out)


@pytest.mark.parametrize("kind, template", [("qwen", CHATML), ("gemma", TURNS)])
def test_an_instructed_model_learns_the_answer_and_its_end_alone(kind, template, run, corpus, tmp_path, request):
    folder = with_chat_template(request.getfixturevalue(kind), template, tmp_path / "instructed")
    tokenizer = load_tokenizer(folder)
    form = StoryForm("", MESSAGES)
    ids, labels = encoded(tokenizer, form, Story("1", "Rain", "It rained.", "train"), 256)
    asked = prompt_tokens(tokenizer, form.prompt("Rain"))
    system = (
        "<|im_start|>system\nYou write.<|im_end|>\n<|im_start|>user\n"
        if kind == "qwen"
        else "<|im_start|>user\nYou write.\n"
    )
    start = "" if kind == "qwen" else "<s>"
    assert tokenizer.decode(asked) == f"{start}{system}A story called Rain.<|im_end|>\n<|im_start|>assistant\n"
    assert labels[: len(asked)] == [-100] * len(asked)
    assert tokenizer.decode(labels[len(asked) :]) == "It rained.<|im_end|>"
    assert ids == asked + labels[len(asked) :]
    # What sampling asks is what was trained on, and the end of a turn ends a text.
    assert draft_of(Request("1", form.prompt("Rain"), 1, most_tokens=8), tokenizer, 256).prompt == asked
    assert bare_tokens(tokenizer, "<|im_end|>")[0] in end_tokens(load_model(folder), tokenizer)
    out = tmp_path / "out"
    config = {**QUICK, "model": folder, "stories": corpus, "messages": MESSAGES, "rate": 3e-3, "epochs": 1}
    code, events = run("tune", {**config, "out": str(out)})
    assert code == 0, events[-1]
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - 0.2
    assert load_tokenizer(str(out / "model")).chat_template == template


def test_messages_to_a_base_model_are_refused(run, corpus, qwen, tmp_path):
    config = {**QUICK, "model": qwen, "stories": corpus, "messages": MESSAGES, "out": str(tmp_path)}
    code, events = run("tune", config)
    assert (code, events[-1]["message"]) == (1, "The model has no chat template, so it is a base model.")
