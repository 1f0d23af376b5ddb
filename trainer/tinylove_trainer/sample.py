"""`sample`: writes texts in batches with any causal language model, for `generate`.

The settings mean what they mean in llama.cpp: topK, topP and minP first cut the distribution, then the temperature
is applied. Each request draws from a generator with its own seed, so its text does not depend on the others in its batch
(except for the last bits of the logits, which a batch of another shape may round differently).
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .events import UserError, emit
from .json_lines import read_lines
from .models import context_of, load_tokenizer, loaded_for_use
from .settings import SampleSettings
from .stories import Prompt
from .tokens import end_tokens, prompt_tokens


@dataclass(frozen=True)
class Request:
    """One text to be written. Names and meanings are those of a study's `generate` settings."""

    id: str
    prompt: Prompt
    seed: int
    temperature: float = 1.0  # 0 is greedy
    top_p: float = 1.0
    top_k: int = 0  # 0: the whole vocabulary
    min_p: float = 0.0
    repeat_penalty: float = 1.0  # on the last 64 tokens written
    least_tokens: int = 0  # before this many tokens the text may not end or reach the stop
    most_tokens: int = 200
    stop: str = ""  # the text ends where the model begins to write this


@dataclass
class Text:
    """What was written. `end` is `stop`, `end of text` or `limit`. `raw` includes the stop, `text` does not."""

    id: str
    text: str = ""
    raw: str = ""
    end: str = ""
    prompt_tokens: int = 0
    generated_tokens: int = 0
    log_probability: float | None = None  # mean over the tokens, natural logarithm, at temperature 1


@dataclass
class Draft:
    """A text in progress. `banned[place]`: tokens that may not come at this place after what precedes it."""

    request: Request
    prompt: list[int]
    generator: torch.Generator
    tokens: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    banned: dict[int, set[int]] = field(default_factory=dict)
    end: str = ""
    rewound: bool = False  # tokens were removed, so the model's cache of it is too long


def sample(config: dict[str, Any]) -> None:
    """Reads requests as JSON Lines from the file `requests` (or `-` for stdin) and writes a `generation` event for each."""
    settings = SampleSettings.read(config)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    requests = read_lines(
        settings.requests,
        lambda row: Request(**row),
        missing="Name a JSON Lines file, or - for stdin.",
        fields=", ".join(one.name for one in fields(Request)),
    )
    model = loaded_for_use(settings.model, settings.precision)
    tokenizer = load_tokenizer(settings.model)
    emit(
        "start",
        model=settings.model,
        architecture=model.config.model_type,
        parameters=sum(p.numel() for p in model.parameters()),
        context=context_of(model),
        requests=len(requests),
    )
    began, tokens = time.monotonic(), 0
    for number, text in enumerate(write_texts(model, tokenizer, requests, settings.batch), start=1):
        tokens += text.generated_tokens
        seconds = time.monotonic() - began
        emit("generation", **asdict(text))
        emit(
            "progress",
            step=number,
            steps=len(requests),
            tokens_per_second=round(tokens / seconds, 1),
            seconds_left=round(seconds / number * (len(requests) - number)),
        )
    emit("done", texts=len(requests), tokens=tokens)


@torch.no_grad()
def write_texts(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, requests: list[Request], batch: int = 8
) -> Iterator[Text]:
    """Yields each text when it is complete. Leaves the model in the mode in which it was."""
    training = model.training
    model.eval()
    waiting = [draft_of(request, tokenizer, context_of(model)) for request in requests]
    ends = end_tokens(model, tokenizer)
    try:
        while waiting:
            drafts, waiting = waiting[:batch], waiting[batch:]
            write_batch(model, tokenizer, ends, drafts)
            # A draft with removed tokens continues in a later batch, from its remaining tokens.
            for draft in drafts:
                draft.rewound = False
            waiting = [draft for draft in drafts if not draft.end] + waiting
            yield from (finished_text(draft, tokenizer) for draft in drafts if draft.end)
    finally:
        model.train(training)


def draft_of(request: Request, tokenizer: PreTrainedTokenizerFast, context: int) -> Draft:
    prompt = prompt_tokens(tokenizer, request.prompt) or [tokenizer.eos_token_id]
    if len(prompt) + request.most_tokens > context:
        raise UserError(
            f"{request.id}: a prompt of {len(prompt)} tokens and a text of {request.most_tokens} do not fit into the model's context of {context}.",
            "Use fewer or shorter examples, or fewer tokens.",
        )
    return Draft(request, prompt, torch.Generator().manual_seed(request.seed))


