import { type Generation, selectedAttemptsBy, selectionOf } from "../study/generation.ts";
import { groupedBy } from "../study/groups.ts";
import { counted } from "../study/print.ts";
import { isServed } from "../study/settings/models.ts";
import { StudyError } from "../workbench/errors.ts";
import { notClean } from "./faults.ts";
import type { Series } from "./generation-plan.ts";
import { thoughtOnly, wroteNothing } from "./record.ts";

/** The settings that advice depends on. */
export interface DrawSettings {
  readonly attempts: number;
  readonly keep: "best" | "first";
}

/**
 * The summary of a series, in lines: `19 text, 1 failed; 30 drawn again (16 too short, 14 degenerate)`, how many
 * texts were cleaned, then each reason why texts failed, were refused or have a fault, with examples and what to do.
 */
export function summaryOf(
  series: Series,
  generations: readonly Generation[],
  drawing: DrawSettings,
): string[] {
  const selected = selectedAttemptsBy(generations, ({ story }) => story);
  const causes = causesOf(selected);
  const shown = causes.slice(0, mostCauses);
  const mostly = ({ kind, of }: Cause) => kind === "degenerate" && 2 * of.length > selected.length;
  const byAdvice = groupedBy(shown, (cause) =>
    mostly(cause) ? repetitionAdvice : adviceFor(cause.of[0]!, series, drawing),
  );
  const more = causes.length - shown.length;
  const { cleaned, kept } = selectionOf(generations);
  return [
    `  ${series.name}, ${series.condition}: ${countsOf(generations, selected)}`,
    ...(cleaned > 0 ? [`    ${cleaned} of ${kept} cleaned: ${cleaningOf(selected)}`] : []),
    ...[...byAdvice].flatMap(([advice, of]) => [
      ...of.map((cause) => `    ${causeLine(cause)}`),
      `      ${advice}`,
    ]),
    ...(more > 0 ? [`    and ${counted(more, "other reason")}, recorded with each text`] : []),
  ];
}

/** `12 heading, 3 thinking`: what was removed, and from how many texts. */
function cleaningOf(generations: readonly Generation[]): string {
  const names = generations
    .filter(({ text }) => text !== "")
    .flatMap(({ removed = [], thinking }) => [
      ...new Set([...removed.map(({ what }) => what), ...(thinking ? ["thinking"] : [])]),
    ]);
  return tally(names);
}

/** The error for a model that wrote no story at all; undefined if it wrote one. */
export function noStoryError(
  series: Series,
  generations: readonly Generation[],
  drawing: DrawSettings,
): StudyError | undefined {
  if (generations.length === 0 || generations.some(({ outcome }) => outcome !== "failed")) return undefined;
  const { model, name } = series;
  const base = isServed(model) ? model.base : undefined;
  const where = base === undefined ? model.address : `${model.address} at ${base}`;
  const [cause, ...others] = causesOf(generations);
  const first = cause!.of[0]!;
  const also = others.length > 0 ? `, and ${counted(others.length, "other reason")}` : "";
  return new StudyError(`${name} wrote no story (${where}: ${first.reason}${also})`, {
    hint: first.transient
      ? "check that the server has the model, then run `tinylove run` again; texts by other models are kept"
      : adviceFor(first, series, drawing),
  });
}

/** If most texts repeat themselves, further attempts will too. */
const repetitionAdvice =
  "most of its texts repeat themselves, and more attempts would too: raise the model's temperature or repeatPenalty";

const mostCauses = 5;
const mostTitles = 2;

/** Attempts with the same outcome and reason. */
interface Cause {
  readonly kind: string;
  readonly of: readonly Generation[];
}

/** The causes, the most frequent first. */
function causesOf(generations: readonly Generation[]): Cause[] {
  const byKind = groupedBy(
    generations.filter(({ reason }) => reason !== undefined),
    kindOf,
  );
  return [...byKind]
    .map(([kind, of]) => ({ kind, of }))
    .sort((one, other) => other.of.length - one.of.length);
}

