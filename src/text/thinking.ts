/** A reply split into the model's thinking, its text, and template tokens. */
export interface SplitReply {
  /** The model's thinking; empty if there is none. */
  readonly thinking: string;
  /** The answer without thinking and template tokens. */
  readonly text: string;
  /** Template tokens that were removed (`<|im_end|>`), in order. */
  readonly tokens: readonly string[];
  /** Whether the reply ended while the model was still thinking. */
  readonly unfinished: boolean;
  /** Whether the thinking was closed without being opened: then the chat template opens it in the prompt. */
  readonly unopened: boolean;
}

/**
 * Splits a reply of a chat model. Known forms of thinking: tags such as `<think>`, `<thinking>`, `<reasoning>`,
 * `<seed:think>`, `<inner_monologue>`, `<details type="reasoning">`; `[THINK]`, `◁think▷`, `<|begin_of_thought|>`,
 * `<|START_THINKING|>`, Gemma's `<unused94>`, harmony channels (with their tokens or without). The opening tag may be
 * missing, since some templates put it into the prompt, and so may the closing one, if the reply was cut off.
 * `thinksUnopened` means that this model's template opens the thinking: a reply that was cut off without any tag is
 * then all thinking.
 *
 * A tag counts only at the start of the reply or of a line, so that a story that mentions `<think>` keeps it.
 */
export function splitReply(
  reply: string,
  { cutOff = false, thinksUnopened = false }: { cutOff?: boolean; thinksUnopened?: boolean } = {},
): SplitReply {
  const raw = reply.replace(/\r\n?/g, "\n");
  const harmony = splitHarmony(raw);
  if (harmony) return harmony;
  const thoughts: string[] = [];
  let rest = raw;
  let [unfinished, unopened] = [false, false];
  for (const { open, close } of thinkingTags) {
    const closed = new RegExp(`(^|\\n)[ \\t]*(?:${open.source})([\\s\\S]*?)(?:${close.source})[ \\t]*`, "i");
    for (let match = closed.exec(rest); match; match = closed.exec(rest)) {
      thoughts.push(match[2]!.trim());
      rest = rest.slice(0, match.index) + match[1] + rest.slice(match.index + match[0].length);
    }
    const opened = new RegExp(`(?:^|\\n)[ \\t]*(?:${open.source})`, "i").exec(rest);
    if (opened) {
      thoughts.push(rest.slice(opened.index + opened[0].length).trim());
      rest = rest.slice(0, opened.index);
      unfinished = true;
    }
    const end = lastClosing(rest, close);
    // A story may mention both tags in one sentence.
    if (end && !new RegExp(open.source, "i").test(rest.slice(0, end.index))) {
      thoughts.unshift(rest.slice(0, end.index).trim());
      rest = rest.slice(end.index + end[0].length);
      unopened = true;
    }
  }
  if (thinksUnopened && cutOff && thoughts.length === 0) {
    return { thinking: raw.trim(), text: "", tokens: [], unfinished: true, unopened: true };
  }
  const { text, tokens } = withoutTokens(rest);
  return { thinking: thoughts.filter(Boolean).join("\n\n"), text, tokens, unfinished, unopened };
}

const name =
  "(?:\\w+[_:])?(?:think|thinking|thoughts?|plan|planning|reasoning|reflection|scratchpad|analysis|monologue)(?:_\\w+)?";

const thinkingTags: readonly { readonly open: RegExp; readonly close: RegExp }[] = [
  { open: new RegExp(`<${name}>`), close: new RegExp(`</${name}>`) },
  { open: /<details type="reasoning"[^<>]*>/, close: /<\/details>/ },
  { open: /\[think\]/, close: /\[\/think\]/ },
  { open: /◁think▷/, close: /◁\/think▷/ },
  { open: /<\|begin_of_thought\|>/, close: /<\|end_of_thought\|>/ },
  { open: /<\|START_THINKING\|>/, close: /<\|END_THINKING\|>/ },
  { open: /<unused94>(?:thought)?/, close: /<unused95>/ },
  { open: /<\|channel>thought/, close: /<channel\|>/ },
];

