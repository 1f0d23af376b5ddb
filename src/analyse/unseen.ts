import { type Finding, sentence } from "../study/finding.ts";
import { printed } from "../study/print.ts";

/**
 * Few readers may hold none of a rare kind, a few who can always tell, and no test can know of them: in
 * `bench/stats-hard.ts` fifteen readers of such a mixture are wrongly called different in 13 % of studies. To be said
 * with any claim, equivalent or different.
 */
export function sayUnseen(readers: number): Finding[] {
  const missed = 0.9 ** readers;
  if (missed <= 0.01) return [];
  return [
    sentence(
      "detail",
      `The verdict is about readers like these ${readers}. A kind of reader who is one in ten, such as experts, would be missing altogether from so few with probability ${printed(missed, "number")}.`,
    ),
  ];
}
