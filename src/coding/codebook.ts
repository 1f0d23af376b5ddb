import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";

/**
 * A code and what it means, in Markdown. `cues` are words that suggest it, in lower case; people and models do not
 * see them.
 */
export interface Code {
  readonly code: string;
  readonly meaning: string;
  readonly cues: readonly string[];
  /** The cue lists give this code if they find no cue of another one. */
  readonly otherwise: boolean;
}

/** A variable to code: one page of the codebook. */
export interface Variable {
  /** The column's name, from the page's: `kind_of_love` for `1-kind-of-love.md`; the number only orders the pages. */
  readonly name: string;
  readonly title: string;
  /** The question and how to choose, in Markdown. */
  readonly question: string;
  readonly codes: readonly Code[];
}

/** The instructions for all variables, and one variable per page, in order of the pages' names. */
export interface Codebook {
  readonly instructions: string;
  readonly variables: readonly Variable[];
}

/** The study's own codebook if it has a folder `codebook`, else the one that comes with the workbench. */
export async function readCodebook(study: Study): Promise<Codebook> {
  const own = study.path("codebook");
  const folder = (await exists(own)) ? own : fileURLToPath(new URL("codebook/", packageFolder));
  const pages = (await readdir(folder)).filter((name) => name.endsWith(".md") && name !== "README.md").sort();
  if (pages.length === 0) {
    throw new StudyError(`${folder}: the codebook has no page`, { hint: "write one, or remove the folder" });
  }
  const variables = await Promise.all(
    pages.map(async (name) => variableOf(name, await readText(join(folder, name)))),
  );
  const readme = join(folder, "README.md");
  return { instructions: (await exists(readme)) ? instructionsOf(await readText(readme)) : "", variables };
}

/** Parses a page: its title, the question, and a heading for every code. Throws StudyError for any other file. */
export function variableOf(file: string, page: string): Variable {
  const [head = "", ...sections] = page.replaceAll("\r\n", "\n").split(/^## +/m);
  const title = /^# +(.+)$/m.exec(head)?.[1]?.trim();
  const codes = sections.map(codeOf);
  const names = new Set(codes.map(({ code }) => code));
  if (!title || codes.length < 2 || names.size < codes.length) {
    throw new StudyError(`codebook/${file} is not a codebook page`, {
      hint: "it needs a title (# Tone) and headings for at least two different codes (## joyful)",
    });
  }
  return {
    name: file.replace(/^\d+-|\.md$/g, "").replaceAll("-", "_"),
    title,
    question: head.replace(/^# +.+$/m, "").trim(),
    codes,
  };
}

/** A page as people and models read it, without its cues. */
export const pageOf = ({ title, question, codes }: Variable): string =>
  [`# ${title}`, question, ...codes.map(({ code, meaning }) => `## ${code}\n\n${meaning}`)].join("\n\n");

function codeOf(section: string): Code {
  const [name = "", ...lines] = section.split("\n");
  const cues = lines
    .filter((line) => cueLine.test(line))
    .flatMap((line) => line.replace(cueLine, "").split(","));
  const words = cues.map((cue) => cue.trim().toLowerCase()).filter(Boolean);
  return {
    code: name.trim(),
    meaning: lines
      .filter((line) => !cueLine.test(line))
      .join("\n")
      .trim(),
    cues: words.filter((word) => word !== "otherwise"),
    otherwise: words.includes("otherwise"),
  };
}

const cueLine = /^Cues:/;

/** The part of the README for coders: the list under `How to code:`, or the whole README if it has no such list. */
function instructionsOf(readme: string): string {
  const list = readme.replaceAll("\r\n", "\n").split(/^How to code:\n/m)[1];
  return list === undefined ? readme.trim() : list.trim().split("\n\n")[0]!;
}