/** The last closing tag of thinking: the answer starts after it, on the same line or the next. */
function lastClosing(text: string, close: RegExp): RegExpExecArray | undefined {
  const ends = [...text.matchAll(new RegExp(`(?:${close.source})`, "gi"))];
  return ends.findLast(({ 0: tag, index }) =>
    /^(?:[ \t]*(?:\n|$)|[ \t]*["“'‘*#(—\p{Lu}\p{Lo}\p{N}])/u.test(
      text.slice(index + tag.length, index + tag.length + 40),
    ),
  );
}

const finalChannel = "<|channel|>final<|message|>";

/**
 * The channels of gpt-oss: `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`,
 * and what remains if a server drops the tokens: `analysis…assistantfinal…`.
 */
function splitHarmony(raw: string): SplitReply | undefined {
  if (/^\s*(?:<\|start\|>assistant)?<\|channel\|>/.test(raw) || raw.includes(finalChannel)) {
    // Text before the first channel was opened in the prompt.
    const [before = "", ...parts] = raw.split(/(?:<\|start\|>\w*)?<\|channel\|>/);
    const bodyOf = (text: string) => text.replace(/<\|(?:end|return|call)\|>[\s\S]*$/, "").trim();
    const channels = parts.map((part) => {
      const [head = "", body = ""] = part.split(/<\|message\|>/, 2);
      return { final: head.trim().startsWith("final"), body: bodyOf(body) };
    });
    const thoughts = [bodyOf(before), ...channels.filter(({ final }) => !final).map(({ body }) => body)];
    const answer = channels.findLast(({ final }) => final);
    return {
      thinking: thoughts.filter(Boolean).join("\n\n"),
      text: answer?.body ?? "",
      tokens: raw.match(/<\|[^|<>\n]{1,40}\|>/g) ?? [],
      unfinished: answer === undefined,
      unopened: false,
    };
  }
  const bare =
    /^\s*(?:assistant)?(?:analysis|commentary)\s*([\s\S]*?)assistant\s*final(?:\s*:)?([\s\S]*)$/.exec(raw) ??
    /^\s*(?:assistant)?analysis(?=[A-Z"']|(?:we|the user|user|need)\b)\s*([\s\S]*)$/.exec(raw) ??
    /^\s*(?:assistant\s?)?final()(?=[A-Z"“])([\s\S]*)$/.exec(raw);
  if (!bare) return undefined;
  const [, thinking = "", text] = bare;
  return {
    thinking: thinking.trim(),
    text: (text ?? "").trim(),
    tokens: [],
    unfinished: text === undefined,
    unopened: false,
  };
}

/** Tokens that end a turn: what follows is no longer the answer. */
const turnEnd =
  /<\|(?:im_end|endoftext|eot_id|end_of_text|end|return|eom_id|END_OF_TURN_TOKEN|END_RESPONSE|user|assistant|system|im_start|end_of_turn|eot|end_of_msg|message_end)\|>|<\/s>|<end_of_turn>|<start_of_turn>|<turn\|>|<\|turn>|<eos>|<pad>|\[\/?INST\]|<｜(?:end▁of▁sentence|User)｜>|<\|endofprompt\|>|\n[ \t]{0,9}\n(?:#{1,3} )?(?:User|Human)(?: input)?:/;

/** Tokens that begin the answer. */
const turnStart =
  /^\s*(?:<\|im_start\|>\s*assistant\s*|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>\s*|<\|(?:assistant|START_RESPONSE|begin_of_text|CHATBOT_TOKEN|START_OF_TURN_TOKEN)\|>\s*|<start_of_turn>\s*model\s*|<\|turn>\s*model\s*|<bos>\s*|<s>\s*|\[\/INST\]\s*|<｜(?:Assistant|begin▁of▁sentence)｜>\s*)/;

function withoutTokens(reply: string): { text: string; tokens: readonly string[] } {
  const tokens: string[] = [];
  let text = reply;
  for (let start = turnStart.exec(text); start; start = turnStart.exec(text)) {
    tokens.push(start[0].trim());
    text = text.slice(start[0].length);
  }
  // An end of turn before any text is ignored.
  for (let end = turnEnd.exec(text); end; end = turnEnd.exec(text)) {
    tokens.push(end[0].trim());
    text =
      text.slice(0, end.index).trim() === ""
        ? text.slice(end.index + end[0].length)
        : text.slice(0, end.index);
  }
  return { text: text.trim(), tokens };
}
