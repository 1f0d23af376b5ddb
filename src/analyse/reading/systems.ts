import { isObject } from "../../tables/json.ts";
import { asJspsych, byParticipant } from "../../tables/jspsych.ts";
import { asQualtrics } from "../../tables/qualtrics.ts";
import { columnsOf } from "../../tables/records.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { columnsFor, plainName } from "./columns.ts";

/** A table exported from another system, as plain rows and columns. */
export interface ExportTable {
  /** The name of the system; undefined for a plain table. */
  readonly system?: string;
  readonly records: readonly TableRecord[];
  /** The question of a column, if the table has it. */
  readonly questions: ReadonlyMap<string, string>;
  readonly leftOut: Readonly<Record<string, number>>;
}

type Opener = (records: readonly TableRecord[]) => ExportTable | undefined;

/** Converts a table of a known system; leaves any other table as it is. */
export function openExport(records: readonly TableRecord[]): ExportTable {
  for (const open of [qualtrics, jspsych, labelStudio, potato]) {
    const found = open(records);
    if (found) return found;
  }
  return { records, questions: new Map(), leftOut: {} };
}

const qualtrics: Opener = (given) => {
  const table = asQualtrics(given);
  if (!table) return undefined;
  const { records, questions, previews } = table;
  return {
    system: "Qualtrics",
    records,
    questions,
    leftOut: previews > 0 ? { "a preview of the survey": previews } : {},
  };
};

/**
 * The trial data that an experiment adds name the story; if they do not, jsPsych's own `stimulus` (what was on the screen)
 * does. A trial without a story was an instruction, not a judgment.
 */
const jspsych: Opener = (given) => {
  const trials = asJspsych(given);
  if (!trials) return undefined;
  const added = columnsOf(trials).filter((column) => !jspsychColumns.has(column));
  const { participant, stimulus = "stimulus" } = columnsFor(added, ["participant", "stimulus"], {}, "");
  const people = byParticipant(trials, ({ cells }) => (participant ? cells[participant] : undefined));
  const records = people.flatMap(([name, own]) =>
    own.map(({ where, cells, response }): TableRecord => {
      const fields = Object.entries(response);
      const kept = Object.entries(cells).filter(([column]) => added.includes(column) || column === "rt");
      return {
        where,
        cells: {
          ...Object.fromEntries(kept),
          [stimulus]: (cells[stimulus] ?? "").replace(/<[^<>]*>/g, " ").trim(),
          ...(fields.length === 1 ? { response: fields[0]![1] } : response),
          [participant ?? "participant"]: name,
        },
      };
    }),
  );
  const ofStories = records.filter(({ cells }) => cells[stimulus] !== "");
  return { system: "jsPsych", records: ofStories, questions: new Map(), leftOut: {} };
};

/** Columns that jsPsych adds itself; of these only `rt` is used. */
const jspsychColumns: ReadonlySet<string> = new Set(
  "rt,stimulus,response,trial_type,trial_index,time_elapsed,internal_node_id,plugin_version,view_history,success,timeout,failed_images,failed_audio,failed_video,question_order,key_press,button_pressed,slider_start".split(
    ",",
  ),
);

/** Label Studio's JSON: a task with its annotations; its other exports are plain tables. */
const labelStudio: Opener = (given) => {
  if (!given.some(({ nested }) => Array.isArray(nested?.["annotations"]) && isObject(nested["data"])))
    return undefined;
  let cancelled = 0;
  const records = given.flatMap(({ where, cells, nested }) => {
    const data = scalarsOf(nested?.["data"]);
    const annotations = Array.isArray(nested?.["annotations"]) ? nested["annotations"].filter(isObject) : [];
    return annotations.flatMap((annotation): TableRecord[] => {
      if (annotation["was_cancelled"] === true) {
        cancelled += 1;
        return [];
      }
      const by = annotation["completed_by"];
      const person = isObject(by) ? (by["email"] ?? by["id"]) : by;
      return [
        {
          where,
          cells: {
            ...(!("stimulus" in data) && { id: cells["id"] ?? "" }),
            ...data,
            annotator: String(person ?? ""),
            "lead time": String(annotation["lead_time"] ?? ""),
            ...resultsOf(annotation["result"]),
          },
        },
      ];
    });
  });
  const leftOut = cancelled > 0 ? { "an annotation that was cancelled": cancelled } : {};
  return { system: "Label Studio", records, questions: new Map(), leftOut };
};

