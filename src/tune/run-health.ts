import type { Evidence } from "./evidence.ts";
import { rules } from "./verdict-rules.ts";

/** What became of a model that was tuned, in words. */
export interface Verdict {
  /** One of `rules`. */
  readonly is: string;
  /** The signs, with their numbers. */
  readonly because: string;
  /** What to do; empty where there is nothing to do. */
  readonly mend: string;
  /** Whether the model is of no use: no text of it need be looked at, and another rate has to be taken. */
  readonly spoilt: boolean;
  /** Rules below it that hold too; of a spoilt model only what spoilt it. */
  readonly also: readonly { readonly is: string; readonly because: string }[];
}

/** Judges by the rules, in their order. Pure. */
export function verdictOn(evidence: Evidence): Verdict {
  const held = rules.flatMap((rule) => {
    const because = rule.signs(evidence);
    return because === undefined ? [] : [{ rule, because }];
  });
  const [first, ...rest] = held;
  const { rule, because } = first!;
  const spoilt = rule.spoils ?? false;
  const also = rest
    .filter(({ rule: { is, spoils } }) => (spoilt ? spoils : is !== "healthy"))
    .map(({ rule: { is }, because }) => ({ is, because }));
  return { is: rule.is, because, mend: rule.mend(evidence), spoilt, also };
}

/** `diverged: the training loss broke out at step 40. To mend it: the rate is 30 times the one found, take that`. */
export function inWords({ is, because, mend }: Verdict): string {
  return `${is}: ${because}${mend && `. To mend it: ${mend}`}`;
}
