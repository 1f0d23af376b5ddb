import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { alertBox } from "../../survey/page.ts";
import { columnsOf, readRecords } from "../../tables/records.ts";
import { type Role, roles, storyColumns } from "../../tables/story-columns.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { csv } from "../../tables/tables.ts";
import { type Html, html } from "../../text/html.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists, writeWhole } from "../../workbench/files.ts";
import { JobRunner } from "../job.ts";
import { buttonForm, errorLine, sealField, table } from "../layout.ts";
import { field, type Workplace, type WorkplacePage } from "../workplace.ts";

/** A table of 64 MB, in base64. */
const mostBytes = 90 * 1024 * 1024;
const rowsShown = 10;

/** Makes a study from a table or from pasted stories, and opens another one next to it. */
export const newStudyPage: WorkplacePage = {
  path: "/new",
  title: "New study",
  body: (request, workplace) => startView(request, workplace, html``),
  actions: [
    { method: "POST", path: "/new/table", bodyLimit: mostBytes, handle: inspect },
    { method: "POST", path: "/new", handle: make },
    { method: "POST", path: "/new/switch", changes: false, handle: switchStudy },
  ],
};

async function startView(request: FastifyRequest, workplace: Workplace, notice: Html): Promise<Html> {
  const seal = workplace.seal(request);
  const others = await studiesBeside(workplace);
  return html`${notice}
<p>A study needs at least 12 very short stories by people, each with a title.</p>
<div class="halves">
<section><h2>From a table</h2>
<form method="post" action="/new/table" data-upload>${sealField(seal)}<input type="hidden" name="file"><input type="hidden" name="content">
<div class="drop"><label>A file with a row for each story: CSV, TSV, JSON, JSONL, Parquet or SQLite. Drop it here, or choose it.
<input type="file" accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson,.parquet,.sqlite,.sqlite3,.db"></label></div></form></section>
<section><h2>From pasted stories</h2>
<form method="post" action="/new/table">${sealField(seal)}<input type="hidden" name="file" value="stories.csv">
<label>One story after the other: the title on a line of its own, then the text; an empty line between two stories.
<textarea name="pasted" rows="10" required></textarea></label><button>Continue</button></form></section>
</div>
${
  others.length > 0 &&
  html`<section><h2>Other studies in this folder</h2>
<div class="row">${others.map((name) => buttonForm(seal, "/new/switch", `Open ${name}`, { fields: { name }, plain: true }))}</div></section>`
}`;
}

/** Other studies in the folder above this one. */
async function studiesBeside({ folder }: Workplace): Promise<string[]> {
  const above = dirname(folder);
  const names = await readdir(above).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => ((await exists(join(above, name, "study.yaml"))) ? [name] : [])),
  );
  return found.flat().filter((name) => name !== basename(folder));
}

/** Tables that wait for their columns, by a random name; the folder goes when the server ends. */
const waiting = new Map<string, string>();

async function inspect(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  try {
    const path = await store(request);
    const records = await readRecords(path);
    if (records.length === 0) throw new StudyError("the table has no rows", { hint: "choose another" });
    return await columnsView(request, reply, workplace, { path, records, notice: html``, status: 200 });
  } catch (thrown) {
    if (!(thrown instanceof StudyError)) throw thrown;
    return workplace.show(request, reply, {
      heading: newStudyPage.title,
      body: await startView(request, workplace, alertBox(withoutFolder(errorLine(thrown)))),
      status: 400,
    });
  }
}

