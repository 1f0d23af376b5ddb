import { version } from "../workbench/version.ts";
import type { Column, Table } from "./table.ts";

/** A file of the package, with its size and hash. */
export interface PackageFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The table in it, if any. */
  readonly table?: Table;
}

export interface PackageInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly licence: string | undefined;
  readonly authors: readonly string[];
}

/** `datapackage.json` (Data Package standard, version 2): every table with its schema, every file with its hash. */
export function descriptorOf(info: PackageInfo, files: readonly PackageFile[]): unknown {
  return {
    $schema: "https://datapackage.org/profiles/2.0/datapackage.json",
    name: info.name,
    title: info.title,
    description: info.description,
    ...(info.licence && { licenses: [licenceOf(info.licence)] }),
    ...(info.authors.length > 0 && {
      contributors: info.authors.map((title) => ({ title, roles: ["author"] })),
    }),
    sources: [{ title: `Tiny Love ${version}` }],
    keywords: ["very short stories", "language models", "readers", "authorship"],
    resources: files.map((file) => resourceOf(file)),
  };
}

function resourceOf({ path, bytes, sha256, table }: PackageFile): unknown {
  const ending = path.split(".").at(-1)!;
  const name = table && ending === "csv" ? table.name : path.replace(/^.*\//, "").replaceAll(".", "-");
  return {
    name,
    path,
    ...(table && { title: table.title, type: "table" }),
    ...formats[ending],
    ...(!binary.has(ending) && { encoding: "utf-8" }),
    // Frictionless 5 does not count the bytes of Parquet files and rejects any number here.
    ...(ending !== "parquet" && { bytes }),
    hash: `sha256:${sha256}`,
    ...(table && { schema: schemaOf(table, ending) }),
  };
}

const formats: Record<string, { format: string; mediatype: string }> = {
  csv: { format: "csv", mediatype: "text/csv" },
  jsonl: { format: "jsonl", mediatype: "application/jsonl" },
  json: { format: "json", mediatype: "application/json" },
  parquet: { format: "parquet", mediatype: "application/vnd.apache.parquet" },
  sqlite: { format: "sqlite", mediatype: "application/vnd.sqlite3" },
  md: { format: "md", mediatype: "text/markdown" },
  R: { format: "r", mediatype: "text/plain" },
  cff: { format: "cff", mediatype: "application/yaml" },
};

const binary: ReadonlySet<string> = new Set(["parquet", "sqlite"]);

function schemaOf({ key, columns }: Table, ending: string): unknown {
  const references = columns.filter(({ refersTo }) => refersTo);
  return {
    $schema: "https://datapackage.org/profiles/2.0/tableschema.json",
    fields: columns.map((column) => ({ ...fieldOf(column, key), ...missingIn(ending, column) })),
    missingValues: [""],
    ...(key && { primaryKey: [key] }),
    ...(references.length > 0 && {
      foreignKeys: references.map(({ name, refersTo }) => ({
        fields: [name],
        reference: { resource: refersTo, fields: [keyOf[refersTo!]] },
      })),
    }),
  };
}

const keyOf: Record<string, string> = {
  participants: "participant",
  forms: "question",
  stimuli: "stimulus",
  stories: "story",
  generations: "generation",
};

/** Frictionless reads Parquet through pandas, where a missing number is NaN. */
const missingIn = (ending: string, { type }: Column) =>
  ending === "parquet" && (type === "integer" || type === "number") ? { missingValues: ["", "nan"] } : {};

function fieldOf({ name, type, meaning, unit, levels, required, least }: Column, key: string | undefined) {
  const constraints = {
    ...(required && { required: true }),
    ...(name === key && { unique: true }),
    ...(levels && { enum: type === "integer" ? levels.map(Number) : levels }),
    ...(least !== undefined && { minimum: least }),
  };
  return {
    name,
    type,
    description: unit ? `${meaning} (${unit})` : meaning,
    ...(type === "boolean" && { trueValues: ["TRUE"], falseValues: ["FALSE"] }),
    ...(Object.keys(constraints).length > 0 && { constraints }),
  };
}

/** Titles and addresses of known licences; other names are written as they are. */
const licences: Record<string, readonly [title: string, path: string]> = {
  "CC0-1.0": ["CC0 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/"],
  "CC-BY-4.0": ["Creative Commons Attribution 4.0", "https://creativecommons.org/licenses/by/4.0/"],
  "CC-BY-SA-4.0": [
    "Creative Commons Attribution Share-Alike 4.0",
    "https://creativecommons.org/licenses/by-sa/4.0/",
  ],
  "CC-BY-NC-4.0": [
    "Creative Commons Attribution Non-Commercial 4.0",
    "https://creativecommons.org/licenses/by-nc/4.0/",
  ],
  "PDDL-1.0": ["Public Domain Dedication and License 1.0", "https://opendatacommons.org/licenses/pddl/1-0/"],
  "ODC-By-1.0": ["Open Data Commons Attribution 1.0", "https://opendatacommons.org/licenses/by/1-0/"],
  "ODbL-1.0": ["Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"],
};

function licenceOf(name: string) {
  const [title, path] = licences[name] ?? [];
  return { name, ...(title && { title, path }) };
}
