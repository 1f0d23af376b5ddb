"""The stories of a study as a model learns them: what is asked, and what is to be written."""

from dataclasses import dataclass

from .events import UserError
from .json_lines import read_lines

LEAST_TRAINING, LEAST_VALIDATION = 20, 4  # fewer tell nothing: 5 stories are learnt by heart in one epoch


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


def enough_to_train(stories: list[Story]) -> None:
    """Throws where there are too few stories to learn from or to stop by."""
    for split, least in (("train", LEAST_TRAINING), ("validation", LEAST_VALIDATION)):
        found = len(of_split(stories, split))
        if found < least:
            raise UserError(
                f"The corpus has {found} {split} {'story' if found == 1 else 'stories'}; tuning needs at least {least}.",
                "Collect more, or change corpus.split in study.yaml (the study of 2022: 450 / 151 / 150).",
            )


def prompt_and_story(template: str, title: str, text: str) -> tuple[str, str]:
    """Fills `[[title]]` and `[[story]]`. The space before a story belongs to the story: so the tokens part cleanly."""
    before, _, after = template.partition("[[story]]")
    prompt = before.replace("[[title]]", title)
    space = prompt[len(prompt.rstrip(" ")) :]
    return prompt.rstrip(" "), space + " ".join(text.split()) + after.rstrip()


def check_template(template: str) -> None:
    for part in ("[[title]]", "[[story]]"):
        if template.count(part) != 1:
            raise UserError(f"The template holds {part} {template.count(part)} times.", "It names [[title]] and [[story]] once each, as in Title: [[title]]\\nStory: [[story]].")


def encoded(tokenizer, prompt: str, story: str, length: int) -> tuple[list[int], list[int]]:
    """Token ids and labels. The prompt is not learnt (label -100), the end of text after the story is."""
    asked = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    told = tokenizer(story, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    return (asked + told)[:length], ([-100] * len(asked) + told)[:length]
