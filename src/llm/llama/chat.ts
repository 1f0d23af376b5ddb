import type { LlamaModel, Token } from "node-llama-cpp";
import { messageOf, StudyError } from "../../workbench/errors.ts";

/** A message to an instructed model. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Messages as a model's own chat template writes them. */
export interface RenderedChat {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/**
 * Messages in the form that the model was instructed in: by the Jinja template in its file. Thinking is switched off
 * where the template can do that. A template that does not take a system message gets it before the first user
 * message. The template's special tokens become tokens, those in contents stay text: a title that holds
 * `<|im_end|>` ends nothing. There is one beginning-of-text, whether the template writes it or not. Throws StudyError
 * for a file without a template, and for a template that does not take the messages.
 */
export async function renderedChat(
  model: LlamaModel,
  messages: readonly ChatMessage[],
): Promise<RenderedChat> {
  const render = await renderingOf(model);
  const { text, contents } = render(messages);
  const tokens = contents.some((content) => holdsControl(model, content))
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
  /** The contents that are in the text. */
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
    throw new StudyError(`${model.filename ?? "the model"} has no chat template: it is a base model`, {
      hint: "give it a prompt for completions, such as `prompt: one-shot`",
    });
  }
  const { Template } = await import("@huggingface/jinja");
  // A prompt must not depend on the day that it is written on.
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
    const why = refused === undefined ? "it leaves out a message" : messageOf(refused).split("\n")[0];
    throw new StudyError(
      `the chat template of ${model.filename ?? "the model"} does not take this prompt: ${why}`,
      {
        hint: "use a prompt file with one [[user]] message",
      },
    );
  };
}

/** What templates that ask for the date were published with. */
const fixedDate = "26 Jul 2024";

const asParts = ({ role, content }: ChatMessage) => ({ role, content: [{ type: "text", text: content }] });

/** Joined as llama.cpp's server joins them. */
function withSystemFolded(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const [system, next, ...rest] = messages;
  if (system?.role !== "system" || !next) return messages;
  return [{ ...next, content: `${system.content}\n${next.content}` }, ...rest];
}

/** Whether a text would be read differently if its special tokens counted. */
function holdsControl(model: LlamaModel, content: string): boolean {
  const [plain, special] = [model.tokenize(content), model.tokenize(content, true)];
  return plain.length !== special.length || plain.some((token, at) => token !== special[at]);
}

/** Only what the template itself wrote may become a special token; all between two of these is plain text. */
function tokensWithPlainContents(
  model: LlamaModel,
  render: Render,
  messages: readonly ChatMessage[],
): Token[] {
  // Letters of the private use area, which no template looks for, hold the place of each content.
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
