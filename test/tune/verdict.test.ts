import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Findings } from "../../src/study/finding.ts";
import { Evidence, readCurve } from "../../src/tune/evidence.ts";
import { bestOf, inName, ratesOf, type SweepResult, tableOf } from "../../src/tune/sweep.ts";
import { tuningFindings } from "../../src/tune/tuning-findings.ts";
import { inWords, verdictOn } from "../../src/tune/verdict.ts";
import { divergedAt, limits, rules } from "../../src/tune/verdict-rules.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { temporaryFolder } from "../helpers/world.ts";

/** A recorded sweep: see fixtures/tuning/README.md. */
const recorded = (rate: string): Evidence =>
  Evidence.parse(
    JSON.parse(readFileSync(new URL(`../fixtures/tuning/${rate}.json`, import.meta.url), "utf8")),
  );
const [low, right, high] = [recorded("1e-5"), recorded("3e-3"), recorded("3e-1")];

test("the failure of the 2022 study, reproduced on purpose, is recognised", () => {
  expect(high.tuned.greedy.seq_rep_4).toBeGreaterThan(limits.loop);
  expect(high.tuned.greedy.pronoun_share).toBeGreaterThan(2 * high.people.pronoun_share);
  expect(high.evaluations.at(-1)!.loss).toBeGreaterThan(2 * high.bestElsewhere!);
  const verdict = verdictOn(high);
  expect(verdict).toMatchObject({ is: "collapsed", unusable: true });
  expect(verdict.because).toContain("like the model of the 2022 study");
  expect(inWords({ ...verdict, remedy: verdictOn({ ...high, foundRate: 3e-1 / 30 }).remedy })).toContain(
    "the learning rate of 3.0e-1 is 30 times the one found (1.0e-2)",
  );
});

test("the sweep flags the highest rate, passes the best, and finds one that is too low", () => {
  expect(verdictOn(right)).toMatchObject({ is: "healthy", unusable: false, remedy: "" });
  expect(verdictOn(low)).toMatchObject({ is: "undertrained", unusable: false });
  const swept = [low, right, high].map(
    (evidence): SweepResult => ({ name: `neo-${evidence.rate}`, evidence, verdict: verdictOn(evidence) }),
  );
  expect(bestOf(swept)?.evidence).toBe(right);
  const lines = tableOf(swept).split("\n");
  expect(lines[2]).toMatch(/^3e-3 .* healthy +best$/);
  expect(lines[3]).toMatch(/^3e-1 .* collapsed +FLAGGED$/);
  expect(tableOf([swept[2]!])).toContain("every rate ruins the model");
});

test("loops only under greedy decoding are not a collapse: the base loops too", () => {
  expect(low.tuned.greedy.seq_rep_4).toBeGreaterThan(limits.loop);
  expect(low.evaluations.at(-1)!.loss).toBeGreaterThan(2 * low.bestElsewhere!);
  expect(verdictOn(low)).toMatchObject({ is: "undertrained", unusable: false });
});

test("a series of full stops has no words, and is a collapse too", () => {
  const greedy = { ...high.tuned.greedy, seq_rep_4: 0, pronoun_share: 0, entropy_bits: 0 };
  const { is, because } = verdictOn({ ...high, tuned: { ...high.tuned, greedy } });
  expect(is).toBe("collapsed");
  expect(because).toMatch(/^its greedy texts consist of one or two words/);
});

test("a divergence is reported with its step; a single bad batch is not a divergence", () => {
  const loss = (step: number) => (step < 40 ? 3 - step / 40 : 6);
  const steps = Array.from({ length: 100 }, (_, at) => ({
    step: at + 1,
    loss: loss(at + 1),
    gradientNorm: 1,
  }));
  expect(divergedAt(steps)).toBeGreaterThanOrEqual(40);
  expect(divergedAt(steps)).toBeLessThanOrEqual(44);
  expect(verdictOn({ ...right, steps }).because).toMatch(/the training loss rose permanently at step 4[0-4]/);
  const bad = steps.map((row) => ({ ...row, loss: row.step === 40 ? 30 : 2 }));
  expect(divergedAt(bad)).toBeUndefined();
  // A loss near zero may double without being a divergence.
  expect(divergedAt(steps.map((row) => ({ ...row, loss: row.step < 50 ? 0.01 : 0.05 })))).toBeUndefined();
});

