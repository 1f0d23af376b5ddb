import { type Finding, sentence } from "../study/finding.ts";
import { printed } from "../study/print.ts";

/**
 * A note for any claim with few readers: a small sample may include nobody of a rare kind, such as readers who can always
 * tell. In `bench/stats-hard.ts`, fifteen readers from such a mixture are wrongly called different in 13 % of studies.
 */
export function missedReadersFindings(readers: number): Finding[] {
  const missed = 0.9 ** readers;
  if (missed <= 0.01) return [];
  return [
    sentence(
      "detail",
      `With only ${readers} readers, a group that makes up one in ten, such as experts, is missing from the sample with probability ${printed(missed, "number")}.`,
    ),
  ];
}
