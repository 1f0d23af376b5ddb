import json
import random

import numpy as np
import pytest
from conftest import DID, THEN, WHO, named

from tinylove_trainer.corpus import Document, read_sections, read_stories, split_held_out, straighten, without_marks
from tinylove_trainer.story_form import first_person_share, fitting, named_passages, passages, plain, story_form


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, stories) -> dict:
    folder, rng = tmp_path_factory.mktemp("texts"), random.Random(3)
    lines = []
    for section in range(120):
        lines.append(f"# Section {section}")
        for _ in range(6):
            lines.append(
                " ".join(
                    f"{rng.choice(WHO).capitalize()} {rng.choice(DID)}, and I saw the key of my house. {rng.choice(THEN)}"
                    for _ in range(4)
                )
            )
    (folder / "fiction.txt").write_text("\n".join(lines) + "\n")
    (folder / "tales.jsonl").write_text("".join(json.dumps(story) + "\n" for story in stories))
    return {
        "texts": [str(folder / "fiction.txt")],
        "stories": [str(folder / "tales.jsonl")],
        "vocabulary": 400, "width": 32, "layers": 2, "head": 16, "context": 64,
        "stable": {"steps": 12, "rows": 4, "length": 32},
        "decay": {"steps": 8, "rows": 2, "length": 64},
        "warmup_steps": 2, "compile": False, "evaluate_every": 10, "save_every": 4,
    }  # fmt: skip


def test_a_model_is_made_and_its_loss_falls(run, recipe, tmp_path):
    code, events = run("scratch", {**recipe, "out": str(tmp_path / "out")})
    assert code == 0
    evaluations = named(events, "evaluation")
    assert [event["step"] for event in evaluations] == [10, 20]
    assert evaluations[-1]["held_stories"] < evaluations[0]["held_stories"] < np.log(400)
    assert (tmp_path / "out/model/config.json").is_file()
    assert (tmp_path / "out/stable.pt").is_file()


def test_a_run_that_stopped_continues_as_if_it_had_not(run, recipe, tmp_path):
    run("scratch", {**recipe, "out": str(tmp_path / "whole")})
    run(
        "scratch",
        {
            **recipe,
            "decay": {**recipe["decay"], "steps": 2},
            "stable": {**recipe["stable"], "steps": 8},
            "out": str(tmp_path / "part"),
        },
    )
    saved = tmp_path / "part/stable.pt"  # step 8, before any decay: the whole run passed through the same state
    saved.replace(tmp_path / "part/checkpoint.pt")
    run("scratch", {**recipe, "out": str(tmp_path / "part")})
    last = [json.loads((tmp_path / name / "curve.jsonl").read_text().splitlines()[-1]) for name in ("whole", "part")]
    assert last[0] == last[1]


def test_a_recipe_that_cannot_be(run, recipe, tmp_path):
    for change, named_in in (
        ({"head": 15}, "15"),
        ({"texts": ["none.txt"]}, "none.txt"),
        ({"decay_mix": {"stories": 0.5}}, "0.5"),
        ({"layer": 1}, "layer"),
    ):
        code, events = run("scratch", {**recipe, "out": str(tmp_path), **change})
        assert code == 1 and named_in in events[-1]["message"]


def test_sections_stories_and_quotes(recipe, tmp_path):
    sections = read_sections(recipe["texts"][0])
    assert len(sections) == 120 and sections[3].title == "Section 3"
    assert len(read_stories(recipe["stories"][0])) == 96
    assert straighten("“Don’t”") == '"Don\'t"'
    assert without_marks("We ate. @@@He slept.") == "We ate. He slept."
    tales = [Document("a", "word " * 40), Document("b", "word " * 40 + "😍"), Document("c", "too short")]
    assert [tale.title for tale in plain(fitting(tales))] == ["a"]
    kept, held = split_held_out(sections, 40)
    assert len(held) == 3 and not set(held) & set(kept)


def test_the_story_form_is_one_paragraph_under_its_title():
    assert story_form(Document("Rain", "It fell.\nWe ran.")) == "Title: Rain\nStory: It fell. We ran.\n"


def test_passages_are_whole_paragraphs_in_the_first_person():
    told = " ".join(["I went to my house with the lantern, and we looked for her letter."] * 4)
    other = " ".join(["She went to the house and looked for a letter in the dark of it."] * 4)
    section = Document("x", "\n".join([told, told, other, other]))
    assert passages(section) == [f"{told} {told}", f"{other} {other}"]
    assert first_person_share(told) > 0.1 > first_person_share(other)
    assert first_person_share('"I want my hat," she said.') == 0
    found = named_passages([section] * 10, 0.06)
    assert {passage.text for passage in found} == {f"{told} {told}"}
