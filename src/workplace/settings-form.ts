import { isDeepStrictEqual } from "node:util";
import { LineCounter, parse, parseDocument, stringify } from "yaml";
import { type Html, html } from "../text/html.ts";
import type { SettingChange } from "../workbench/edit-settings.ts";
import { studySchema } from "../workbench/study-schema.ts";

/** A setting that the form shows. */
export interface Setting {
  readonly path: readonly string[];
  readonly description: string;
  /** `text` is anything else, written as in study.yaml. */
  readonly kind: "switch" | "choice" | "number" | "string" | "text";
  readonly options: readonly string[];
}

interface Json {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
}

let known: readonly Setting[] | undefined;

/** Every setting of study.yaml, in the order of the schema; what the schema says is all that the form knows. */
export function allSettings(): readonly Setting[] {
  known ??= settingsIn(studySchema() as Json, []);
  return known;
}

function settingsIn(schema: Json, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, own]): Setting[] => {
    const at = [...path, name];
    // Groups that are optional as a whole are written as text: a part of them alone may be invalid.
    if (own.properties && path.length < 2 && own.type === "object" && !wholeOnly.has(at.join(".")))
      return settingsIn(own, at);
    const description = own.description ?? "";
    if (own.type === "boolean")
      return [{ path: at, description, kind: "switch", options: ["true", "false"] }];
    if (own.enum) return [{ path: at, description, kind: "choice", options: own.enum.map(String) }];
    if (own.type === "integer" || own.type === "number")
      return [{ path: at, description, kind: "number", options: [] }];
    // A number or a text: read as study.yaml reads it.
    if (own.anyOf?.every(({ type }) => type === "integer" || type === "number" || type === "string"))
      return [{ path: at, description, kind: "number", options: [] }];
    if (own.type === "string") return [{ path: at, description, kind: "string", options: [] }];
    return [{ path: at, description, kind: "text", options: [] }];
  });
}

const wholeOnly: ReadonlySet<string> = new Set([
  "survey.recruiting",
  "survey.example",
  "compose.conditions",
  "generate.factorial",
]);

export const fieldName = ({ path }: Pick<Setting, "path">): string => `set:${path.join(".")}`;

/** A value as a field of the form shows it; empty if the file does not have it. */
function shownValue(value: unknown, { kind }: Setting): string {
  if (value === undefined) return "";
  if (kind === "text") return stringify(value, { lineWidth: 0 }).trimEnd();
  return typeof value === "string"
    ? value
    : typeof value === "object"
      ? stringify(value).trimEnd()
      : String(value);
}

/** The values of a text of study.yaml, by the name of the form's field. */
export function valuesOf(text: string): ReadonlyMap<string, string> {
  const document = parseDocument(text);
  return new Map(
    allSettings().map((setting) => [
      fieldName(setting),
      shownValue(plain(document.getIn(setting.path)), setting),
    ]),
  );
}

const plain = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "toJSON" in value
    ? (value as { toJSON(): unknown }).toJSON()
    : (value ?? undefined);

/** What a posted form changes in a text. An emptied field removes its setting. */
export function changesIn(fields: Readonly<Record<string, unknown>>, text: string): readonly SettingChange[] {
  const before = valuesOf(text);
  return allSettings().flatMap((setting): SettingChange[] => {
    const given = fields[fieldName(setting)];
    if (typeof given !== "string") return [];
    const value = given.replace(/\r\n?/g, "\n");
    const old = before.get(fieldName(setting)) ?? "";
    if (value.trim() === old.trim()) return [];
    if (value.trim() === "") return [{ path: setting.path, value: undefined }];
    const written = setting.kind === "string" ? value : parsed(value);
    if (isDeepStrictEqual(written, parsed(old))) return [];
    return [{ path: setting.path, value: written }];
  });
}

/** What was typed, as study.yaml would read it; text that is not YAML stays text, and the schema says what is wrong with it. */
function parsed(text: string): unknown {
  try {
    return parse(text, { customTags: [], maxAliasCount: 0 });
  } catch {
    return text;
  }
}

/** Finds the line of a setting in a text; undefined if it is not there. */
function linesOf(text: string): (path: readonly string[]) => number | undefined {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  return (path) => {
    const node = document.getIn(path, true);
    const range =
      node !== null && typeof node === "object" && "range" in node ? (node.range as number[]) : undefined;
    return range && counter.linePos(range[0]!).line;
  };
}

/** The fields of all settings by their groups; `wrong` is the path that an error names. */
export function settingFields(
  text: string,
  values: ReadonlyMap<string, string>,
  wrong: string | undefined,
): Html {
  const lineOf = linesOf(text);
  const groups = new Map<string, Setting[]>();
  for (const setting of allSettings()) {
    const [first = ""] = setting.path;
    const group = setting.path.length === 1 ? "study" : first;
    groups.set(group, [...(groups.get(group) ?? []), setting]);
  }
  return html`<div class="settings">${[...groups].map(([group, settings]) => {
    const isWrong = settings.some((setting) => isAt(setting, wrong));
    return html`<details id="group-${group}"${(group === "study" || isWrong) && html` open`}><summary>${group}</summary>
${settings.map((setting) => settingField(setting, lineOf, values.get(fieldName(setting)) ?? "", isAt(setting, wrong)))}</details>`;
  })}</div>`;
}

const isAt = ({ path }: Setting, wrong: string | undefined): boolean =>
  wrong !== undefined && (wrong === path.join(".") || wrong.startsWith(`${path.join(".")}.`));

function settingField(
  setting: Setting,
  lineOf: (path: readonly string[]) => number | undefined,
  value: string,
  isWrong: boolean,
): Html {
  const { path, description } = setting;
  const id = path.join("-");
  const line = setting.kind === "text" ? lineOf(path) : undefined;
  return html`<div class="setting${isWrong && " wrong"}"><div><label class="name" for="${id}">${path.slice(path.length === 1 ? 0 : 1).join(".")}</label>
<p class="soft" id="${id}-help">${description}${line !== undefined && html` <a href="/settings/text#line-${line}">Line ${line} of study.yaml</a>`}</p></div>
<div>${control(setting, id, value, isWrong)}</div></div>`;
}

const longText = 70;

function control(setting: Setting, id: string, value: string, isWrong: boolean): Html {
  const common = html`id="${id}" name="${fieldName(setting)}" aria-describedby="${id}-help"${isWrong && html` aria-invalid="true"`}`;
  if (setting.kind === "switch" || setting.kind === "choice") {
    const options =
      setting.options.includes(value) || value === "" ? setting.options : [...setting.options, value];
    return html`<select ${common}><option value="">default</option>${options.map(
      (option) => html`<option value="${option}"${option === value && html` selected`}>${option}</option>`,
    )}</select>`;
  }
  if (setting.kind === "text" || value.length > longText || value.includes("\n"))
    return html`<textarea ${common} class="${setting.kind === "text" && "code"}" rows="${Math.min(14, Math.max(2, value.split("\n").length + Math.floor(value.length / 90)))}" spellcheck="false">${"\n"}${value}</textarea>`;
  return html`<input type="text" ${common} value="${value}" autocomplete="off">`;
}
