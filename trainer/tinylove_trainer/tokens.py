"""Prompts and stories as token ids: the same in training, diagnosis, sampling and export."""

from jinja2 import TemplateError
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .batches import Row
from .events import UserError
from .stories import Message, Prompt, Story, StoryForm


def prompt_tokens(tokenizer: PreTrainedTokenizerFast, prompt: Prompt) -> list[int]:
    """The token ids of a prompt, with the start token (BOS) that the tokenizer or its chat template puts first, if any.

    There is no end token.
    """
    if isinstance(prompt, str):
        return start_tokens(tokenizer) + bare_tokens(tokenizer, prompt)
    return bare_tokens(tokenizer, rendered(tokenizer, prompt, answer=None))


def start_tokens(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """What the tokenizer puts before every text: BOS for Llama and Gemma, nothing for GPT-2, GPT-NeoX and Qwen."""
    whole, bare = tokenizer("a")["input_ids"], bare_tokens(tokenizer, "a")
    return list(whole[: next(at for at in range(len(whole)) if whole[at : at + len(bare)] == bare)])


def bare_tokens(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def encoded(tokenizer: PreTrainedTokenizerFast, form: StoryForm, story: Story, length: int) -> Row:
    """Token ids and labels. The model learns the story and the end after it, but not the prompt (label -100)."""
    asked, written = prompt_and_answer(tokenizer, form, story.title, story.text)
    return (asked + written)[:length], ([-100] * len(asked) + written)[:length]


def prompt_and_answer(
    tokenizer: PreTrainedTokenizerFast, form: StoryForm, title: str, story: str
) -> tuple[list[int], list[int]]:
    """The token ids of a prompt and of a story with the end after it.

    The story's tokens are those that follow the prompt's in the whole text. Only if a token would span both is the story
    tokenized alone.
    """
    prompt, text = form.prompt(title), form.story(story)
    asked = prompt_tokens(tokenizer, prompt)
    if isinstance(prompt, str):
        whole = [*prompt_tokens(tokenizer, prompt + text), tokenizer.eos_token_id]
    else:
        whole = through_end(tokenizer, bare_tokens(tokenizer, rendered(tokenizer, prompt, text)))
    written = (
        whole[len(asked) :]
        if whole[: len(asked)] == asked
        else [*bare_tokens(tokenizer, text), end_token(tokenizer, form.messages)]
    )
    return asked, written


def rendered(tokenizer: PreTrainedTokenizerFast, messages: list[Message], answer: str | None) -> str:
    """The messages in the model's chat template, thinking off where it can be, with an answer or up to where one begins.

    If the template accepts no system message, it is put before the user's, as llama.cpp's server does.
    """
    if not tokenizer.chat_template:
        raise UserError(
            "The model has no chat template, so it is a base model.",
            "Use a prompt for completions, such as tune.prompt: title-only.",
        )
    said = [] if answer is None else [{"role": "assistant", "content": answer}]
    refused = None
    for tried in (messages, with_system_folded(messages)):
        try:
            return str(
                tokenizer.apply_chat_template(
                    [*tried, *said], tokenize=False, add_generation_prompt=answer is None, enable_thinking=False
                )
            )
        except TemplateError as problem:
            refused = refused or problem
    raise UserError(
        f"The model's chat template does not accept this prompt: {refused}.", "Use a prompt with one [[user]] message."
    )


def with_system_folded(messages: list[Message]) -> list[Message]:
    if len(messages) < 2 or messages[0]["role"] != "system":
        return messages
    system, following, *rest = messages
    return [{**following, "content": f"{system['content']}\n{following['content']}"}, *rest]


def through_end(tokenizer: PreTrainedTokenizerFast, whole: list[int]) -> list[int]:
    """The tokens up to the last special one, which ends the answer: templates write a line break after it."""
    special = set(tokenizer.all_special_ids)
    last = max((at for at, token in enumerate(whole) if token in special), default=None)
    return [*whole, tokenizer.eos_token_id] if last is None else whole[: last + 1]


def end_token(tokenizer: PreTrainedTokenizerFast, messages: list[Message]) -> int:
    """The token with which a story ends: the end of text, or that of a turn in the chat template."""
    if not messages:
        return int(tokenizer.eos_token_id)
    return through_end(tokenizer, bare_tokens(tokenizer, rendered(tokenizer, messages, "a")))[-1]


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> frozenset[int]:
    """All tokens that end a text: the tokenizer's, the model's own (an instructed one may have several), and the end of a turn."""
    own = model.generation_config.eos_token_id if model.generation_config else None
    ends = [tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])]
    if tokenizer.chat_template:
        ends.append(end_token(tokenizer, [{"role": "user", "content": "a"}]))
    return frozenset(token for token in ends if token is not None)
