import type { ClipSummary } from "../study/clip-summary.ts";
import type { Form } from "../study/form.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { type Candidates, longEnough } from "./candidates.ts";

/** Counts of available, too short and used texts and of clipped words, by origin and by model. */
export function summaryOf(
  { titles, models, range, failed }: Candidates,
  stimuli: readonly Stimulus[],
  key: readonly Key[],
  forms: readonly Form[],
  settings: ComposeSettings,
): ClipSummary {
  const machines = titles.flatMap((title) => title.machines);
  const whole = settings.clip === "none";
  const shown = (origin: Key["origin"]) => stimuli.filter((_, at) => key[at]!.origin === origin);
  const side = (origin: Key["origin"], texts: readonly { words: number }[], short: number) => ({
    candidates: texts.length,
    tooShort: short,
    used: shown(origin).length,
    ...(whole && { meanWords: mean(shown(origin).map(({ words }) => words)) }),
    meanCut: mean(shown(origin).map(({ cut }) => cut)),
  });
  const short = <T extends Parameters<typeof longEnough>[0]>(texts: readonly T[]) =>
    texts.filter((text) => !longEnough(text, range)).length;
  const rereadings = forms.flatMap(readTwice).length;
  const humans = titles.map(({ human }) => human);
  return {
    ...(whole && { clip: "none", tolerance: range.tolerance! }),
    declared: settings.words,
    range: { least: range.least, most: range.most },
    rule: settings.tooShort,
    titles: titles.length,
    failed,
    human: side("human", humans, short(humans)),
    machine: side("machine", machines, short(machines)),
    byModel: models.map((model) => {
      const own = machines.filter((version) => version.model === model);
      return {
        model,
        candidates: own.length,
        tooShort: short(own),
        used: key.filter((row) => row.model === model).length,
      };
    }),
    ...(rereadings > 0 && { rereadings }),
  };
}

/** The stories of a form that are shown both alone and in a pair. */
export function readTwice({ questions }: Form): string[] {
  const shown = (texts: number) =>
    new Set(questions.filter(({ stimuli }) => stimuli.length === texts).flatMap(({ stimuli }) => stimuli));
  const paired = shown(2);
  return [...shown(1)].filter((id) => paired.has(id));
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
