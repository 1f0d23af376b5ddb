import { modelName } from "../study/generation.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { counted } from "../study/print.ts";
import { isServed } from "../study/settings/models.ts";
import { readStudyMaterials } from "../survey/study-materials.ts";
import { surveyLengthOf } from "../survey/survey-length.ts";
import { type Html, html } from "../text/html.ts";
import { readCorpusSummary, readGenerations } from "../workbench/artefacts.ts";
import { duration } from "../workbench/progress.ts";
import type { Study } from "../workbench/study.ts";
import type { Workplace } from "./workplace.ts";

/** What the study will take as it is set now: texts, their time and price, and the readers' time. */
export async function estimateOf({ study: open }: Workplace): Promise<Html> {
  const study = await open().catch(() => undefined);
  if (!study) return html``;
  const lines = [await generationEstimate(study), await surveyEstimate(study)].flat();
  return html`<section class="estimate"><h2>What this takes</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}

/** A prompt with an example, in tokens: about 100 words of instructions and 100 of the example. */
const promptTokens = 300;

async function generationEstimate(study: Study): Promise<string[]> {
  const { generate, corpus } = study.config;
  const summary = await readCorpusSummary(study).catch(() => undefined);
  const test = summary?.split.test ?? (corpus.split.test > 1 ? corpus.split.test : undefined);
  if (test === undefined) return ["Stories: how many titles there are is known after collect."];
  const titles = generate.titles === "all" ? test : Math.min(generate.titles, test);
  const draws = generate.bestOf ?? 1;
  const measured = await meanTimes(study);
  return generate.models.map((model) => {
    const name = model.name ?? model.address;
    const prompts = generate.prompts?.length ?? 1;
    const texts = titles * prompts * draws;
    const most = texts * generate.attempts;
    const each = measured.get(name);
    const time =
      each === undefined
        ? "how long it takes is known after the first texts"
        : `about ${duration((each * texts) / (("parallel" in model && Number(model.parallel)) || 1))} as measured`;
    const range = most > texts ? `, ${most} at most with redrawn ones` : "";
    return `${name.replace(/:$/, "")}: ${counted(texts, "text")}${range}; ${time}; ${isServed(model) ? priceOf(model, texts, most, generate.tokens.most) : "no cost, it runs on this machine"}.`;
  });
}

function priceOf(model: object, texts: number, most: number, tokens: number): string {
  const { price, budget } = model as { price?: { input: number; output: number }; budget?: number };
  const limit = budget === undefined ? "" : `, never more than ${budget} (budget)`;
  if (!price) return `its price is not set (price of the model)${limit}`;
  const each = (promptTokens * price.input + tokens * price.output) / 1e6;
  return `about ${(each * texts).toFixed(2)}${most > texts ? ` to ${(each * most).toFixed(2)}` : ""} in the currency of its price${limit}`;
}

/** Mean milliseconds of a text by model, from the texts there are. */
async function meanTimes(study: Study): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, { ms: number; texts: number }>();
  for (const generation of await readGenerations(study)) {
    const sum = sums.get(modelName(generation)) ?? { ms: 0, texts: 0 };
    sums.set(modelName(generation), { ms: sum.ms + generation.ms, texts: sum.texts + 1 });
  }
  return new Map([...sums].map(([name, { ms, texts }]) => [name, ms / texts]));
}

async function surveyEstimate(study: Study): Promise<string[]> {
  const materials = await readStudyMaterials(study).catch(() => undefined);
  if (!materials) return ["Readers: how long they take is known after compose."];
  const { minutes } = surveyLengthOf(materials.forms.values(), materials.stimuli);
  const end = plannedEnd(study.config);
  const all =
    end === undefined ? "" : `; ${end} readers, about ${Math.ceil((end * minutes) / 60)} hours together`;
  return [`Readers: about ${minutes} minutes each${all}.`];
}
