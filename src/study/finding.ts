import { z } from "zod";
import { formerFinding, formerFindings, withCurrentNames } from "./former-names.ts";

/** The findings of an analysis for the report: plain JSON, so that other programs can read them. */

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/**
 * How a value is printed: `percent` takes a share of 1; `p` prints small values as < .001; `marked` is a text in which
 * words between » and « are highlighted; `ids` are text ids separated by spaces.
 */
export const Format = z.enum(["text", "marked", "ids", "integer", "number", "percent", "p", "milliseconds"]);
export type Format = z.infer<typeof Format>;

export const Column = z.strictObject({ key: z.string(), label: z.string(), format: Format });
export type Column = Readonly<z.infer<typeof Column>>;

export const Table = z.strictObject({
  columns: z.array(Column),
  rows: z.array(z.record(z.string(), Cell)),
});
export type Table = Readonly<z.infer<typeof Table>>;

/**
 * A figure: the kind of plot (`histogram`, `intervals`, `curve`, `bars`, `dots` ...), the table that it plots, and in
 * `encode` the column for each role (x, y, low, high, group, panel).
 */
export const Figure = z.strictObject({
  draw: z.string(),
  table: Table,
  encode: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
  /** Whether the percentages next to the rows are whole ones, because a table has them with decimals. */
  rounded: z.boolean().optional(),
  /** Reference lines: chance, a margin. */
  marks: z.array(z.strictObject({ axis: z.enum(["x", "y"]), at: z.number(), label: z.string() })).optional(),
});
export type Figure = Readonly<z.infer<typeof Figure>>;

/**
 * What a finding is to the report. `verdict`, `plain`, `fact` and `warning` are on the first page: the verdict and its
 * figure, the same in plain words, facts as `Name: value`, and warnings by their first sentence. `result` is for the
 * finding's section, `detail` for the appendix, `method` for the methods of a paper and `apa` for its results.
 */
export const FindingRole = z.enum([
  "verdict",
  "plain",
  "fact",
  "warning",
  "result",
  "detail",
  "method",
  "apa",
]);
export type FindingRole = z.infer<typeof FindingRole>;

/** The sections of the report's body, in the order of a paper. Findings without a section are in the appendix. */
export const Section = z.enum([
  "readers",
  "stimuli",
  "result",
  "who can tell",
  "robustness",
  "what moved readers",
  "stories that stand out",
  "limits",
]);
export type Section = z.infer<typeof Section>;

const placed = { role: FindingRole, section: Section.optional() };

export const Finding = z.preprocess(
  (finding) => withCurrentNames(finding, formerFinding),
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sentence"), ...placed, text: z.string() }),
    z.strictObject({ kind: z.literal("table"), ...placed, caption: z.string(), table: Table }),
    z.strictObject({ kind: z.literal("figure"), ...placed, caption: z.string(), figure: Figure }),
  ]),
);
export type Finding = Readonly<z.infer<typeof Finding>>;

const CurrentFindings = z.strictObject({
  analysis: z.string(),
  /** The question that the analysis answers. */
  question: z.string(),
  /** Position among the analyses, from 1; sorted by name without it. */
  position: z.int().positive().optional(),
  /** The section of its findings with the role `result` that name none; the appendix without it. */
  section: Section.optional(),
  findings: z.array(Finding),
  numbers: z.record(z.string(), z.unknown()),
});

/** What one analysis found: `findings/<name>.json`. `numbers` has every figure with full precision, for `--json`. */
export const Findings = z.preprocess(
  (findings) => withCurrentNames(findings, formerFindings),
  CurrentFindings,
);
export type Findings = Readonly<z.infer<typeof Findings>>;

/** The same findings in a section of the report's body. */
export const inSection = (section: Section, ...findings: readonly Finding[]): Finding[] =>
  findings.map((finding) => ({ ...finding, section }));

/** A sentence of a finding; `role` says where the report puts it. */
export const sentence = (role: FindingRole, text: string): Finding => ({ kind: "sentence", role, text });

/** A table of a finding with its caption. */
export const table = (role: FindingRole, caption: string, value: Table): Finding => ({
  kind: "table",
  role,
  caption,
  table: value,
});

/** A figure of a finding with its caption. */
export const figure = (role: FindingRole, caption: string, value: Figure): Finding => ({
  kind: "figure",
  role,
  caption,
  figure: value,
});
