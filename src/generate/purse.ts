import type { ModelSettings } from "../study/settings/generate.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Request, Written } from "./model.ts";

/** Counts what requests cost and holds back the one that could cost more than `budget`. Without a price it is idle. */
export interface Purse {
  /** Sets aside what a request may cost at most; throws StudyError when that is more than is left. */
  reserve(request: Request): number;
  /** Pays what it did cost, and frees the rest of what was set aside. */
  pay(reserved: number, tokens: Written["tokens"]): void;
  tell(): void;
}

export function purseOf({ price, budget, address }: ModelSettings, effects: Effects): Purse {
  if (budget !== undefined && !price) {
    throw new StudyError(`${address}: a budget of ${budget} without a price`, {
      hint: "give `price: { input: ..., output: ... }`, of a million tokens each",
    });
  }
  const cost = (prompt: number, generated: number) =>
    price ? (price.input * prompt + price.output * generated) / 1e6 : 0;
  let paid = 0;
  let setAside = 0;
  return {
    reserve({ prompt, sampling }) {
      // A token has at least a byte, so this is never too little.
      const most = cost(Buffer.byteLength(prompt.text), sampling.mostTokens);
      if (budget !== undefined && paid + setAside + most > budget) {
        throw new StudyError(`${address}: the budget of ${budget} is used up (${paid.toFixed(4)} spent)`, {
          hint: "raise `budget`; what was written is kept and goes on from there",
        });
      }
      setAside += most;
      return most;
    },
    pay(reserved, { prompt, generated }) {
      setAside -= reserved;
      paid += cost(prompt, generated);
    },
    tell() {
      if (price && paid > 0) effects.log(`  ${address}: cost ${paid.toFixed(4)}`);
    },
  };
}
