"""The stories of a study as a model learns them: a prompt, and the story to write."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .events import UserError
from .json_lines import read_lines

if TYPE_CHECKING:  # settings.py reads this module, and Transformers takes seconds to import
    from transformers import PreTrainedTokenizerFast

LEAST_TRAINING, LEAST_VALIDATION = 20, 4  # with fewer, a model memorises them: 5 stories take one epoch


@dataclass(frozen=True)
class Story:
    id: str
    title: str
    text: str
    split: str  # train, validation or test


def read_corpus(path: str) -> list[Story]:
    """`corpus/stories.jsonl` of a study."""
    return read_lines(
        path,
        lambda row: Story(str(row["id"]), row["title"], row["text"], row["split"]),
        missing="Run `tinylove collect` first, or name its corpus/stories.jsonl.",
        fields="id, title, text and split",
    )


def of_split(stories: list[Story], split: str) -> list[Story]:
    return [story for story in stories if story.split == split]


def check_enough_stories(stories: list[Story]) -> None:
    """Raises UserError if there are too few stories for training or for deciding when to stop."""
    for split, least in (("train", LEAST_TRAINING), ("validation", LEAST_VALIDATION)):
        found = len(of_split(stories, split))
        if found < least:
            raise UserError(
                f"The corpus has {found} {split} {'story' if found == 1 else 'stories'}; tuning needs at least {least}.",
                "Collect more, or change corpus.split in study.yaml (the study of 2022: 450 / 151 / 150).",
            )


def prompt_and_story(template: str, title: str, text: str) -> tuple[str, str]:
    """Fills in `[[title]]` and `[[story]]`. The space before a story belongs to the story, so that no token spans both."""
    before, _, after = template.partition("[[story]]")
    prompt = before.replace("[[title]]", title)
    space = prompt[len(prompt.rstrip(" ")) :]
    return prompt.rstrip(" "), space + " ".join(text.split()) + after.rstrip()


def check_template(template: str) -> None:
    for part in ("[[title]]", "[[story]]"):
        if template.count(part) != 1:
            raise UserError(
                f"The template contains {part} {template.count(part)} times.",
                "It contains [[title]] and [[story]] once each, as in Title: [[title]]\\nStory: [[story]].",
            )


def prompt_tokens(tokenizer: "PreTrainedTokenizerFast", prompt: str) -> list[int]:
    """The token ids of a prompt, with the start token (BOS) that the tokenizer puts first, if any, and no end token.

    Training, diagnosis, sampling and export all use it, so that a model is asked with the tokens that it learned from.
    """
    return start_tokens(tokenizer) + bare_tokens(tokenizer, prompt)


def start_tokens(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """What the tokenizer puts before every text: BOS for Llama and Gemma, nothing for GPT-2, GPT-NeoX and Qwen."""
    whole, bare = tokenizer("a")["input_ids"], bare_tokens(tokenizer, "a")
    return list(whole[: next(at for at in range(len(whole)) if whole[at : at + len(bare)] == bare)])


def bare_tokens(tokenizer: "PreTrainedTokenizerFast", text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def encoded(tokenizer: "PreTrainedTokenizerFast", prompt: str, story: str, length: int) -> tuple[list[int], list[int]]:
    """Token ids and labels. The model learns the story and the end of text after it, but not the prompt (label -100).

    The story's tokens are those that follow the prompt's in the whole text. Only if a token would span both is the story
    tokenized alone.
    """
    asked = prompt_tokens(tokenizer, prompt)
    whole = prompt_tokens(tokenizer, prompt + story)
    written = whole[len(asked) :] if whole[: len(asked)] == asked else bare_tokens(tokenizer, story)
    written = [*written, tokenizer.eos_token_id]
    return (asked + written)[:length], ([-100] * len(asked) + written)[:length]