/**
 * A fault starts with its kind (`too short: 80 words, more than 90 are needed`); failures may differ in their numbers
 * only.
 */
const kindOf = ({ outcome, reason = "" }: Generation): string =>
  outcome === "failed" || outcome === "refused"
    ? `${outcome}: ${reason.replace(/\d+/g, "#").slice(0, 80)}`
    : reason.split(":")[0]!;

/** `2 failed, lost connection: ECONNRESET (“The Last Ferry”, “Two Lamps”)`. */
function causeLine({ kind, of }: Cause): string {
  const { outcome, reason = "" } = of[0]!;
  const kept = outcome !== "failed" && outcome !== "refused";
  const how = kept ? "kept with a fault" : outcome;
  const why = shortened(kept && of.length > 1 ? kind : reason, 160);
  const titles = of.slice(0, mostTitles).map(({ title }) => `“${shortened(title, 40)}”`);
  const more = of.length - titles.length;
  return `${of.length} ${how}, ${why} (${titles.join(", ")}${more > 0 ? ` and ${more} more` : ""})`;
}

/** More draws than this rarely help. */
const manyAttempts = 8;

/** What to do about an attempt that failed or has a fault. */
function adviceFor(generation: Generation, { model }: Series, { attempts, keep }: DrawSettings): string {
  const { outcome, reason = "", transient, chosen } = generation;
  const server = isServed(model);
  if (transient) {
    const patience =
      "; if it keeps failing, raise the model's `retries`, `wait` or `timeout`, or lower `parallel`";
    return `it may be temporary: run \`tinylove generate\` again${server ? patience : ""}`;
  }
  if (thoughtOnly(generation)) {
    return server
      ? "raise the model's `reasoningTokens`, or set its `reasoning: none`"
      : "raise tokens.most, or use a model that does not think";
  }
  if (reason.startsWith("planning")) {
    return server
      ? "its thinking is not marked: set the model's `reasoning: none`, or let the server separate thinking from the answer"
      : "use a model that does not think, or raise tokens.most";
  }
  if (outcome === "failed" && reason !== wroteNothing && !reason.startsWith(notClean)) {
    return server
      ? "it would fail again: change what the server complains about; if you have changed the server, run `tinylove generate --again`"
      : "it would fail again: use shorter or fewer examples, or lower tokens.most";
  }
  if (chosen !== undefined) return "raise generate.bestOf for more draws";
  if (keep === "first") return "generate.keep is first, so the first attempt counts as it is";
  if (generation.settings.temperature === 0)
    return "at temperature 0 every draw is the same: raise the temperature, or use another model";
  if (attempts >= manyAttempts) return `${attempts} draws did not help: use a larger or a tuned model`;
  return `raise generate.attempts (now ${attempts}) to draw such texts again`;
}

function countsOf(generations: readonly Generation[], selected: readonly Generation[]): string {
  const parts = tally(
    selected.map((each) => (hasFault(each) ? `${each.outcome} (${kindOf(each)})` : each.outcome)),
  );
  if (generations.some(({ chosen }) => chosen)) return `${parts}; the nearest of ${generations.length} draws`;
  const kept = new Set(selected);
  const again = generations.filter((each) => !kept.has(each));
  const why = again.map((each) => (hasFault(each) ? kindOf(each) : each.outcome));
  return again.length > 0 ? `${parts}; ${again.length} drawn again (${tally(why)})` : parts;
}

/** Whether there is a text that has a fault. */
const hasFault = ({ outcome, reason }: Generation): boolean =>
  reason !== undefined && outcome !== "failed" && outcome !== "refused";

/** `16 too short, 14 degenerate`. */
function tally(names: readonly string[]): string {
  const groups = [...groupedBy(names, (name) => name)].sort(
    ([, one], [, other]) => other.length - one.length,
  );
  return groups.map(([name, of]) => `${of.length} ${name}`).join(", ");
}

function shortened(text: string, letters: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > letters ? `${line.slice(0, letters - 1)}…` : line;
}