/** The results of an annotation by the name of the control. If there is only one choice, it is the response. */
function resultsOf(result: unknown): Record<string, string> {
  const results = Array.isArray(result) ? result.filter(isObject) : [];
  const choices = results.filter(({ type }) => type === "choices");
  return Object.fromEntries(
    results.map((one) => {
      const value = isObject(one["value"]) ? one["value"] : {};
      const said = value["choices"] ?? value["rating"] ?? value["text"] ?? value["number"] ?? "";
      const name =
        one["type"] === "choices" && choices.length === 1 ? "response" : String(one["from_name"] ?? "");
      return [name, Array.isArray(said) ? said.join(", ") : String(said)];
    }),
  );
}

/** Potato: a person's state (`user_state.json`), one annotation per line with nested labels, or columns `schema.label`. */
const potato: Opener = (given) => {
  const states = given.filter(({ nested }) => isObject(nested?.["instance_id_to_label_to_value"]));
  if (states.length > 0) {
    const records = states.flatMap(({ where, cells, nested }) =>
      Object.entries(nested!["instance_id_to_label_to_value"] as object).map(([instance, labels]) => ({
        where,
        cells: { user_id: cells["user_id"] ?? "", instance_id: instance, ...labelsOf(labels) },
      })),
    );
    return { system: "Potato", records, questions: new Map(), leftOut: {} };
  }
  const inside = ["annotations", "label_annotations", "labels"].find((name) =>
    given.some(({ nested }) => isObject(nested?.[name])),
  );
  const columns = columnsOf(given);
  if (!columns.some((column) => plainName(column) === "instance id")) return undefined;
  const records = given.map(({ where, cells, nested }): TableRecord => {
    const { [inside ?? ""]: _, ...own } = cells;
    return { where, cells: { ...joinedLabels(own), ...(inside && labelsOf(nested?.[inside])) } };
  });
  return { system: "Potato", records, questions: new Map(), leftOut: {} };
};

/** Labels by their scheme: `{origin: {human: true}}` and `{origin: {labels: {human: true}}}` are the answer `human`. */
function labelsOf(given: unknown): Record<string, string> {
  if (!isObject(given)) return {};
  return Object.fromEntries(
    Object.entries(given).map(([scheme, value]) => {
      const labels = isObject(value) && isObject(value["labels"]) ? value["labels"] : value;
      if (!isObject(labels)) return [scheme, String(labels ?? "")];
      const chosen = Object.entries(labels).filter(
        ([, on]) => on !== false && on !== "" && on !== null && on !== 0,
      );
      return [scheme, chosen.map(([label, on]) => (isFreeText(label) ? String(on) : label)).join(", ")];
    }),
  );
}

const isFreeText = (label: string): boolean =>
  /^(?:text_box|text|value|free_response|bad_text)$/i.test(label);

/** Columns `origin.human` and `origin.machine` (once `origin:::human`), of which one is filled, as one column `origin`. */
function joinedLabels(cells: Readonly<Record<string, string>>): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [column, cell] of Object.entries(cells)) {
    const [, scheme, label] = /^(.+?)(?::::|\.)(.+)$/.exec(column) ?? [];
    if (scheme === undefined) joined[column] = cell;
    else {
      joined[scheme] ??= "";
      if (!/^(?:|0|0\.0|false|none|nan)$/i.test(cell.trim()))
        joined[scheme] = isFreeText(label!) ? cell : label!;
    }
  }
  return joined;
}

const scalarsOf = (value: unknown): Record<string, string> =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, each]) =>
          typeof each === "object" ? [] : [[name, String(each)]],
        ),
      )
    : {};
