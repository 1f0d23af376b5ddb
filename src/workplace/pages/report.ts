import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, relative, sep } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { html } from "../../text/html.ts";
import { exists, filesUnder, readText } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { buttonForm, table } from "../layout.ts";
import { notFound, type Workplace, type WorkplacePage } from "../workplace.ts";

/** The report, and its files to download. */
export const reportPage: WorkplacePage = {
  path: "/report",
  title: "Report",
  async body(request, workplace) {
    const study = await workplace.study();
    if (!(await exists(study.path(page))))
      return html`<p>There is no report yet. <a href="/">Run the stages</a> first.</p>`;
    const files = await reportFiles(study);
    const first = ["report.pdf", "report-full.pdf", "report.md"].filter((name) => files.includes(name));
    return html`<p class="row">${first.map((name) => html`<a class="button small" href="/report/files/${name}" download>${name}</a>`)}
<a class="button small" href="/report/page">Open on a page of its own</a></p>
<iframe src="/report/page" title="The report" sandbox="allow-scripts allow-popups"></iframe>
<details><summary>All ${files.length} files: figures, tables, data</summary>
${table("Files", ["file", "size"], await Promise.all(files.map(async (name) => [html`<a href="/report/files/${encodeURIComponent(name)}" download>${name}</a>`, await sizeOf(study, name)])))}</details>
<section><h2>Data for others</h2><p>Writes the study’s data without personal data into <code>package/</code>: CSV, JSONL, Parquet, SQLite and a codebook.</p>
${buttonForm(workplace.seal(request), "/report/package", "Make the data package", { plain: true, disabled: workplace.work.running })}</section>`;
  },
  actions: [
    { method: "GET", path: "/report/page", handle: reportItself },
    { method: "GET", path: "/report/files/:name", handle: download },
    {
      method: "POST",
      path: "/report/package",
      async handle(_, reply, { work, folder }) {
        work.start(["package"], folder);
        return reply.redirect("/", 303);
      },
    },
  ],
};

const folder = "report";
const page = "report/report.html";

/** The files of the report, by their names inside its folder, with `/`. */
const reportFiles = async (study: Study): Promise<string[]> =>
  (await filesUnder(study.path(folder))).map((file) =>
    relative(study.path(folder), file).split(sep).join("/"),
  );

async function sizeOf(study: Study, name: string): Promise<string> {
  const { size } = await stat(study.path(folder, name));
  return size < 1e6 ? `${Math.ceil(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/**
 * The report as it is on disk. It has the study's texts in it, so it runs in an origin of its own, without access to these
 * pages, and may load nothing.
 */
async function reportItself(
  _: FastifyRequest,
  reply: FastifyReply,
  { study: open }: Workplace,
): Promise<FastifyReply> {
  const content = await readText((await open()).path(page), "run `tinylove report` first");
  return reply
    .header(
      "content-security-policy",
      "sandbox allow-scripts allow-popups; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'",
    )
    .header("x-frame-options", "sameorigin")
    .type("text/html; charset=utf-8")
    .send(content);
}

/** A file of the report. Only a name that is in the list is looked up, so no address leads elsewhere. */
async function download(
  request: FastifyRequest,
  reply: FastifyReply,
  { study: open }: Workplace,
): Promise<FastifyReply> {
  const study = await open();
  const { name } = request.params as { name: string };
  if (!(await reportFiles(study)).includes(name)) return notFound(reply);
  return reply
    .type("application/octet-stream")
    .header("content-disposition", `attachment; filename="${basename(name).replace(/[^\w.-]/g, "_")}"`)
    .send(createReadStream(study.path(folder, name)));
}
