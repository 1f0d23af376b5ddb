"""Texts and stories as long rows of tokens for `scratch`, and the batches cut from them."""

import os
import random
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from .corpus import Document, read_sections, read_stories, split_held_out, straighten
from .events import UserError, note
from .settings import ScratchSettings
from .story_form import fitting, named_passages, plain, story_form
from .vocabulary import END_OF_TEXT, learn_vocabulary

Corpora = dict[str, np.ndarray]  # rows of tokens by name; `NAME_ends` says where the texts of NAME end


def prepare(settings: ScratchSettings, out: Path) -> tuple[Tokenizer, Corpora]:
    """Learns the vocabulary and packs the corpora as tokens once; a later run reads what the first one wrote."""
    packed, vocabulary = out / "corpora.npz", out / "tokenizer.json"
    if not packed.exists():
        tokenizer, arrays = pack(settings, Tokenizer.from_file(str(vocabulary)) if vocabulary.exists() else None)
        tokenizer.save(str(vocabulary))
        partial = out / "corpora.partial.npz"
        np.savez(partial, **arrays)  # type: ignore[arg-type]  # arrays by name
        os.replace(partial, packed)
    arrays = dict(np.load(packed))
    for name, array in arrays.items():
        if not name.endswith("_ends"):
            note(f"{name}: {len(array):,} tokens")
    return Tokenizer.from_file(str(vocabulary)), arrays


def pack(settings: ScratchSettings, tokenizer: Tokenizer | None) -> tuple[Tokenizer, Corpora]:
    """Reads and cuts the corpora. An existing vocabulary is kept, since a model may have been trained with it."""
    rng = random.Random(settings.seed)
    sections = [document for path in settings.texts for document in read_sections(path)]
    stories = [document for path in settings.stories for document in read_stories(path)]
    if not sections or not stories:
        raise UserError("The recipe names no texts or no stories.", "Give texts and stories in the config.")
    sections, sections_held = split_held_out(with_quotes(sections, settings.curly, rng), 100)
    stories, stories_held = split_held_out(fitting(with_quotes(stories, settings.curly, rng)), 20)
    stories = plain(stories)
    passages = named_passages(sections, settings.first_person)
    note(f"{len(sections)} sections, {len(stories)} stories, {len(passages)} passages")

    section_texts = [section.text + "\n" for section in sections]
    story_texts = [story_form(story) for story in stories]
    tokenizer = tokenizer or learn_vocabulary(section_texts + story_texts * 2, settings.vocabulary)
    stable = section_texts + story_texts
    rng.shuffle(stable)
    return tokenizer, {
        "stable": tokens(tokenizer, stable, END_OF_TEXT)[0],
        **with_ends("stories", tokens(tokenizer, story_texts)),
        **with_ends("passages", tokens(tokenizer, [story_form(passage) for passage in passages])),
        "held_texts": tokens(tokenizer, [section.text + "\n" for section in sections_held], END_OF_TEXT)[0],
        "held_stories": tokens(tokenizer, [story_form(story) for story in stories_held])[0],
    }


def with_quotes(documents: list[Document], curly: float, rng: random.Random) -> list[Document]:
    """Most documents with straight quotes, some unchanged, since a prompt may have either."""
    return [d if rng.random() < curly else Document(straighten(d.title), straighten(d.text)) for d in documents]


def tokens(tokenizer: Tokenizer, texts: list[str], end: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """All texts as one row of token ids, and the place where each text ends in it."""
    last = [tokenizer.token_to_id(end)] if end else []
    encoded = [[*encoding.ids, *last] for encoding in tokenizer.encode_batch(texts)]
    ends = np.cumsum([len(ids) for ids in encoded])
    return np.concatenate([np.array(ids, dtype=np.uint16) for ids in encoded]), ends


def with_ends(name: str, packed: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: packed[0], f"{name}_ends": packed[1]}


def stable_batch(corpora: Corpora, step: int, rows: int, length: int, seed: int) -> torch.Tensor:
    """The rows of one step. In each epoch the text is cut into rows at a new offset and shuffled again."""
    stream = corpora["stable"]
    per_epoch = (len(stream) - length - 1) // length // rows
    epoch, place = divmod(step, per_epoch)
    rng = np.random.default_rng([seed, epoch])
    offset = int(rng.integers(length))
    order = rng.permutation((len(stream) - offset - 1) // length)
    starts = offset + order[place * rows : (place + 1) * rows] * length
    return torch.from_numpy(np.stack([stream[start : start + length + 1] for start in starts]).astype(np.int64))


def decay_batch(corpora: Corpora, step: int, rows: int, length: int, seed: int, mix: dict[str, float]) -> torch.Tensor:
    """Rows that start with `Title:`, made of stories or of passages joined together, and rows of plain text."""
    rng = np.random.default_rng([seed, 1_000_000 + step])
    kinds = rng.choice(list(mix), size=rows, p=list(mix.values()))
    return torch.from_numpy(np.stack([decay_row(corpora, kind, length + 1, rng) for kind in kinds]).astype(np.int64))


def decay_row(corpora: Corpora, kind: str, size: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "texts":
        start = int(rng.integers(len(corpora["stable"]) - size))
        return corpora["stable"][start : start + size]
    stream, ends = corpora[kind], corpora[f"{kind}_ends"]
    row = np.empty(0, dtype=np.uint16)
    while len(row) < size:
        pick = int(rng.integers(len(ends)))
        row = np.concatenate([row, stream[ends[pick - 1] if pick else 0 : ends[pick]]])
    return row[:size]
