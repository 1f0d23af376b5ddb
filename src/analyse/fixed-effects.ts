import { StudyError } from "../workbench/errors.ts";
import type { Choice, Data } from "./data.ts";

/** A fixed effect as columns of a design: one, or one for each level but the first. */
export interface Effect {
  readonly name: string;
  readonly columns: readonly { readonly label: string; readonly values: readonly (number | undefined)[] }[];
}

/**
 * The fixed effects of a model by name: `origin` (human over machine), `model` (each model's stories beside the mean
 * of all models), `form`, `order` (a place later), `confidence`, `ms` (ten seconds more), or any measure of the
 * stories (a standard deviation more). An effect that does not vary in the data is left out. Throws StudyError on a name
 * that the data do not know.
 */
export function effectsOf(names: readonly string[], data: Data): Effect[] {
  return [...new Set(names)].map((name) => effectOf(name, data)).filter(({ columns }) => columns.length > 0);
}

function effectOf(name: string, data: Data): Effect {
  const { choices } = data;
  const builder = builders[name];
  if (builder) return { name, columns: builder(choices) };
  const measured = choices.map(({ stimulus }) => data.measures.get(stimulus)?.[name]);
  refuseUnknownEffects([name], data.measures);
  return { name, columns: standardised(`${name}, a standard deviation more`, measured) };
}

/** Throws StudyError for a name that is neither a column of the answers nor a measure of the texts. */
export function refuseUnknownEffects(names: readonly string[], measures: Data["measures"]): void {
  const known = new Set([...Object.keys(builders), ...[...measures.values()].flatMap(Object.keys)]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.effects: unknown effect ${unknown}`, {
    hint: `try ${[...known].join(", ")}`,
  });
}

type Column = Effect["columns"][number];

const builders: Readonly<Record<string, (choices: readonly Choice[]) => Column[]>> = {
  origin: (choices) =>
    varying(
      "written by a person",
      choices.map(({ origin }) => (origin === "human" ? 0.5 : -0.5)),
    ),
  model: modelColumns,
  form: (choices) => levels(choices.map(({ form }) => form)),
  order: (choices) =>
    centred(
      "a place later",
      choices.map(({ order }) => order),
    ),
  confidence: (choices) =>
    centred(
      "a step surer",
      choices.map(({ confidence }) => confidence),
    ),
  ms: (choices) =>
    centred(
      "ten seconds more",
      choices.map(({ ms }) => ms && ms / 10_000),
    ),
};

/** Deviations from the mean of the models; 0 for human stories, so that `origin` keeps its meaning beside it. */
function modelColumns(choices: readonly Choice[]): Column[] {
  const models = [...new Set(choices.map(({ model }) => model))].filter(Boolean).sort();
  const last = models.at(-1);
  return models.slice(0, -1).map((model) => ({
    label: model,
    values: choices.map((choice) => Number(choice.model === model) - Number(choice.model === last)),
  }));
}

function levels(values: readonly string[]): Column[] {
  const names = [...new Set(values)].filter(Boolean).sort();
  return names.slice(1).map((name) => ({
    label: `${name} beside ${names[0]}`,
    values: values.map((value) => (value === "" ? undefined : Number(value === name))),
  }));
}

function centred(label: string, values: readonly (number | undefined)[]): Column[] {
  const { mean } = momentsOf(values);
  return varying(
    label,
    values.map((value) => (value === undefined ? undefined : value - mean)),
  );
}

function standardised(label: string, values: readonly (number | undefined)[]): Column[] {
  const { mean, deviation } = momentsOf(values);
  return varying(
    label,
    values.map((value) => (value === undefined ? undefined : (value - mean) / (deviation || 1))),
  );
}

/** A column that is the same everywhere tells nothing. */
function varying(label: string, values: readonly (number | undefined)[]): Column[] {
  const known = values.filter((value) => value !== undefined);
  return known.some((value) => value !== known[0]) ? [{ label, values }] : [];
}

function momentsOf(values: readonly (number | undefined)[]): { mean: number; deviation: number } {
  const known = values.filter((value) => value !== undefined);
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length - 1);
  return { mean, deviation: Math.sqrt(square) };
}
