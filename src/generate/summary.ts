import { countingOf, type Generation } from "../study/generation.ts";
import { groupedBy } from "../study/groups.ts";
import { counted } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Series } from "./plan.ts";
import { wroteNothing } from "./record.ts";

/**
 * What a series came to, in lines: `19 text, 1 failed; 30 drawn again (16 too short, 14 degenerate)` of the attempts
 * that count, then for each reason of those that failed, were refused or stay with a fault how many there are, which,
 * and what is to be done.
 */
export function summaryOf(series: Series, generations: readonly Generation[], attempts: number): string[] {
  const counting = countingOf(generations, ({ story }) => story);
  const causes = causesOf(counting);
  const shown = causes.slice(0, mostCauses);
  const mostly = ({ kind, of }: Cause) => kind === "degenerate" && 2 * of.length > counting.length;
  const byMend = groupedBy(shown, (cause) =>
    mostly(cause) ? runsInCircles : mendOf(cause.of[0]!, series, attempts),
  );
  const more = causes.length - shown.length;
  return [
    `  ${series.name}, ${series.condition}: ${countsOf(generations, counting)}`,
    ...[...byMend].flatMap(([mend, of]) => [...of.map((cause) => `    ${said(cause)}`), `      ${mend}`]),
    ...(more > 0 ? [`    and ${counted(more, "other reason")}: each stands beside its text`] : []),
  ];
}

/** A failed title is data, but a model that answered to none of them is something to mend. */
export function refuseIfNone(series: Series, generations: readonly Generation[], attempts: number): void {
  if (generations.length === 0 || generations.some(({ outcome }) => outcome !== "failed")) return;
  const { model, name } = series;
  const where = model.base === undefined ? model.address : `${model.address} at ${model.base}`;
  const [cause, ...others] = causesOf(generations);
  const first = cause!.of[0]!;
  const also = others.length > 0 ? `, and ${counted(others.length, "other reason")}` : "";
  throw new StudyError(`${name} wrote to no title (${where}: ${first.reason}${also})`, {
    hint: first.passing
      ? "see that the model is served there and `tinylove run` again: what others wrote is kept"
      : mendOf(first, series, attempts),
  });
}

/** Where most texts repeat themselves, so will those that are drawn again. */
const runsInCircles =
  "most of its texts run in circles, and more attempts would too: raise the model's temperature or repeatPenalty";

const mostCauses = 5;
const mostTitles = 2;

/** Attempts that ended in one way, for one reason. */
interface Cause {
  readonly kind: string;
  readonly of: readonly Generation[];
}

/** The reasons, the most frequent first. */
function causesOf(generations: readonly Generation[]): Cause[] {
  const byKind = groupedBy(
    generations.filter(({ reason }) => reason !== undefined),
    kindOf,
  );
  return [...byKind]
    .map(([kind, of]) => ({ kind, of }))
    .sort((one, other) => other.of.length - one.of.length);
}

/** A fault begins with its kind (`too short: 80 words, more than 90 are needed`); failures differ in their numbers. */
const kindOf = ({ outcome, reason = "" }: Generation): string =>
  outcome === "failed" || outcome === "refused"
    ? `${outcome}: ${reason.replace(/\d+/g, "#").slice(0, 80)}`
    : reason.split(":")[0]!;

/** `2 failed, lost connection: ECONNRESET (“The Last Ferry”, “Two Lamps”)`. */
function said({ kind, of }: Cause): string {
  const { outcome, reason = "" } = of[0]!;
  const kept = outcome !== "failed" && outcome !== "refused";
  const how = kept ? "kept with a fault" : outcome;
  const why = shortened(kept && of.length > 1 ? kind : reason, 160);
  const titles = of.slice(0, mostTitles).map(({ title }) => `“${shortened(title, 40)}”`);
  const more = of.length - titles.length;
  return `${of.length} ${how}, ${why} (${titles.join(", ")}${more > 0 ? ` and ${more} more` : ""})`;
}

/** What a user can do about an attempt that ended with a reason. */
function mendOf(
  { outcome, reason, passing, chosen }: Generation,
  { model }: Series,
  attempts: number,
): string {
  const served = model.address.startsWith("openai:");
  if (passing) {
    const patience =
      "; where it stays so, raise the model's `retries`, `wait` or `timeout`, or lower `parallel`";
    return `it may pass: \`tinylove generate\` asks again${served ? patience : ""}`;
  }
  if (outcome === "failed" && reason !== wroteNothing) {
    return served
      ? "it would fail again: mend what the server names, then `tinylove generate --again`"
      : "it would fail again: use shorter or fewer examples, or lower tokens.most";
  }
  return chosen === undefined
    ? `raise generate.attempts, now ${attempts}, to have such texts drawn again`
    : "raise generate.bestOf to have more drawn";
}

function countsOf(generations: readonly Generation[], counting: readonly Generation[]): string {
  const parts = tally(
    counting.map((each) => (hasFault(each) ? `${each.outcome} (${kindOf(each)})` : each.outcome)),
  );
  if (generations.some(({ chosen }) => chosen)) return `${parts}; the nearest of ${generations.length} draws`;
  const kept = new Set(counting);
  const again = generations.filter((each) => !kept.has(each));
  const why = again.map((each) => (hasFault(each) ? kindOf(each) : each.outcome));
  return again.length > 0 ? `${parts}; ${again.length} drawn again (${tally(why)})` : parts;
}

/** Whether there is a text, and a reason against it. */
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
