import { StudyError } from "../workbench/errors.ts";

/** The role of a column: which part of a story it has. */
export type Role = keyof typeof usualNames;

export type StoryColumns = Readonly<Partial<Record<Role, string>>>;

/** Usual column names of each role, the most certain first; compared without case, spaces and punctuation. */
const usualNames = {
  title: ["title", "story name", "story title", "headline", "heading", "name"],
  text: ["text", "story", "story text", "body", "content", "full text"],
  author: ["author", "authors", "byline", "writer", "by", "story author"],
  group: ["group", "post", "post id", "url", "address", "link", "permalink", "page"],
  source: ["source", "publication", "publisher", "site"],
  licence: ["licence", "license", "rights", "copyright"],
  date: ["date", "published date", "publication date", "published", "pub date"],
  place: ["place", "location", "city"],
} as const satisfies Record<string, readonly string[]>;

export const roles = Object.keys(usualNames) as Role[];

/** Finds the column of each role by its name; mapped roles keep their column. */
export function storyColumns(columns: readonly string[], mapped: StoryColumns = {}): StoryColumns {
  const taken = new Set(Object.values(mapped));
  const found: Partial<Record<Role, string>> = { ...mapped };
  for (const role of roles) {
    if (found[role] !== undefined) continue;
    const free = columns.filter((column) => !taken.has(column));
    const named = firstNamed(usualNames[role], free);
    if (named === undefined) continue;
    found[role] = named;
    taken.add(named);
  }
  return found;
}

/**
 * As `storyColumns`, but throws StudyError with the table's columns if a mapped column is missing, or if no column
 * has titles or texts.
 */
export function requiredColumns(
  columns: readonly string[],
  mapped: StoryColumns,
  file: string,
): StoryColumns & Readonly<Record<"title" | "text", string>> {
  const existing = columns.filter((column) => column !== "").join(", ") || "none";
  for (const [role, column] of Object.entries(mapped)) {
    if (columns.includes(column)) continue;
    throw new StudyError(`${file} has no column ${column} (corpus.columns.${role})`, {
      hint: `it has ${existing}`,
    });
  }
  const { title, text, ...others } = storyColumns(columns, mapped);
  if (title !== undefined && text !== undefined) return { ...others, title, text };
  const missing = title === undefined ? "title" : "text";
  throw new StudyError(`${file} has no ${missing} column`, {
    hint: `give it with corpus.columns.${missing} in study.yaml or \`init --columns ${missing}=NAME\`; it has ${existing}`,
  });
}

function firstNamed(names: readonly string[], columns: readonly string[]): string | undefined {
  for (const name of names) {
    const found = columns.find((column) => simplified(column) === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const simplified = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
