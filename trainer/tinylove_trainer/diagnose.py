"""`diagnose`: measures whether a model learnt, diverged, collapsed or recites its training stories.

The base model is the control. Both are measured on the same test stories: perplexity, and stories for the same titles,
greedy (which shows loops) and sampled (which hides them). People's own stories are measured too. The result is numbers;
the caller derives the verdict. An interrupted diagnosis continues where it stopped.
"""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .batches import in_batches, learned, nats
from .events import UserError, emit
from .finished_parts import FinishedParts
from .measures import Copying, distinct, entropy, mean_words, pronoun_share, repetition
from .models import context_of, fingerprint, load_tokenizer, loaded_for_use, read_model_config
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
    learnt = set(settings.learnt_titles)
    test = [story for story in of_split(stories, "test") if story.title not in learnt]
    training = of_split(stories, "train")
    if not test or not training:
        raise UserError(
            f"The corpus has {len(test)} test and {len(training)} training stories.",
            "It needs both: change corpus.split in study.yaml.",
        )

    work = Measuring(settings, test, training)
    emit("diagnosis", of="people", model=None, **text_measures([story.text for story in test], work.copying))
    if settings.base:
        emit("diagnosis", of="base", model=settings.base, **work.measures("base", settings.base))
    emit("diagnosis", of="tuned", model=settings.model, **work.measures("tuned", settings.model))
    emit("done", curve=curve_measures(settings.run) if settings.run else None)


class Measuring:
    """Measures models on the same stories, with progress. Every finished batch is kept in the file `finished`."""

    def __init__(self, settings: DiagnoseSettings, test: list[Story], training: list[Story]):
        self.settings, self.test, self.training = settings, test, training[: len(test)]
        self.copying = Copying([story.text for story in training])
        models = [folder for folder in (settings.base, settings.model) if folder]
        self.titles = [story.title for story in test[: settings.titles]]
        self.steps = len(models) * (len(self.test) + len(self.training) + 2 * len(self.titles))
        self.step = 0
        self.finished = FinishedParts(
            Path(settings.finished) if settings.finished else None,
            {
                **dataclasses.asdict(settings),
                "weights": [fingerprint(Path(folder)) for folder in models if Path(folder).is_dir()],
                "stories": [[story.title, story.text] for story in test + self.training],
            },
        )

    def advance(self, stories: int) -> None:
        self.step += stories
        emit("progress", step=self.step, steps=self.steps)

    def measures(self, of: str, folder: str) -> dict[str, Any]:
        """All measures of a model, `of` the base or the tuned one. It is loaded only if some are not finished."""
        tokenizer = load_tokenizer(folder)
        loaded: list[PreTrainedModel] = []

        def model() -> PreTrainedModel:
            if not loaded:
                loaded.append(loaded_for_use(folder, self.settings.precision))
            return loaded[0]

        measures: dict[str, Any] = {
            "perplexity": self.perplexity(f"{of}, test", model, folder, tokenizer, self.test),
            # If it is far below that of the test stories, the model has memorised its training stories.
            "perplexity_of_training": self.perplexity(f"{of}, training", model, folder, tokenizer, self.training),
            # The share of people's stories that fit into the tokens that a text may have.
            "stories_that_end": share_that_ends(tokenizer, self.test, self.settings),
        }
        for mode, temperature in (("greedy", 0.0), ("sampled", self.settings.temperature)):
            texts = self.texts(f"{of}, {mode}", model, tokenizer, temperature)
            written = [text["text"].strip() for text in texts]
            measures[mode] = {
                **text_measures(written, self.copying),
                "share_that_ends": sum(text["end"] == "end of text" for text in texts) / len(texts),
                "texts": [{"title": title, "text": text} for title, text in zip(self.titles, written, strict=True)],
            }
        return measures

    @torch.no_grad()
    def perplexity(
        self,
        part: str,
        model: Callable[[], PreTrainedModel],
        folder: str,
        tokenizer: PreTrainedTokenizerFast,
        stories: list[Story],
    ) -> float:
        """exp of the mean loss per token of the stories, given title and template; the end of text counts as a token."""
        context = context_of(read_model_config(folder))
        rows = [encoded(tokenizer, self.settings.form, story, context) for story in stories]
        total = 0.0
        # Stories of one length together, so that little is padding.
        batches = in_batches(sorted(rows, key=lambda row: len(row[0])), self.settings.batch)
        for number, batch in enumerate(batches):
            key = f"{part} {number}"
            if key not in self.finished:
                self.finished[key] = nats(model(), batch, tokenizer.pad_token_id).item()
            total += self.finished[key]
            self.advance(len(batch))
        return math.exp(min(total / max(learned(rows), 1), 100))

    def texts(
        self,
        part: str,
        model: Callable[[], PreTrainedModel],
        tokenizer: PreTrainedTokenizerFast,
        temperature: float,
    ) -> list[dict[str, str]]:
        """A text for each title, in their order."""
        settings = self.settings
        requests = [
            Request(
                id=f"{part} {number}",
                prompt=settings.form.prompt(title),
                seed=settings.seed + number,
                temperature=temperature,
                top_p=settings.top_p,
                most_tokens=settings.tokens,
            )
            for number, title in enumerate(self.titles)
        ]
        missing = [request for request in requests if request.id not in self.finished]
        self.advance(len(requests) - len(missing))
        if missing:
            for text in write_texts(model(), tokenizer, missing, settings.batch):
                self.finished[text.id] = {"text": text.text, "end": text.end}
                self.advance(1)
        return [self.finished[request.id] for request in requests]


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
        "words": mean_words(texts),
    }


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
