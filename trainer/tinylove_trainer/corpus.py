"""Reads the texts that a model learns from: plain texts of many sections, and JSON Lines of short stories."""

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
    """Reads a UTF-8 text file, which may be compressed with xz."""
    file = Path(path)
    if not file.is_file():
        raise UserError(f"No such text: {path}.", "Name a .txt or .txt.xz file.")
    if file.suffix == ".xz":
        with lzma.open(file, "rt", encoding="utf-8") as stream:
            return stream.read()
    return file.read_text(encoding="utf-8")


def read_sections(path: str) -> list[Document]:
    """Cuts a text at its headings (lines that start with `# `) into one document per section."""
    sections = re.split(r"^# +(.*)\n", read_text(path), flags=re.MULTILINE)
    pairs = zip(sections[1::2], sections[2::2], strict=True)
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
    """Removes the runs of `@` and `#` with which African Storybook marks the end of a page or a line."""
    return re.sub(r"\s*(?:@+|##+)\s*", " ", text)


STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u2060": None, "\u200a": None})


def straighten(text: str) -> str:
    """Replaces typographic quotes by straight ones, since GPT-2's word rule knows contractions (`I'm`) only with those."""
    return text.translate(STRAIGHT)


def split_held_out(documents: list[Document], every: int) -> tuple[list[Document], list[Document]]:
    """Holds every `every`-th document out for evaluation; the model is never trained on these."""
    held_out = documents[every - 1 :: every]
    kept = [document for index, document in enumerate(documents) if index % every != every - 1]
    return kept, held_out
