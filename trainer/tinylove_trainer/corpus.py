"""Reads what a model learns from: plain texts of many sections, and JSON Lines of short stories."""

import lzma
import re
from dataclasses import dataclass
from pathlib import Path

from .events import UserError
from .json_lines import read_lines


@dataclass(frozen=True)
class Document:
    """A titled text. Its paragraphs are its lines."""

    title: str
    text: str


def read_text(path: str) -> str:
    """A UTF-8 text file, packed with xz or not."""
    file = Path(path)
    if not file.is_file():
        raise UserError(f"No such text: {path}.", "Name a .txt or .txt.xz file.")
    opened = lzma.open(file, "rt", encoding="utf-8") if file.suffix == ".xz" else file.open(encoding="utf-8")
    with opened as stream:
        return stream.read()


def read_sections(path: str) -> list[Document]:
    """Cuts a text at its headings, lines that open with `# `: one document a section."""
    sections = re.split(r"^# +(.*)\n", read_text(path), flags=re.MULTILINE)
    pairs = zip(sections[1::2], sections[2::2])
    return [Document(title.strip(), text.strip()) for title, text in pairs if text.strip()]


def read_stories(path: str) -> list[Document]:
    """JSON Lines with at least `title` and `text`."""
    return read_lines(
        path,
        lambda row: Document(row["title"].strip(), without_marks(row["text"]).strip()),
        missing="Name a JSON Lines file with title and text on each line.",
        fields="title and text",
    )


def without_marks(text: str) -> str:
    """African Storybook's texts hold runs of `@` and `#` where a page or a line ended."""
    return re.sub(r"\s*(?:@+|##+)\s*", " ", text)


STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u2060": None, "\u200a": None})


def straighten(text: str) -> str:
    """Typewriter quotes for typographic ones: GPT-2's word rule knows contractions (`I'm`) only by the straight one."""
    return text.translate(STRAIGHT)


def split_held_out(documents: list[Document], every: int) -> tuple[list[Document], list[Document]]:
    """Keeps each `every`-th document for evaluation, never to be trained on."""
    held_out = documents[every - 1 :: every]
    kept = [document for index, document in enumerate(documents) if index % every != every - 1]
    return kept, held_out
