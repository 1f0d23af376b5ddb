"""Measures that show whether a model loops or recites. Words are lower-case, without punctuation."""

import math
import re
from collections import Counter

PRONOUNS = frozenset(
    [
        "i",
        "me",
        "my",
        "mine",
        "myself",
        "we",
        "us",
        "our",
        "ours",
        "ourselves",
        "you",
        "your",
        "yours",
        "yourself",
        "yourselves",
        "he",
        "him",
        "his",
        "himself",
        "she",
        "her",
        "hers",
        "herself",
        "it",
        "its",
        "itself",
        "they",
        "them",
        "their",
        "theirs",
        "themselves",
    ]
)


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.lower())


def pieces(text: str) -> list[str]:
    """Words and punctuation marks, since a model may also loop on a full stop."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]", text.lower())


def grams(tokens: list[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)]


def repetition(texts: list[str], size: int = 4) -> float:
    """seq-rep-n: the share of a text's n-grams that occurred in it before, averaged over the texts (Welleck et al. 2020).

    It counts words and punctuation, so that different models and people can be compared; Welleck counts tokens.
    """
    shares = [1 - len(set(found)) / len(found) for text in texts if (found := grams(pieces(text), size))]
    return mean(shares)


def distinct(texts: list[str], size: int) -> float:
    """distinct-n: the number of different n-grams divided by all n-grams of all texts (Li et al. 2016). More texts lower it."""
    found = [gram for text in texts for gram in grams(words(text), size)]
    return len(set(found)) / max(1, len(found))


def pronoun_share(texts: list[str]) -> float:
    """The share of words that are personal pronouns or their possessives."""
    found = [word for text in texts for word in words(text)]
    return sum(word.split("'")[0].split("’")[0] in PRONOUNS for word in found) / max(1, len(found))


def entropy(texts: list[str]) -> float:
    """The entropy of the distribution of words, in bits. It is low if the texts use few words."""
    counts = Counter(word for text in texts for word in words(text))
    total = sum(counts.values())
    return sum(count / total * math.log2(total / count) for count in counts.values()) if total else 0.0


class Copying:
    """What texts copy word for word from the training stories."""

    def __init__(self, training: list[str]):
        self.size = 8
        self.training = [words(text) for text in training]
        self.known = {gram for story in self.training for gram in grams(story, self.size)}
        self.places: dict[str, list[tuple[int, int]]] = {}
        for story, tokens in enumerate(self.training):
            for at, word in enumerate(tokens):
                self.places.setdefault(word, []).append((story, at))

    def share(self, texts: list[str]) -> float:
        """The share of a text's 8-grams that occur in a training story, averaged over the texts."""
        return mean(
            [
                sum(gram in self.known for gram in found) / len(found)
                for text in texts
                if (found := grams(words(text), self.size))
            ]
        )

    def longest(self, texts: list[str]) -> int:
        """The longest run of words, in any of the texts, that occurs in one training story."""
        return max((self.longest_in(words(text)) for text in texts), default=0)

    def longest_in(self, tokens: list[str]) -> int:
        best = 0
        runs: dict[tuple[int, int], int] = {}
        for word in tokens:
            runs = {place: runs.get((place[0], place[1] - 1), 0) + 1 for place in self.places.get(word, [])}
            best = max([best, *runs.values()])
        return best


def mean_words(texts: list[str]) -> float:
    """The mean number of words of a text."""
    return mean([float(len(words(text))) for text in texts])


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
