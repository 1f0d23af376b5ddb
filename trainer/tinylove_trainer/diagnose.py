"""`diagnose`: measures whether a model learnt, diverged, collapsed or recites its training stories.

The base model is the control. Both are measured on the same test stories: perplexity, and stories for the same titles,
greedy (which shows loops) and sampled (which hides them). People's own stories are measured too. The result is numbers;
the caller derives the verdict.
"""

import json
import math
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .batches import in_batches, learned, nats
from .events import UserError, emit
from .measures import Copying, distinct, entropy, pronoun_share, repetition
from .models import context_of, load_tokenizer, loaded_for_use
from .sample import Request, write_texts
from .settings import DiagnoseSettings
from .stories import Story, of_split, read_corpus
from .tokens import encoded


def diagnose(config: dict[str, Any]) -> None:
    """Measures `model` (and `base`) on the corpus in `stories`. One `diagnosis` event for each, then `done`."""
    settings = DiagnoseSettings.read(config)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    stories = read_corpus(settings.stories)
    test, training = of_split(stories, "test"), of_split(stories, "train")
    if not test or not training:
        raise UserError(
            f"The corpus has {len(test)} test and {len(training)} training stories.",
            "It needs both: change corpus.split in study.yaml.",
        )

    copying = Copying([story.text for story in training])
    emit("diagnosis", of="people", model=None, **text_measures([story.text for story in test], copying))
    if settings.base:
        emit(
            "diagnosis",
            of="base",
            model=settings.base,
            **model_measures(settings.base, test, training, copying, settings),
        )
    emit(
        "diagnosis",
        of="tuned",
        model=settings.model,
        **model_measures(settings.model, test, training, copying, settings),
    )
    emit("done", curve=curve_measures(settings.run) if settings.run else None)


def model_measures(
    folder: str, test: list[Story], training: list[Story], copying: Copying, settings: DiagnoseSettings
) -> dict[str, Any]:
    model, tokenizer = loaded_for_use(folder, settings.precision), load_tokenizer(folder)
    measures: dict[str, Any] = {
        "perplexity": perplexity(model, tokenizer, test, settings),
        # If it is far below that of the test stories, the model has memorised its training stories.
        "perplexity_of_training": perplexity(model, tokenizer, training[: len(test)], settings),
        # The share of people's stories that fit into the tokens that a text may have.
        "stories_that_end": share_that_ends(tokenizer, test, settings),
    }
    titles = [story.title for story in test[: settings.titles]]
    prompts = [settings.form.prompt(title) for title in titles]
    for mode, temperature in (("greedy", 0.0), ("sampled", settings.temperature)):
        requests = [
            Request(
                id=str(number),
                prompt=prompt,
                seed=settings.seed + number,
                temperature=temperature,
                top_p=settings.top_p,
                most_tokens=settings.tokens,
            )
            for number, prompt in enumerate(prompts)
        ]
        texts = {text.id: text for text in write_texts(model, tokenizer, requests, settings.batch)}
        written = [texts[request.id].text.strip() for request in requests]
        ended = sum(text.end == "end of text" for text in texts.values()) / len(texts)
        measures[mode] = {
            **text_measures(written, copying),
            "share_that_ends": ended,
            "texts": [{"title": title, "text": text} for title, text in zip(titles, written, strict=True)],
        }
    return measures


def share_that_ends(tokenizer: PreTrainedTokenizerFast, stories: list[Story], settings: DiagnoseSettings) -> float:
    lengths = [learned([encoded(tokenizer, settings.form, story, 10**9)]) for story in stories]
    return sum(length <= settings.tokens for length in lengths) / len(lengths)


def text_measures(texts: list[str], copying: Copying) -> dict[str, Any]:
    return {
        "seq_rep_4": repetition(texts, 4),
        "distinct_1": distinct(texts, 1),
        "distinct_2": distinct(texts, 2),
        "distinct_3": distinct(texts, 3),
        "pronoun_share": pronoun_share(texts),
        "entropy_bits": entropy(texts),
        "longest_copied_words": copying.longest(texts),
        "copied_8_grams": copying.share(texts),
    }


@torch.no_grad()
def perplexity(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, stories: list[Story], settings: DiagnoseSettings
) -> float:
    """exp of the mean loss per token of the stories, given title and template; the end of text counts as a token."""
    rows = [encoded(tokenizer, settings.form, story, context_of(model)) for story in stories]
    # Stories of one length together, so that little is padding.
    batches = in_batches(sorted(rows, key=lambda row: len(row[0])), settings.batch)
    total = sum(nats(model, batch, tokenizer.pad_token_id).item() for batch in batches)
    return math.exp(min(total / max(learned(rows), 1), 100))


def curve_measures(run: str) -> dict[str, Any]:
    """First, best and last losses, the step with the highest training loss, and the median and largest gradient norm."""
    path = Path(run) / "curve.jsonl"
    if not path.is_file():
        raise UserError(f"No training curve in {run}.", "Name the folder that was `out` in tune.")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    steps = [row for row in rows if "loss" in row]
    evaluations = [row for row in rows if "validation_loss" in row]
    if not steps or not evaluations:
        raise UserError(f"The training curve in {run} is empty.", "Let tune run to its first evaluation.")
    norms = sorted(row["gradient_norm"] for row in steps if row["gradient_norm"] is not None)
    best = min(evaluations, key=lambda row: row["validation_loss"])
    return {
        "steps": steps[-1]["step"],
        "rate": max(row["rate"] for row in steps),
        "first_loss": steps[0]["loss"],
        "last_loss": steps[-1]["loss"],
        "highest_loss": max(steps, key=lambda row: row["loss"]),
        "validation_loss_before": evaluations[0]["validation_loss"],
        "best_validation": best,
        "last_validation_loss": evaluations[-1]["validation_loss"],
        "median_gradient_norm": norms[len(norms) // 2] if norms else None,
        "largest_gradient_norm": norms[-1] if norms else None,
        "evaluations": evaluations,
    }
