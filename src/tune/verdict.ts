import type { Evidence } from "./evidence.ts";
import { rules } from "./verdict-rules.ts";

/** The verdict on a tuned model, in words. */
export interface Verdict {
  /** One of `rules`. */
  readonly is: string;
  /** The evidence, with its numbers. */
  readonly because: string;
  /** What to do; empty if nothing. */
  readonly remedy: string;
  /** Whether the model is unusable, so that another rate is needed. */
  readonly unusable: boolean;
  /** Later rules that also apply; for an unusable model only those that make it unusable. */
  readonly also: readonly { readonly is: string; readonly because: string }[];
}

/** Judges by the rules, in their order. */
export function verdictOn(evidence: Evidence): Verdict {
  const kind = evidence.preference ? "preferences" : "stories";
  const applying = rules.flatMap((rule) => {
    if (rule.of !== undefined && rule.of !== kind) return [];
    const because = rule.signs(evidence);
    return because === undefined ? [] : [{ rule, because }];
  });
  const [first, ...rest] = applying;
  const { rule, because } = first!;
  const unusable = rule.unusable ?? false;
  const also = rest
    .filter(({ rule: other }) => (unusable ? other.unusable : other.is !== "healthy"))
    .map(({ rule: { is }, because }) => ({ is, because }));
  return { is: rule.is, because, remedy: rule.remedy(evidence), unusable, also };
}

/**
 * `diverged: the training loss rose permanently at step 40. What to do: the rate is 30 times the one found, use that`.
 */
export function inWords({ is, because, remedy }: Verdict): string {
  return `${is}: ${because}${remedy && `. What to do: ${remedy}`}`;
}
