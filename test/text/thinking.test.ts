import { describe, expect, test } from "vitest";
import { splitReply } from "../../src/text/thinking.ts";

const story = "The ferry left at nine.\n\nWe stayed.";
const plan = "The user wants a story. Plan: a pier.";

describe("thinking is separated from the story", () => {
  test.each([
    ["<think>", `<think>\n${plan}\n</think>\n\n${story}`],
    ["<thinking>", `<thinking>${plan}</thinking>${story}`],
    ["<reasoning>", `<reasoning>\n${plan}\n</reasoning>\n${story}`],
    ["[THINK]", `[THINK]${plan}[/THINK]${story}`],
    ["Kimi's sign", `◁think▷${plan}◁/think▷${story}`],
    ["<seed:think>", `<seed:think>${plan}</seed:think>${story}`],
    ["a thought that has begun", `<|begin_of_thought|>\n${plan}\n<|end_of_thought|>\n${story}`],
    [
      "Cohere's tokens",
      `<|START_THINKING|>${plan}<|END_THINKING|><|START_RESPONSE|>${story}<|END_RESPONSE|>`,
    ],
    ["Gemma's unused tokens", `<unused94>thought\n${plan}<unused95>${story}`],
    ["without the opening tag", `${plan}\n</think>\n\n${story}`],
    ["without the opening tag, on one line", `${plan}</think>${story}`],
    [
      "harmony channels",
      `<|channel|>analysis<|message|>${plan}<|end|><|start|>assistant<|channel|>final<|message|>${story}<|return|>`,
    ],
    ["harmony without its tokens", `analysis${plan}assistantfinal${story}`],
  ])("%s", (_, raw) => {
    expect(splitReply(raw)).toMatchObject({ thinking: plan, text: story, unfinished: false });
  });

  test.each([
    ["<think>", `<think>\n${plan}`],
    ["[THINK]", `[THINK]${plan}`],
    ["harmony channels", `<|channel|>analysis<|message|>${plan}`],
    ["harmony without its tokens", `analysis${plan}`],
  ])("a reply that was truncated in %s has no story", (_, raw) => {
    expect(splitReply(raw)).toMatchObject({ thinking: plan, text: "", unfinished: true });
  });

  test("a truncated reply without any tag is thinking, if the template opens it", () => {
    expect(splitReply(plan, { cutOff: true, thinksUnopened: true })).toMatchObject({
      thinking: plan,
      text: "",
    });
    expect(splitReply(plan, { cutOff: true })).toMatchObject({ thinking: "", text: plan });
    expect(splitReply(story, { thinksUnopened: true }).text).toBe(story);
  });

  test("an empty thinking block is ignored", () => {
    expect(splitReply(`<think>\n\n</think>\n\n${story}`)).toMatchObject({ thinking: "", text: story });
  });
});

test.each([
  ["<|im_end|>", `${story}<|im_end|>`],
  ["<|im_end|> and another turn", `${story}<|im_end|>\n<|im_start|>user\nAnother one`],
  ["</s>", `${story}</s>`],
  ["<|eot_id|>", `<|start_header_id|>assistant<|end_header_id|>\n\n${story}<|eot_id|>`],
  ["<end_of_turn>", `<start_of_turn>model\n${story}<end_of_turn>\n`],
  ["<|endoftext|>", `${story}<|endoftext|>The cat sat`],
  ["[/INST]", `[/INST] ${story}`],
])("the template token %s is removed", (_, raw) => {
  const { text, tokens } = splitReply(raw);
  expect(text).toBe(story);
  expect(tokens.length).toBeGreaterThan(0);
});
