"""The form of Tiny Love's prompts, and fiction cut to that form.

Title: [title]
Story: [one paragraph]
Title: [next title]
Story:
"""

import re
from collections import Counter

from .corpus import Document

SHORTEST, LONGEST = 55, 160  # words; a Tiny Love story has at most 100, a folk tale a few more


def story_form(story: Document) -> str:
    """One story as it is written in a prompt, its paragraphs joined into one."""
    return f"Title: {story.title}\nStory: {' '.join(story.text.split())}\n"


def fitting(stories: list[Document]) -> list[Document]:
    """The stories of a length worth imitating."""
    return [story for story in stories if 30 <= len(story.text.split()) <= LONGEST]


def plain(stories: list[Document]) -> list[Document]:
    """The stories without emoji and words of other scripts."""
    return [story for story in stories if not FOREIGN.search(story.text)]


FOREIGN = re.compile(r"[^\x00-\u024f\u2010-\u2026]")  # beyond Latin letters, dashes and quotes


def first_person_share(text: str) -> float:
    """How many of the words outside quotation marks are `I`, `me`, `my`, `we`, `us`, `our`: 0 to 1."""
    words = re.findall(r"[A-Za-z']+", re.sub(r'["“][^"”]*["”]', " ", text))
    return sum(word in PERSON for word in words) / max(len(words), 30)


PERSON = {"I", "me", "my", "My", "we", "We", "us", "our", "Our", "I'm", "I'd", "I've", "I'll"}


def passages(section: Document) -> list[str]:
    """Runs of whole paragraphs that together are as long as a tiny story, without overlap."""
    found: list[str] = []
    current: list[str] = []
    for paragraph in section.text.split("\n"):
        current.append(paragraph)
        words = sum(len(part.split()) for part in current)
        if words > LONGEST:
            current = []
        elif words >= SHORTEST + 15 and paragraph.rstrip()[-1:] in '.!?"':
            found.append(" ".join(" ".join(current).split()))
            current = []
    return found


def named_passages(sections: list[Document], least_first_person: float) -> list[Document]:
    """Passages in the first person, each titled after something in it that other passages lack.

    Fiction has no title for a paragraph, so one is made: the phrase `the/my/a NOUN` whose noun is frequent here and rare
    in the whole text (tf-idf). It teaches the model that a story follows its title.
    """
    texts = [text for section in sections for text in passages(section)]
    texts = [text for text in texts if first_person_share(text) >= least_first_person]
    frequency = Counter(word for text in texts for word in set(re.findall(r"[a-z]+", text.lower())))
    return [Document(name, text) for text in texts if (name := made_title(text, frequency))]


def made_title(text: str, frequency: Counter[str]) -> str | None:
    here = Counter(re.findall(r"[a-z]+", text.lower()))
    best, best_score = None, 0.0
    for article, phrase in re.findall(
        r"\b(the|my|My|The|a|A|our|her|his) ((?:[a-z]+ )?[a-z]{4,})\b(?=[.,;!?]| (?:was|is|and|in|of|that|with|had|to|on|at|for|who)\b)",
        text,
    ):
        noun = phrase.split()[-1]
        if frequency[noun] < 8 or noun.endswith("ly"):
            continue
        score = here[noun] ** 1.5 / frequency[noun] ** 0.5
        if score > best_score:
            best, best_score = f"{article} {phrase}".title(), score
    return best
