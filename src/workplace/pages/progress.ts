import {
  type AccuracySoFar,
  accuracySoFar,
  type ProgressSummary,
  progressSummaryOf,
} from "../../survey/progress-summary.ts";
import { newInvitation } from "../../survey/recruiting.ts";
import { sendPage } from "../../survey/survey-context.ts";
import { csv } from "../../tables/tables.ts";
import { type Html, html } from "../../text/html.ts";
import { readKey } from "../../workbench/artefacts.ts";
import { duration } from "../../workbench/progress.ts";
import { table } from "../page-layout.ts";
import type { WorkplaceContext, WorkplacePage } from "../workplace-page.ts";

/** The progress of the survey, accuracy on request, and personal links. */
export const progressPage: WorkplacePage = {
  path: "/study",
  title: "Survey",
  async body(request, context) {
    const looks = await context.store.metadata.looks();
    return dashboard(await progressOf(context), looks, context.seal(request));
  },
  actions: [
    {
      method: "GET",
      path: "/study/numbers",
      handle: async (_, reply, context) =>
        sendPage(reply, 200, progressFigures(await progressOf(context)).toString()),
    },
    {
      method: "POST",
      path: "/study/accuracy",
      async handle(request, reply, context) {
        const { store, study, effects } = context;
        await store.metadata.recordLook(effects.now());
        await context.onLook();
        const { answers } = await store.records.all();
        const origins = new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));
        const body = accuracyTable(accuracySoFar(answers, origins));
        return context.show(request, reply, { heading: "Accuracy so far", body });
      },
    },
    {
      method: "POST",
      path: "/study/invitations",
      handle: async (request, reply, { base, signingKey }) => {
        const { count } = request.body as { count?: string };
        const number = /^\d{1,5}$/.test(count ?? "") ? Math.min(10_000, Number(count)) : 0;
        const rows = Array.from({ length: number }, () => ({
          path: `${base}/?invitation=${newInvitation(signingKey)}`,
        }));
        return reply
          .type("text/csv; charset=utf-8")
          .header("content-disposition", 'attachment; filename="links.csv"')
          .send(csv(["path"], rows));
      },
    },
  ],
};

const progressOf = async ({ store, materials, effects }: WorkplaceContext): Promise<ProgressSummary> =>
  progressSummaryOf(
    await store.records.participantProgress(),
    [...materials.forms.keys()],
    effects.now(),
    await store.metadata.visits(),
  );

const dashboard = (progress: ProgressSummary, looks: readonly string[], seal: string): Html => html`
<div data-live="/study/numbers">${progressFigures(progress)}</div>
<section class="aside">
<h2>Accuracy</h2>
<p>Accuracy is hidden until the end of the study, so that nobody stops when it looks good. You can look now; each look
is recorded in <code>judgments/looks.csv</code>${
  looks.length > 0 && html` (so far ${looks.length}, the last at ${looks.at(-1)})`
}.</p>
<form method="post" action="/study/accuracy"><input type="hidden" name="seal" value="${seal}"><button class="plain">Look, and record it</button></form>
</section>
<section class="aside">
<h2>Personal links</h2>
<p>Each link lets one person take part once. With <code>invited: true</code> in study.yaml nobody can take part without
one.</p>
<form method="post" action="/study/invitations" class="line"><input type="hidden" name="seal" value="${seal}">
<label>How many <input type="number" name="count" min="1" max="10000" value="20" required></label><button class="plain">Download as CSV</button></form>
</section>`;

/** The figures that the dashboard keeps up to date. */
function progressFigures(progress: ProgressSummary): Html {
  const { visits, consented, answering, completed, droppedOut, withdrawn, medianTime } = progress;
  const counts: readonly (readonly [string, string | number])[] = [
    ["visits", visits],
    ["consented", consented],
    ["answering now", answering],
    ["completed", completed],
    ["dropped out", droppedOut],
    ["withdrawn", withdrawn],
    ["median time", medianTime === undefined ? "–" : duration(medianTime)],
  ];
  return html`
<dl class="counts">${counts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${table(
  "Balance of the forms",
  ["form", "completed", "answering"],
  progress.forms.map(({ form, completed, answering }) => [form, completed, answering]),
)}
${
  progress.dropOut.length > 0 &&
  table(
    "Where participants dropped out",
    ["answers given", "participants"],
    progress.dropOut.map(({ answers, participants }) => [answers, participants]),
  )
}`;
}

const accuracyTable = (accuracy: readonly AccuracySoFar[]): Html => html`<p>This look has been recorded.</p>
${table(
  "Right answers",
  ["of", "right", "answers", "share"],
  accuracy
    .filter(({ count }) => count > 0)
    .map(({ origin, right, count }) => [
      { human: "human stories", machine: "machine stories", pair: "pairs" }[origin],
      right,
      count,
      `${((100 * right) / count).toFixed(1)} %`,
    ]),
)}`;
