import type { Verdict } from "../stats/verdict-test.ts";
import { percent } from "../study/print.ts";

/** Names balanced accuracy where unequal numbers of human and machine judgments make it differ from raw accuracy. */
export const balancedNote = ({ estimate, correct, judgments }: Verdict): string =>
  estimate !== undefined && Math.abs(estimate - correct / judgments) > 0.00005
    ? ` of balanced accuracy (${percent(estimate)})`
    : "";

/** A confidence level: `95 %`, `99.7 %`. */
export const levelText = (level: number): string => `${Number((level * 100).toPrecision(4))} %`;
