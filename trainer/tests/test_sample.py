import json
import math
import re

import pytest
import torch
from conftest import named

from tinylove_trainer.models import load_model, load_tokenizer
from tinylove_trainer.sample import Request, write_texts


@pytest.fixture(params=["neo", "neox"])
def pair(request):
    folder = request.getfixturevalue(request.param)
    return load_model(folder).eval(), load_tokenizer(folder)


PROMPTS = [
    "Title: The Key of May\nStory:",
    "Title: Rain\nStory: My mother",
    "Story: I",
    "The old baker found a letter in June. It rained",
]


def test_a_text_follows_from_its_seed_not_from_its_neighbours(pair):
    requests = [
        Request(str(n), prompt, seed=n, most_tokens=25, temperature=0.9, top_p=0.95) for n, prompt in enumerate(PROMPTS)
    ]
    alone = {text.id: text.raw for request in requests for text in write_texts(*pair, [request])}
    together = {text.id: text.raw for text in write_texts(*pair, requests, batch=4)}
    assert together == alone
    other = next(write_texts(*pair, [Request("0", PROMPTS[0], seed=99, most_tokens=25)]))
    assert other.raw != alone["0"]


def test_greedy_texts_are_those_of_generate(pair):
    model, tokenizer = pair
    for prompt in PROMPTS:
        ids = torch.tensor([tokenizer(prompt)["input_ids"]])
        expected = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=20, pad_token_id=0
        )[0, ids.shape[1] :].tolist()
        text = next(write_texts(model, tokenizer, [Request("x", prompt, seed=1, temperature=0, most_tokens=20)]))
        assert text.raw == tokenizer.decode([token for token in expected if token != 0])


def test_mean_log_probability_of_an_untrained_neox_is_that_of_chance(neox):
    model, tokenizer = load_model(neox).eval(), load_tokenizer(neox)
    with torch.no_grad():
        model.lm_head.weight.zero_()
    text = next(write_texts(model, tokenizer, [Request("x", "Story:", seed=1, most_tokens=30)]))
    assert text.log_probability == pytest.approx(-math.log(model.config.vocab_size), abs=1e-4)


def test_the_stop_ends_a_text_but_not_before_the_least(pair):
    model, tokenizer = pair
    free = next(write_texts(model, tokenizer, [Request("x", PROMPTS[0], seed=3, most_tokens=60)]))
    stop = re.search(r"(?<![^\W_])[a-z]{2,}", free.raw).group()
    stopped = next(write_texts(model, tokenizer, [Request("x", PROMPTS[0], seed=3, most_tokens=60, stop=stop)]))
    assert stopped.end == "stop"
    assert free.raw.startswith(stopped.raw)
    assert stopped.raw == stopped.text + stop
    late = next(
        write_texts(model, tokenizer, [Request("x", PROMPTS[0], seed=3, most_tokens=60, least_tokens=50, stop=stop)])
    )
    assert late.generated_tokens >= 50
    assert late.raw.startswith(stopped.text.rstrip(" \N{REPLACEMENT CHARACTER}")) and not late.raw.startswith(
        stopped.raw
    )


def test_requests_come_as_lines_and_texts_leave_as_events(run, neo, tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": f"r{n}", "prompt": prompt, "seed": n, "most_tokens": 10}) + "\n"
            for n, prompt in enumerate(PROMPTS)
        )
    )
    code, events = run("sample", {"model": neo, "requests": str(path), "batch": 3})
    assert code == 0
    assert {event["id"] for event in named(events, "generation")} == {"r0", "r1", "r2", "r3"}
    assert named(events, "done")[0]["texts"] == 4


def test_a_prompt_that_does_not_fit_is_an_error(run, neo, tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(json.dumps({"id": "long", "prompt": "the key " * 400, "seed": 1}) + "\n")
    code, events = run("sample", {"model": neo, "requests": str(path)})
    assert code == 1 and "long" in events[-1]["message"]