test("memorised, overtrained, endless and repetitive models have separate names", () => {
  const { greedy, sampled } = right.tuned;
  const copies = { ...greedy, copied_8_grams: right.people.copied_8_grams + 0.3, longest_copied_words: 60 };
  expect(verdictOn({ ...right, tuned: { ...right.tuned, greedy: copies } })).toMatchObject({
    is: "memorised",
    because: expect.stringContaining("the longest copy has 60 words"),
  });
  const known = { ...right.tuned, perplexity_of_training: right.tuned.perplexity / 4 };
  expect(verdictOn({ ...right, tuned: known }).because).toContain("4.0 times less");
  const long = [...right.evaluations, { step: 999, loss: 1.2 * right.evaluations.at(-1)!.loss }];
  expect(verdictOn({ ...right, evaluations: long }).is).toBe("trained too long");
  const endless = { ...right.tuned, sampled: { ...sampled, share_that_ends: 0.01 } };
  expect(verdictOn({ ...right, tuned: endless }).is).toBe("endless");
  // If human stories would have been cut too, cut texts show nothing.
  expect(verdictOn({ ...right, tuned: { ...endless, stories_that_end: 0 } }).is).toBe("healthy");
  const repeats = { ...right.tuned, sampled: { ...sampled, seq_rep_4: 0.9 } };
  expect(verdictOn({ ...right, tuned: repeats }).is).toBe("repetitive");
});

test("rules have different names, and the last one always applies", () => {
  expect(new Set(rules.map(({ is }) => is)).size).toBe(rules.length);
  for (const evidence of [low, right, high]) expect(rules.at(-1)!.signs(evidence)).toBeDefined();
});

test("reasons use the report's apostrophes", () => {
  const signs = [low, right, high].flatMap((evidence) => rules.map((rule) => rule.signs(evidence) ?? ""));
  expect(signs.some((sign) => sign.length > 0)).toBe(true);
  expect(signs.join(" ")).not.toContain("'");
});

test("the report has the findings, with samples during training", () => {
  const sample = (step: number, text: string) => ({
    event: "sample",
    step,
    title: "Rain",
    decoding: "greedy",
    text,
  });
  const findings = Findings.parse(
    tuningFindings("neo", high, verdictOn(high), [
      sample(0, "She came"),
      sample(8, "first"),
      sample(8, "I I I I"),
    ]),
  );
  const [verdict, , measures] = findings.findings;
  expect(verdict).toMatchObject({
    kind: "sentence",
    text: expect.stringContaining("The tuned model neo is collapsed"),
  });
  expect(measures?.kind ?? "").toMatch(/table|figure/);
  const samples = findings.findings.flatMap((one) =>
    one.kind === "table" && one.role === "detail" ? one.table.rows : [],
  );
  expect(samples.map(({ text }) => text)).toEqual(["She came", "I I I I"]);
  expect(JSON.parse(JSON.stringify(findings.numbers))).toMatchObject({ rate: high.rate });
});

test("a curve may have gaps, and includes the base's loss from the events", async () => {
  const folder = await temporaryFolder();
  await writeWhole(
    `${folder}/curve.jsonl`,
    `{"step": 1, "loss": 2.5, "gradient_norm": Infinity, "rate": 1e-05}\n{"step": 2, "loss": NaN, "gradient_norm": NaN, "rate": 2e-05}\n{"step": 2, "validation_loss": 2.25}\n`,
  );
  await writeWhole(
    `${folder}/events.jsonl`,
    `${jsonLines([{ event: "evaluation", step: 0, validation_loss: 3 }])}{"event": "cut sh`,
  );
  expect(await readCurve(folder)).toEqual({
    rate: 2e-5,
    steps: [{ step: 1, loss: 2.5, gradientNorm: null }],
    evaluations: [
      { step: 0, loss: 3 },
      { step: 2, loss: 2.25 },
    ],
  });
  await writeWhole(`${folder}/curve.jsonl`, "");
  await expect(readCurve(folder)).rejects.toThrow("has no complete curve");
});

test("rates are sorted, each once", () => {
  expect(ratesOf("1e-4, 1e-5,0.0001")).toEqual([1e-5, 1e-4]);
  expect(() => ratesOf("1e-4,,2")).toThrow("(empty) is not a learning rate");
  expect(() => ratesOf("fast")).toThrow("fast is not a learning rate");
});

test("a rate of 1 and above is a valid folder name too", () => {
  expect([3e-5, 0.3, 1, 2.5].map(inName)).toEqual(["3e-5", "3e-1", "1e0", "2.5e0"]);
});
