import { expect, test } from "vitest";
import { agreements } from "../../src/coding/agreement.ts";
import { finalCodes, strongestCodes } from "../../src/coding/final-codes.ts";
import type { Coder, CoderKind } from "../../src/study/coding.ts";

test("agreement is the share of equal codes and Krippendorff's alpha, over the texts that both coded", () => {
  // Krippendorff's own example of two observers and ten units (Computing Krippendorff's alpha-reliability, 2011, B):
  // alpha = .095 for nominal data, six of ten the same.
  const one = "0 1 0 0 0 0 0 0 1 0".split(" ");
  const other = "1 1 1 0 0 1 0 0 0 0".split(" ");
  const [found] = agreements([coderOf("anna", one), coderOf("ben", [...other, "1"])], ["tone"]);
  expect(found).toMatchObject({ variable: "tone", coders: ["anna", "ben"], texts: 10, same: 0.6 });
  expect(found!.alpha).toBeCloseTo(0.095, 3);
});

test("coders without a common text have no agreement", () => {
  const [found] = agreements([coderOf("anna", ["a"]), coderOf("ben", [])], ["tone"]);
  expect(found).toMatchObject({ texts: 0, same: undefined, alpha: undefined });
});

test("people's codes take precedence over a model's, a model's over cue words; a disagreement gives no code", () => {
  const coders = [
    coderOf("anna", ["joyful", "joyful", "content", ""]),
    coderOf("ben", ["joyful", "content", "", ""]),
    coderOf("gpt", ["grieving", "grieving", "grieving", "grieving", ""], "model"),
    coderOf("cues", ["regretful", "regretful", "regretful", "regretful", "regretful"], "cues"),
  ];
  const settled = finalCodes(coders, ["tone"]).get("tone")!;
  expect(Object.fromEntries(settled)).toEqual({
    t0: { code: "joyful", by: "people" },
    t2: { code: "content", by: "people" },
    t3: { code: "grieving", by: "model" },
    t4: { code: "regretful", by: "cues" },
  });
  // Counts use one kind of coder.
  expect(strongestCodes(settled)).toEqual({
    by: "people",
    codes: new Map([
      ["t0", "joyful"],
      ["t2", "content"],
    ]),
  });
  expect(strongestCodes(new Map())).toBeUndefined();
});

/** A coder's codes of the tone of texts t0, t1 ...; an empty one is no code. */
function coderOf(name: string, codes: readonly string[], kind: CoderKind = "people"): Coder {
  const codings = codes.map((code, at) => ({ text: `t${at}`, variable: "tone", code, kind }));
  return { name, kind, codings: codings.filter(({ code }) => code !== "") };
}