def write_batch(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, ends: frozenset[int], drafts: list[Draft]
) -> None:
    """Writes all drafts together, one token at a time and padded on the left, until each has ended or had tokens removed."""
    begun = [draft.prompt + draft.tokens for draft in drafts]
    longest = max(map(len, begun))
    fed = torch.tensor([[tokenizer.pad_token_id] * (longest - len(ids)) + ids for ids in begun], device=model.device)
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in begun], device=model.device)
    cache = None
    while any(not draft.end and not draft.rewound for draft in drafts):
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -fed.shape[1] :]
        result = model(fed, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        cache = result.past_key_values
        logits = result.logits[:, -1].float().cpu()
        chosen = [
            step(draft, row, tokenizer, ends) if not draft.end and not draft.rewound else tokenizer.pad_token_id
            for draft, row in zip(drafts, logits, strict=True)
        ]
        fed = torch.tensor(chosen, device=model.device)[:, None]
        mask = torch.cat([mask, mask.new_ones(len(drafts), 1)], dim=1)


def step(draft: Draft, logits: torch.Tensor, tokenizer: PreTrainedTokenizerFast, ends: frozenset[int]) -> int:
    """Draws one token, and checks whether it ends the text."""
    token = draw(draft, logits)
    draft.tokens.append(token)
    draft.scores.append(float(logits.log_softmax(-1)[token]))
    least, most = draft.request.least_tokens, draft.request.most_tokens
    if token in ends:
        if len(draft.tokens) <= least:
            remove_tokens(draft, len(draft.tokens) - 1)
        else:
            draft.end = "end of text"
        return token
    place = stop_place(draft, tokenizer)
    if place is not None and place < least:
        remove_tokens(draft, place)
    elif place is not None:
        draft.end = "stop"
    elif len(draft.tokens) >= most:
        draft.end = "limit"
    return token


def draw(draft: Draft, logits: torch.Tensor) -> int:
    request = draft.request
    logits = logits.clone()
    if request.repeat_penalty != 1.0 and draft.tokens:
        recent = torch.tensor(sorted(set(draft.tokens[-64:])))
        values = logits[recent]
        logits[recent] = torch.where(values > 0, values / request.repeat_penalty, values * request.repeat_penalty)
    banned = draft.banned.get(len(draft.tokens))
    if banned:
        logits[sorted(banned)] = -torch.inf
    if request.temperature == 0:
        return int(logits.argmax())
    shares, order = logits.softmax(-1).sort(descending=True)
    kept = torch.ones_like(shares, dtype=torch.bool)
    if request.top_k > 0:
        kept[request.top_k :] = False
    kept &= shares.cumsum(-1) - shares < request.top_p
    kept &= shares >= request.min_p * shares[0]
    kept[0] = True
    tempered = torch.where(kept, shares.log() / request.temperature, -torch.inf).softmax(-1)
    return int(order[torch.multinomial(tempered, 1, generator=draft.generator)])


def remove_tokens(draft: Draft, place: int) -> None:
    """Removes the tokens from `place` on, and bans the first of them from that place."""
    token = draft.tokens[place]
    draft.banned = {at: tokens for at, tokens in draft.banned.items() if at <= place}
    draft.banned.setdefault(place, set()).add(token)
    del draft.tokens[place:], draft.scores[place:]
    draft.rewound = True


def stop_place(draft: Draft, tokenizer: PreTrainedTokenizerFast) -> int | None:
    """The place of the token with which the stop begins, if the text now ends with it; not inside a word (`Subtitle:`)."""
    stop = draft.request.stop
    if not stop:
        return None
    first = max(0, len(draft.tokens) - len(stop.encode()) - 8)
    tail = tokenizer.decode(draft.tokens[first:])
    at = tail.rfind(stop)
    if at < 0 or (at > 0 and tail[at - 1].isalnum()):
        return None
    place = len(draft.tokens)
    while place > first and len(tokenizer.decode(draft.tokens[first:place])) > at:
        place -= 1
    return place


def finished_text(draft: Draft, tokenizer: PreTrainedTokenizerFast) -> Text:
    ended = draft.tokens[:-1] if draft.end == "end of text" else draft.tokens
    raw = tokenizer.decode(ended)
    text = raw[: raw.rfind(draft.request.stop)] if draft.end == "stop" else raw
    return Text(
        id=draft.request.id,
        text=text,
        raw=raw,
        end=draft.end,
        prompt_tokens=len(draft.prompt),
        generated_tokens=len(ended),
        log_probability=sum(draft.scores) / len(draft.scores) if draft.scores else None,
    )
