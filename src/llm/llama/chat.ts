import type { LlamaModel, Token } from "node-llama-cpp";
import { messageOf, StudyError } from "../../workbench/errors.ts";

/** A message to an instructed model. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Messages as the model's own chat template renders them. */
export interface RenderedChat {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/**
 * Renders messages with the Jinja chat template in the model's file. Switches thinking off if the template can do that.
 * If the template does not accept a system message, it is put before the first user message. Special tokens of the
 * template become tokens; those in contents stay text, so `<|im_end|>` in a title does not end the message. There is
 * exactly one beginning-of-text token. Throws StudyError if the file has no template, or the template does not accept
 * the messages.
 */
export async function renderedChat(
  model: LlamaModel,
  messages: readonly ChatMessage[],
): Promise<RenderedChat> {
  const render = await renderingOf(model);
  const { text, contents } = render(messages);
  const tokens = contents.some((content) => containsSpecialTokens(model, content))
    ? tokensWithPlainContents(model, render, messages)
    : model.tokenize(text, true);
  const bos = model.tokens.shouldPrependBosToken ? model.tokens.bos : null;
  return { text, tokens: bos === null || tokens[0] === bos ? tokens : [bos, ...tokens] };
}

/** The chat template of a file, from its metadata; undefined for a base model. */
export function chatTemplateIn(metadata: unknown): string | undefined {
  const { tokenizer } = metadata as { tokenizer?: { chat_template?: unknown } };
  const template = tokenizer?.chat_template;
  return typeof template === "string" && template.trim() !== "" ? template : undefined;
}

interface Rendering {
  readonly text: string;
  /** The contents of the messages in the text. */
  readonly contents: readonly string[];
}

type Render = (messages: readonly ChatMessage[]) => Rendering;

const renderings = new WeakMap<LlamaModel, Promise<Render>>();

function renderingOf(model: LlamaModel): Promise<Render> {
  const known = renderings.get(model) ?? compiled(model);
  renderings.set(model, known);
  return known;
}

async function compiled(model: LlamaModel): Promise<Render> {
  const source = chatTemplateIn(model.fileInfo.metadata);
  if (source === undefined) {
    throw new StudyError(`${model.filename ?? "the model"} has no chat template, so it is a base model`, {
      hint: "give it a prompt for completions, such as `prompt: one-shot`",
    });
  }
  const { Template } = await import("@huggingface/jinja");
  // A prompt must not depend on today's date.
  const template = new Template(source.replaceAll("strftime_now", "fixed_date"));
  const values = {
    add_generation_prompt: true,
    enable_thinking: false,
    tools: null,
    bos_token: model.tokens.bosString ?? "",
    eos_token: model.tokens.eosString ?? "",
    fixed_date: () => fixedDate,
  };
  return (messages) => {
    let refused: unknown;
    for (const folded of [messages, withSystemFolded(messages)]) {
      for (const typed of [false, true]) {
        try {
          const text = template.render({ ...values, messages: typed ? folded.map(asParts) : [...folded] });
          if (folded.every(({ content }) => text.includes(content.trim())))
            return { text, contents: folded.map(({ content }) => content) };
        } catch (thrown) {
          refused ??= thrown;
        }
      }
    }
    const why = refused === undefined ? "it drops a message" : messageOf(refused).split("\n")[0];
    throw new StudyError(
      `the chat template of ${model.filename ?? "the model"} does not accept this prompt: ${why}`,
      {
        hint: "use a prompt file with one [[user]] message",
      },
    );
  };
}

/** The date in the templates that use one. */
const fixedDate = "26 Jul 2024";

const asParts = ({ role, content }: ChatMessage) => ({ role, content: [{ type: "text", text: content }] });

/** Joined as llama.cpp's server joins them. */
function withSystemFolded(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const [system, next, ...rest] = messages;
  if (system?.role !== "system" || !next) return messages;
  return [{ ...next, content: `${system.content}\n${next.content}` }, ...rest];
}

/** Whether a text contains special tokens. */
function containsSpecialTokens(model: LlamaModel, content: string): boolean {
  const [plain, special] = [model.tokenize(content), model.tokenize(content, true)];
  return plain.length !== special.length || plain.some((token, at) => token !== special[at]);
}

/** Tokenises so that only the template's own special tokens become special; everything between them is plain text. */
function tokensWithPlainContents(
  model: LlamaModel,
  render: Render,
  messages: readonly ChatMessage[],
): Token[] {
  // Characters of the private use area, which templates ignore, mark the place of each content.
  const marked = messages.map(({ role }, at) => ({ role, content: `\uE000${at}\uE001` }));
  const tokens: Token[] = [];
  let plain = "";
  const flush = () => {
    if (plain !== "") tokens.push(...model.tokenize(plain));
    plain = "";
  };
  const pieces = render(marked).text.split(/\uE000(\d+)\uE001/);
  for (const [at, piece] of pieces.entries()) {
    if (at % 2 === 1) {
      plain += messages[Number(piece)]!.content;
      continue;
    }
    let rest = piece;
    for (const token of model.tokenize(piece, true).filter((each) => model.isSpecialToken(each))) {
      const written = model.detokenize([token], true).trim();
      const begins = rest.indexOf(written);
      if (begins < 0) continue;
      plain += rest.slice(0, begins);
      flush();
      tokens.push(token);
      rest = rest.slice(begins + written.length);
    }
    plain += rest;
  }
  flush();
  return tokens;
}
