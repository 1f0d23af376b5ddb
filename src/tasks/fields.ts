import { z } from "zod";
import type { Random } from "../stats/random.ts";
import { type Html, html } from "../text/html.ts";
import type { Words } from "./task.ts";

/** The parts that several tasks put on their pages. Each is a plain form field that needs no script. */

const five = ["1", "2", "3", "4", "5"] as const;

/** How sure one is, 1 to 5; may be left out. */
export const Confidence = z.enum(five).optional();
/** Why, in one's own words; may be left out. */
export const Reason = z.string().trim().max(1000).optional();

interface Given {
  readonly answer?: unknown;
  readonly confidence?: unknown;
  readonly reason?: unknown;
}

/** Large buttons of which one is pressed: the options of `answer`, each with its words. */
export const choice = (
  legend: string,
  options: readonly (readonly [value: string, label: string])[],
  given: unknown,
): Html => html`
<fieldset class="choice">
<legend>${legend}</legend>
${options.map(([value, label]) => radio("answer", value, label, given, true))}
</fieldset>`;

/** A row of numbered buttons between two ends. */
export const scale = (
  name: string,
  legend: string,
  levels: readonly string[],
  [low, high]: readonly [low: string, high: string],
  given: unknown,
  required: boolean,
): Html => html`
<fieldset class="scale">
<legend>${legend}</legend>
<div class="levels">${levels.map((level, at) =>
  radio(name, level, level, given, required, at === 0 ? low : at === levels.length - 1 ? high : undefined),
)}</div>
<div class="ends" aria-hidden="true"><span>${low}</span><span>${high}</span></div>
</fieldset>`;

/** How sure, and why: what follows a judgment of origin. */
export const sureAndWhy = (words: Words, given: Given | undefined): Html => html`
${scale("confidence", words("confidence.ask"), five, [words("confidence.low"), words("confidence.high")], given?.confidence, false)}
<label class="reason">${words("reason.ask")}
<textarea name="reason" maxlength="1000" rows="2">${String(given?.reason ?? "")}</textarea>
</label>`;

/** One labelled radio button; `heard` is said to who listens only: what this end of a scale means. */
export const radio = (
  name: string,
  value: string,
  label: string,
  given: unknown,
  required: boolean,
  heard?: string,
): Html =>
  html`<label><input type="radio" name="${name}" value="${value}"${required && html` required`}${
    given === value && html` checked`
  }><span>${label}${heard && html`<span class="heard"> (${heard})</span>`}</span></label>`;

/** How sure a simulated reader is of evidence that is normal with unit variance. */
export const confidenceOf = (evidence: number): (typeof five)[number] =>
  five[Math.min(4, Math.floor(2 * Math.abs(evidence)))]!;

/** A simulated rating on `levels`, normal about their middle. */
export function ratingFrom<Level extends string>(
  levels: readonly Level[],
  bias: number,
  random: Random,
): Level {
  const drawn = Math.round((levels.length - 1) / 2 + bias + 1.3 * random.normal());
  return levels[Math.max(0, Math.min(levels.length - 1, drawn))]!;
}
