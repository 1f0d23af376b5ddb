"""The stories of a study as a model learns them: a prompt, and the story to write."""

from dataclasses import dataclass

from .events import UserError
from .json_lines import read_lines

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


Message = dict[str, str]  # role (system, user or assistant) and content
Prompt = str | list[Message]


@dataclass(frozen=True)
class StoryForm:
    """How a model is asked for a story: by a text that it continues, or by messages that it answers."""

    template: str  # with [[title]] and [[story]]; not used if there are messages
    messages: list[Message]  # with [[title]]

    def prompt(self, title: str) -> Prompt:
        if not self.messages:
            return prompt_and_story(self.template, title, "")[0]
        return [{**message, "content": message["content"].replace("[[title]]", title)} for message in self.messages]

    def story(self, text: str) -> str:
        """The story as the model writes it."""
        return " ".join(text.split()) if self.messages else prompt_and_story(self.template, "", text)[1]


def prompt_and_story(template: str, title: str, text: str) -> tuple[str, str]:
    """Fills in `[[title]]` and `[[story]]`. The space before a story belongs to the story, so that no token spans both."""
    before, _, after = template.partition("[[story]]")
    prompt = before.replace("[[title]]", title)
    space = prompt[len(prompt.rstrip(" ")) :]
    return prompt.rstrip(" "), space + " ".join(text.split()) + after.rstrip()


def check_form(form: StoryForm) -> None:
    if not form.messages:
        return check_template(form.template)
    for message in form.messages:
        if set(message) != {"role", "content"} or message["role"] not in ("system", "user", "assistant"):
            raise UserError(
                f"messages contains {message}.", "A message has a role (system, user or assistant) and a content."
            )
    if form.messages[-1]["role"] != "user":
        raise UserError("The last of the messages is not the user's.", "The model answers a message of the user.")
    if not any("[[title]]" in message["content"] for message in form.messages):
        raise UserError("The messages contain no [[title]].", "Put [[title]] where the title goes.")
    return None


def check_template(template: str) -> None:
    for part in ("[[title]]", "[[story]]"):
        if template.count(part) != 1:
            raise UserError(
                f"The template contains {part} {template.count(part)} times.",
                "It contains [[title]] and [[story]] once each, as in Title: [[title]]\\nStory: [[story]].",
            )