/** Messages name the file, not the temporary folder that it is in. */
const withoutFolder = (message: string): string => message.replace(/\/[^\s,;]*tinylove-new-\w+\//g, "");

/** Keeps a posted table in a folder of its own. Only the end of its name is the user's. */
async function store(request: FastifyRequest): Promise<string> {
  const name = basename(field(request, "file", "body").replace(/\\/g, "/"))
    .replace(/[^\w. -]/g, "_")
    .replace(/^\.+/, "");
  const pasted = field(request, "pasted", "body");
  const content = pasted
    ? Buffer.from(storiesAsTable(pasted))
    : Buffer.from(field(request, "content", "body"), "base64");
  if (name === "" || content.length === 0)
    throw new StudyError("no file arrived", { hint: "choose a table, or paste the stories" });
  const folder = await mkdtemp(join(tmpdir(), "tinylove-new-"));
  process.once("exit", () => void rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeWhole(path, content, 0o600);
  return path;
}

/** Pasted stories as a table: blocks between empty lines, the first line of each is the title. */
export function storiesAsTable(pasted: string): string {
  const rows = pasted
    .replace(/\r\n?/g, "\n")
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter(Boolean)
    .map((block) => {
      const [title = "", ...lines] = block.split("\n");
      return { title: title.trim(), text: lines.join("\n").trim() };
    });
  const without = rows.find(({ text }) => text === "");
  if (without)
    throw new StudyError(`“${without.title.slice(0, 60)}”: a title without a text`, {
      hint: "write the text below its title, without an empty line between them",
    });
  return csv(["title", "text"], rows);
}

interface ColumnsView {
  readonly path: string;
  readonly records: readonly TableRecord[];
  readonly notice: Html;
  readonly status: number;
}

async function columnsView(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
  { path, records, notice, status }: ColumnsView,
): Promise<FastifyReply> {
  const id = basename(dirname(path));
  waiting.set(id, path);
  const columns = columnsOf(records as TableRecord[]);
  const found = storyColumns(columns);
  const inside = !(await exists(join(workplace.folder, "study.yaml")));
  const body = html`${notice}
<p>${basename(path)} has ${records.length} rows. Check which column is which; the first ${Math.min(rowsShown, records.length)} rows are below.</p>
<form method="post" action="/new">${sealField(workplace.seal(request))}<input type="hidden" name="table" value="${id}">
<div class="filters">${roles.map(
    (role) =>
      html`<label>${role}<select name="column-${role}"><option value="">none</option>${columns.map(
        (column) =>
          html`<option value="${column}"${found[role] === column && html` selected`}>${column}</option>`,
      )}</select></label>`,
  )}</div>
<label>Name of the new folder (in ${inside ? dirname(workplace.folder) : dirname(workplace.folder)})<input type="text" name="folder" value="${inside ? basename(workplace.folder) : "my-study"}" pattern="[A-Za-z0-9][A-Za-z0-9_.\\-]*" maxlength="60" required></label>
<button>Make the study</button></form>
<section>${table(
    `The first rows of ${basename(path)}`,
    columns,
    records.slice(0, rowsShown).map(({ cells }) => columns.map((column) => shortened(cells[column] ?? ""))),
  )}</section>`;
  return workplace.show(request, reply, { heading: newStudyPage.title, body, status });
}

const shortened = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)} …` : text);

const folderName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$/;

async function make(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const path = waiting.get(field(request, "table", "body"));
  if (path === undefined)
    throw new StudyError("this table is not here any more", { hint: "choose it again" });
  const name = field(request, "folder", "body");
  const folder = join(dirname(workplace.folder), name);
  const records = await readRecords(path);
  const again = (message: string) =>
    columnsView(request, reply, workplace, {
      path,
      records,
      notice: alertBox(withoutFolder(message)),
      status: 400,
    });
  if (!folderName.test(name))
    return again(`${name.slice(0, 40)}: not a folder’s name; use letters, digits, - and _`);
  if (workplace.work.running || workplace.survey.running)
    return again("Something of the present study is running; stop it first.");
  const columns = columnsOf(records);
  const chosen = roles.flatMap((role: Role) => {
    const column = field(request, `column-${role}`, "body");
    return columns.includes(column) && storyColumns(columns)[role] !== column ? [`${role}=${column}`] : [];
  });
  const words = ["init", folder, "--corpus", path, ...(chosen.length > 0 ? ["--columns", ...chosen] : [])];
  // The same command as in a terminal, so the same checks and messages.
  const runner = new JobRunner(workplace.effects, workplace.work.program);
  runner.start(words, "");
  await runner.ended();
  if (runner.job?.state !== "done")
    return again(runner.job?.lines.at(-1)?.replace(/^error: /, "") ?? "it could not be made");
  await rm(dirname(path), { recursive: true, force: true });
  waiting.delete(basename(dirname(path)));
  workplace.folder = resolve(folder);
  return reply.redirect("/", 303);
}

async function switchStudy(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const name = field(request, "name", "body");
  if (!(await studiesBeside(workplace)).includes(name))
    throw new StudyError(`${name.slice(0, 60)}: no such study`, { hint: "press one of the buttons" });
  if (workplace.work.running || workplace.survey.running)
    throw new StudyError("something of the present study is running", { hint: "stop it first" });
  workplace.folder = join(dirname(workplace.folder), name);
  return reply.redirect("/", 303);
}
