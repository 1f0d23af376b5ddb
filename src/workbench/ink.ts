import { styleText } from "node:util";
import type { Effects } from "./effects.ts";

/** Weight and colour for a terminal; without one, or with NO_COLOR, the text as it is. */
export interface Ink {
  readonly bold: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
}

const plain = (text: string): string => text;

export const noInk: Ink = { bold: plain, faint: plain, good: plain, warn: plain };

export function inkOf({ terminal, env }: Pick<Effects, "terminal" | "env">): Ink {
  if (!terminal || env["NO_COLOR"]) return noInk;
  return {
    bold: (text) => styleText("bold", text),
    faint: (text) => styleText("gray", text),
    good: (text) => styleText("green", text),
    warn: (text) => styleText("yellow", text),
  };
}
