import type { Verdict } from "../stats/verdict-test.ts";
import { percent } from "../study/print.ts";

/** Said where unequal numbers of human and machine stories part balanced accuracy from the share of right answers. */
export const balancedNote = ({ estimate, correct, judgments }: Verdict): string =>
  estimate !== undefined && Math.abs(estimate - correct / judgments) > 0.00005
    ? ` of balanced accuracy (${percent(estimate)})`
    : "";

/** A level of confidence: `95 %`, `99.7 %`. */
export const levelOf = (level: number): string => `${Number((level * 100).toPrecision(4))} %`;
