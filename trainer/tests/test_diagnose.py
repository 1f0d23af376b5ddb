import pytest
from conftest import named

from tinylove_trainer import diagnose
from tinylove_trainer.find_lr import suggestion


def test_the_range_test_finds_a_rate_between_too_low_and_too_high(run, neox, corpus):
    code, events = run(
        "find-lr",
        {
            "model": neox,
            "stories": corpus,
            "precision": "fp32",
            "steps": 60,
            "lowest": 1e-6,
            "threads": 1,
            "length": 128,
        },
    )
    assert code == 0
    done = named(events, "done")[0]
    assert 1e-5 < done["suggested"] < done["lowest_loss_at"]
    assert done["exploded_at"] is None or done["exploded_at"] > done["suggested"]


def test_the_suggestion_is_a_third_of_where_the_loss_falls_fastest():
    losses = [5.0, 5.0, 4.9, 4.0, 3.8, 3.7, 6.0]
    curve = [{"rate": 10.0**at, "smoothed": loss} for at, loss in enumerate(losses)]
    assert suggestion(curve) == pytest.approx(100 / 3)


@pytest.fixture(scope="module")
def sweep(neo, corpus, tmp_path_factory) -> dict:
    from tinylove_trainer.tune import tune

    outs = {}
    for name, rate in (("fitting", 3e-3), ("too high", 1.0)):
        out = outs[name] = str(tmp_path_factory.mktemp("sweep"))
        tune(
            {
                "model": neo,
                "stories": corpus,
                "out": out,
                "rate": rate,
                "epochs": 3,
                "patience": 99,
                "precision": "fp32",
                "threads": 1,
                "length": 128,
                "warmup": 0,
            }
        )
    return outs


def test_a_rate_far_too_high_is_seen_in_every_number(sweep, run, neo, corpus):
    found = {}
    for name, out in sweep.items():
        code, events = run(
            "diagnose",
            {
                "model": f"{out}/model",
                "base": neo,
                "run": out,
                "stories": corpus,
                "titles": 6,
                "tokens": 40,
                "threads": 1,
            },
        )
        assert code == 0, events
        found[name] = {event["of"]: event for event in named(events, "diagnosis")} | {
            "curve": named(events, "done")[0]["curve"]
        }
    fitting, broken = found["fitting"], found["too high"]
    assert fitting["tuned"]["perplexity"] < fitting["base"]["perplexity"] / 2
    assert broken["curve"]["last_validation_loss"] > 2 * fitting["curve"]["best_validation"]["validation_loss"]
    assert broken["tuned"]["greedy"]["seq_rep_4"] > 0.9
    assert broken["tuned"]["sampled"]["seq_rep_4"] > fitting["tuned"]["sampled"]["seq_rep_4"]
    assert fitting["people"]["seq_rep_4"] < 0.5
    assert 0 < fitting["people"]["copied_8_grams"] <= 1  # stories of one pattern
    assert len(fitting["tuned"]["greedy"]["texts"]) == 6


def test_an_interrupted_diagnosis_does_only_what_is_missing(sweep, run, neo, corpus, tmp_path, monkeypatch):
    finished = tmp_path / "finished.jsonl"
    config = {
        "model": f"{sweep['fitting']}/model",
        "base": neo,
        "stories": corpus,
        "titles": 3,
        "tokens": 10,
        "threads": 1,
        "finished": str(finished),
    }
    code, whole = run("diagnose", config)
    assert code == 0, whole
    steps = [event["step"] for event in named(whole, "progress")]
    assert steps == sorted(steps) and steps[-1] == named(whole, "progress")[-1]["steps"]

    lines = finished.read_text().splitlines(keepends=True)
    loaded = []
    loader = diagnose.loaded_for_use
    monkeypatch.setattr(diagnose, "loaded_for_use", lambda *of: loaded.append(of[0]) or loader(*of))
    finished.write_text("".join(lines[:-2]) + lines[-2][:20])  # a kill cut a line
    code, again = run("diagnose", config)
    assert code == 0 and loaded == [config["model"]]
    assert named(again, "diagnosis") == named(whole, "diagnosis")

    # Other settings measure something else.
    run("diagnose", {**config, "tokens": 11})
    assert loaded == [config["model"], neo, config["model"]]


def test_a_corpus_without_test_stories_is_an_error(run, neo, stories, tmp_path):
    import json

    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps({**story, "split": "train"}) + "\n" for story in stories))
    code, events = run("diagnose", {"model": neo, "stories": str(path)})
    assert code == 1 and "0 test" in events[-1]["message"]
