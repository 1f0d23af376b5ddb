import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseDocument } from "yaml";
import type { Story } from "../study/story.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { madeFrom } from "./base.ts";

/** The file in a tuned model's folder, and in every export, with the licences of its base and of its stories. */
export const attributionFile = "NOTICE.md";

/**
 * Writes the licences of what a model was made from into its folder, since most ask to be kept with it: the base, and
 * title, author, licence and source of every story that it was trained on.
 */
export async function writeAttribution(
  folder: string,
  base: string,
  stories: readonly Story[],
): Promise<void> {
  const learnt = stories.filter(({ split }) => split === "train");
  await writeWhole(join(folder, attributionFile), attribution(await baseOf(base), learnt));
}

/** Copies the file into the folder of what was made from a tuned model. */
export async function copyAttribution(model: string, folder: string): Promise<void> {
  const file = join(model, attributionFile);
  if (await exists(file)) await copyFile(file, join(folder, attributionFile));
}

/** A base model and its licence, as far as its folder says. */
export interface Base {
  readonly name: string;
  readonly licence?: string | undefined;
  readonly quantised?: string | undefined;
}

async function baseOf(model: string): Promise<Base> {
  const unpacked = await madeFrom(model);
  return {
    name: unpacked?.file ?? basename(model),
    licence: unpacked?.licence ?? (await licenceInCard(model)),
    quantised: unpacked?.quantised ?? undefined,
  };
}

/** `license:` in the model card, `README.md`. */
async function licenceInCard(folder: string): Promise<string | undefined> {
  if (!(await exists(join(folder, "README.md")))) return undefined;
  const card = /^---\r?\n([\s\S]*?)\r?\n---/.exec(await readFile(join(folder, "README.md"), "utf8"))?.[1];
  const licence: unknown = parseDocument(card ?? "").toJS()?.license;
  return typeof licence === "string" ? licence : undefined;
}

/** The text of the file. */
export function attribution({ name, licence, quantised }: Base, learnt: readonly Story[]): string {
  const rows = learnt.flatMap(({ title, origin }) =>
    origin.by === "human" ? [[title, origin.author, origin.licence, origin.source]] : [],
  );
  const licences = [...new Set(rows.map(([, , one]) => one!))].sort();
  return [
    "# What this model was made from",
    "",
    `Base: ${name}${quantised ? ` (read from a file that was quantised to ${quantised})` : ""}. Licence: ${licence ?? "not recorded; see the page of the base"}.`,
    "",
    `Training stories: ${rows.length}. Licences: ${licences.join("; ")}. Keep this list with the model: licences such as CC BY ask for title, author and licence of each.`,
    "",
    "| title | author | licence | source |",
    "|---|---|---|---|",
    ...rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
    "",
  ].join("\n");
}
