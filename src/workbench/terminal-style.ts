import { styleText } from "node:util";
import type { Effects } from "./effects.ts";

/** Bold, faint and coloured text for a terminal; without a terminal, or with NO_COLOR, the text unchanged. */
export interface TextStyle {
  readonly bold: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
}

const plain = (text: string): string => text;

export const plainStyle: TextStyle = { bold: plain, faint: plain, good: plain, warn: plain };

export function textStyleOf({ terminal, env }: Pick<Effects, "terminal" | "env">): TextStyle {
  if (!terminal || env["NO_COLOR"]) return plainStyle;
  return {
    bold: (text) => styleText("bold", text),
    faint: (text) => styleText("gray", text),
    good: (text) => styleText("green", text),
    warn: (text) => styleText("yellow", text),
  };
}
