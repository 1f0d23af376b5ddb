import type { FastifyReply, FastifyRequest } from "fastify";
import { renderSVG } from "uqr";
import { plannedEnd } from "../../study/planned-end.ts";
import { counted } from "../../study/print.ts";
import { alertBox } from "../../survey/page.ts";
import type { AccuracySoFar } from "../../survey/progress-summary.ts";
import type { Person, SurveyStatus } from "../../survey/survey-monitor.ts";
import { csv, readTable } from "../../tables/tables.ts";
import { type Html, html, trusted } from "../../text/html.ts";
import { formsFolder, participantsFile } from "../../workbench/artefacts.ts";
import { exists, filesUnder } from "../../workbench/files.ts";
import { duration } from "../../workbench/progress.ts";
import type { Study } from "../../workbench/study.ts";
import { buttonForm, sealField, table } from "../layout.ts";
import { events } from "../live.ts";
import { publicAddress, runningSurvey, withSurvey } from "../survey-link.ts";
import { field, notFound, type Workplace, type WorkplacePage } from "../workplace.ts";

const everyMs = 3000;

/** The survey: its link, its progress, who took part, and what they wrote. */
export const surveyPage: WorkplacePage = {
  path: "/survey",
  title: "Survey",
  async body(request, workplace) {
    const { control, figures } = await partsOf(request, workplace);
    return html`<div data-live="/survey/events">
<section id="control">${control}</section>
<section id="figures">${figures}</section>
</div>
${await restOf(request, workplace)}`;
  },
  actions: [
    {
      method: "POST",
      path: "/survey/open",
      async handle(_, reply, { survey, folder }) {
        survey.start(["serve"], folder);
        return reply.redirect("/survey", 303);
      },
    },
    {
      method: "POST",
      path: "/survey/close",
      async handle(_, reply, { survey }) {
        survey.stop();
        await survey.ended();
        return reply.redirect("/survey", 303);
      },
    },
    {
      method: "POST",
      path: "/survey/pause",
      async handle(request, reply, workplace) {
        const paused = field(request, "paused", "body") === "yes";
        await withSurvey(await workplace.study(), workplace.effects, (access) => access.setPaused(paused));
        return reply.redirect("/survey", 303);
      },
    },
    { method: "POST", path: "/survey/accuracy", handle: accuracy },
    { method: "POST", path: "/survey/links", handle: personalLinks },
    { method: "GET", path: "/survey/comments", handle: comments },
    { method: "GET", path: "/survey/person/:id", handle: person },
  ],
  routes(server, workplace) {
    server.get("/survey/events", async (request, reply) => {
      let round = 0;
      return events(request, reply, {
        listen(changed) {
          const timer = setInterval(() => {
            round += 1;
            changed();
          }, everyMs);
          const stop = workplace.survey.onChange(changed);
          return () => {
            clearInterval(timer);
            stop();
          };
        },
        key: () => `${round} ${workplace.survey.job?.state}`,
        often: () => partsOf(request, workplace),
        seldom: () => partsOf(request, workplace),
      });
    });
  },
};

async function partsOf(
  request: FastifyRequest,
  workplace: Workplace,
): Promise<{ readonly control: Html; readonly figures: Html }> {
  const study = await workplace.study();
  const running = await runningSurvey(study);
  // While our own server starts or stops, it has the store.
  const busy = workplace.survey.running && !running;
  const status = busy
    ? undefined
    : await withSurvey(study, workplace.effects, (access) => access.status()).catch(() => undefined);
  return {
    control: await controlPanel(request, workplace, study, running?.url, status),
    figures: status ? figures(study, status) : html``,
  };
}

async function controlPanel(
  request: FastifyRequest,
  workplace: Workplace,
  study: Study,
  url: string | undefined,
  status: SurveyStatus | undefined,
): Promise<Html> {
  const seal = workplace.seal(request);
  const { job } = workplace.survey;
  if (url === undefined) {
    if ((await filesUnder(study.path(formsFolder))).length === 0)
      return html`<p>There are no forms yet. <a href="/">Run the stages up to compose</a> first.</p>`;
    if (workplace.survey.running)
      return html`<h2><span role="status">The survey is ${job?.state === "stopping" ? "closing" : "opening"}</span></h2>`;
    const failed = job?.state === "failed" && job.lines.findLast((line) => line.startsWith("error:"));
    return html`${failed && alertBox(failed.replace(/^error: /, ""))}
<h2><span role="status">The survey is closed</span></h2>
<p>Nobody can answer. Opening it starts the participants’ server ${scope(study)}.</p>
<div class="row">${buttonForm(seal, "/survey/open", "Open the survey")}<a class="button small" href="/rehearsal">Rehearse it first</a></div>`;
  }
  const address = publicAddress(study, url);
  const paused = status?.paused === true;
  const ours = workplace.survey.running;
  return html`<div class="share">
<div class="qr" aria-hidden="true">${trusted(renderSVG(address, { border: 2 }))}</div>
<div class="address"><h2><span role="status">The survey is ${paused ? "paused: nobody new can start" : "open"}</span></h2>
<p class="public"><a href="${address}">${address}</a> ${scope(study)}</p>
<div class="row"><button class="small" data-copy="${address}" type="button">Copy the link</button>
${buttonForm(seal, "/survey/pause", paused ? "Let people start again" : "Pause", { fields: { paused: paused ? "no" : "yes" }, plain: true })}
${ours ? buttonForm(seal, "/survey/close", "Close the survey", { plain: true }) : html`<span class="soft">It runs in another process; close it there with Ctrl-C.</span>`}
<a class="button small" href="/rehearsal">Rehearse</a></div>
${study.config.survey.invited && html`<p class="soft">Only people with a personal link can take part.</p>`}
</div></div>`;
}

const scope = ({ config: { survey } }: Study): string =>
  /^(localhost|127\.|::1)/.test(survey.host) && survey.address === undefined
    ? "(on this machine only; survey.host and survey.address of the settings open it to others)"
    : "";

/** Progress to the planned end, arrivals and drop-out, balance. It shows no accuracy. */
function figures(study: Study, { progress, participants }: SurveyStatus): Html {
  const { visits, consented, answering, completed, droppedOut, withdrawn, medianTime } = progress;
  const end = plannedEnd(study.config);
  const counts: readonly (readonly [string, string | number])[] = [
    ["visits", visits],
    ["consented", consented],
    ["answering now", answering],
    ["completed", completed],
    ["dropped out", droppedOut],
    ["withdrawn", withdrawn],
    ["median time", medianTime === undefined ? "–" : duration(medianTime)],
  ];
  return html`<h2>Progress</h2>
${
  end !== undefined &&
  html`<p>${completed} of ${end} readers</p><meter min="0" max="${end}" value="${Math.min(end, completed)}" aria-label="Completed of the planned readers"></meter>`
}
<dl class="counts">${counts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${participants.length > 0 && arrivals(participants)}
<div class="halves">
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
}</div>`;
}

const bins = 24;
const hour = 3600_000;

/** Starts and completions over time as a figure, and the same as a table. */
function arrivals(participants: SurveyStatus["participants"]): Html {
  const times = participants.map(({ started }) => started);
  const first = times.reduce((one, other) => Math.min(one, other));
  const last = participants.reduce(
    (most, { started, completed }) => Math.max(most, completed ?? 0, started),
    first,
  );
  const width =
    [hour / 6, hour, 6 * hour, 24 * hour, 7 * 24 * hour, 30 * 24 * hour].find(
      (one) => (last - first) / one < bins,
    ) ?? Math.ceil((last - first + 1) / bins);
  const start = Math.floor(first / width) * width;
  const count = Math.floor((last - start) / width) + 1;
  const rows = Array.from({ length: count }, (_, at) => ({
    from: start + at * width,
    started: 0,
    completed: 0,
  }));
  for (const { started, completed } of participants) {
    rows[Math.floor((started - start) / width)]!.started += 1;
    if (completed !== null) rows[Math.floor((completed - start) / width)]!.completed += 1;
  }
  const most = Math.max(1, ...rows.map(({ started, completed }) => Math.max(started, completed)));
  const step = 600 / Math.max(8, count);
  const height = (value: number) => (value / most) * 90;
  const label = (time: number) =>
    new Date(time)
      .toISOString()
      .slice(5, width >= 24 * hour ? 10 : 16)
      .replace("T", " ");
  return html`<figure><svg class="bars" viewBox="0 0 600 130" role="img" aria-label="Starts and completions over time; the table below has the numbers">
${rows.map(
  ({ started, completed }, at) =>
    html`<rect x="${(at * step + 1).toFixed(1)}" y="${(105 - height(started)).toFixed(1)}" width="${(step / 2 - 1.5).toFixed(1)}" height="${height(started).toFixed(1)}"/><rect class="done" x="${(at * step + step / 2).toFixed(1)}" y="${(105 - height(completed)).toFixed(1)}" width="${(step / 2 - 1.5).toFixed(1)}" height="${height(completed).toFixed(1)}"/>`,
)}
<text x="0" y="122">${label(start)}</text><text x="0" y="12">${most}</text>
<text x="600" y="122" text-anchor="end">${label(rows.at(-1)!.from)} UTC</text>
</svg><figcaption class="soft">Started (light) and completed (dark), per ${duration(width).replace(/ 0 (s|min)$/, "")}.</figcaption></figure>
<details id="arrivals"><summary>The numbers</summary>${table(
    "Arrivals over time (UTC)",
    ["from", "started", "completed"],
    rows.map(({ from, started, completed }) => [label(from), started, completed]),
  )}</details>`;
}

/** What changes seldom: participants with their flags, links, accuracy. */
async function restOf(request: FastifyRequest, workplace: Workplace): Promise<Html> {
  const study = await workplace.study();
  const seal = workplace.seal(request);
  const status = await withSurvey(study, workplace.effects, (access) => access.status()).catch(
    () => undefined,
  );
  const { recruiting } = study.config.survey;
  return html`${status && (await people(study, status))}
${
  status &&
  html`<section><h2>Accuracy</h2>
<p>Accuracy is hidden until the end of the study, so that nobody stops when it looks good. You can look now; each look is
recorded in <code>judgments/looks.csv</code>${status.looks.length > 0 && html` (so far ${status.looks.length}, the last at ${status.looks.at(-1)})`}.</p>
${buttonForm(seal, "/survey/accuracy", "Look, and record it", { plain: true })}</section>`
}
<section><h2>Personal links</h2>
<p>Each link lets one person take part once. With <code>survey.invited</code> nobody can take part without one.</p>
<form method="post" action="/survey/links" class="row">${sealField(seal)}<label>How many<input type="number" name="count" min="1" max="10000" value="20" required></label><button class="small">Download as CSV</button></form></section>
${
  recruiting &&
  html`<section><h2>Completion codes (${recruiting.service})</h2>
<dl class="facts">${(
    [
      ["for those who finish", recruiting.codes.complete ?? "a different one for each"],
      ["for those who do not consent", recruiting.codes.noConsent],
      ["when no more readers are needed", recruiting.codes.full ?? recruiting.codes.noConsent],
      ["after failed attention checks", recruiting.codes.attention],
    ] as const
  ).map(([who, code]) => html`<dt>${who}</dt><dd>${code ?? "none"}</dd>`)}</dl></section>`
}`;
}

const mostPeople = 200;

async function people(study: Study, { participants }: SurveyStatus): Promise<Html> {
  if (participants.length === 0) return html``;
  const exported = (await exists(study.path(participantsFile)))
    ? await readTable(study.path(participantsFile))
    : [];
  const flags = new Map(exported.map((row) => [row["participant"], flagsOf(row)]));
  const newest = [...participants].sort((one, other) => other.started - one.started).slice(0, mostPeople);
  return html`<section><h2>Participants</h2>
<p class="soft">The newest ${counted(newest.length, "participant")}. Flags are from <code>${participantsFile}</code>; nobody is left out because of them. <a href="/survey/comments">What they wrote</a></p>
${table(
  "Participants",
  ["participant", "started", "answers", "state", "flags"],
  newest.map(({ id, started, answers, completed, withdrawn }) => [
    withdrawn === null ? html`<a href="/survey/person/${id}">${id.slice(0, 8)}</a>` : id.slice(0, 8),
    time(started),
    answers,
    withdrawn !== null
      ? "withdrawn"
      : completed !== null
        ? `completed in ${duration(completed - started)}`
        : "not finished",
    flags.get(id) ?? "",
  ]),
)}</section>`;
}

/** The columns of a participant's row that are signs of carelessness, where they are not empty. */
const flagsOf = (row: Readonly<Record<string, string>>): string =>
  Object.entries(row)
    .filter(
      ([column, value]) =>
        !["participant", "form", "condition", "deceived", "started", "completed", "simulated"].includes(
          column,
        ) && !["", "0", "no"].includes(value),
    )
    .map(([column, value]) => `${column.replaceAll("_", " ")}${value === "yes" ? "" : `: ${value}`}`)
    .join(", ");

const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");

async function accuracy(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const study = await workplace.study();
  const found = (await withSurvey(study, workplace.effects, (access) => access.look())) ?? [];
  return workplace.show(request, reply, {
    heading: "Accuracy so far",
    body: html`<p>This look has been recorded.</p>${accuracyTable(found)}<p><a href="/survey">Back to the survey</a></p>`,
  });
}

const accuracyTable = (found: readonly AccuracySoFar[]): Html =>
  table(
    "Right answers",
    ["of", "right", "answers", "share"],
    found
      .filter(({ count }) => count > 0)
      .map(({ origin, right, count }) => [
        { human: "human stories", machine: "machine stories", pair: "pairs" }[origin],
        right,
        count,
        `${((100 * right) / count).toFixed(1)} %`,
      ]),
  );

async function personalLinks(
  request: FastifyRequest,
  reply: FastifyReply,
  { study: open, effects }: Workplace,
): Promise<FastifyReply> {
  const study = await open();
  const asked = field(request, "count", "body");
  const count = /^\d{1,5}$/.test(asked) ? Math.min(10_000, Number(asked)) : 0;
  const running = await runningSurvey(study);
  const address = publicAddress(study, running?.url);
  const paths =
    (await withSurvey(study, effects, (access) => access.invitations(count), { make: true })) ?? [];
  const rows = paths.map((path) => ({ link: address + path }));
  return reply
    .type("text/csv; charset=utf-8")
    .header("content-disposition", 'attachment; filename="links.csv"')
    .send(csv(["link"], rows));
}

async function comments(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const found =
    (await withSurvey(await workplace.study(), workplace.effects, (access) => access.comments())) ?? [];
  const body = html`<p><a href="/survey">Back to the survey</a></p>
${
  found.length === 0
    ? html`<p>Nobody has written anything yet.</p>`
    : table(
        "What participants wrote, the newest first",
        ["participant", "time", "about", "text"],
        found.map(({ participant, at, title, text }) => [
          html`<a href="/survey/person/${participant}">${participant.slice(0, 8)}</a>`,
          time(at),
          title,
          text,
        ]),
      )
}`;
  return workplace.show(request, reply, { heading: "Comments", body });
}

async function person(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const { id } = request.params as { id: string };
  const found = await withSurvey(await workplace.study(), workplace.effects, (access) => access.person(id));
  if (!found) return notFound(reply);
  return workplace.show(request, reply, {
    heading: `Participant ${id.slice(0, 8)}`,
    body: html`<p><a href="/survey">Back to the survey</a></p>${pathOf(found)}`,
  });
}

/** One participant's way through the survey. Whether an answer was right is not shown. */
function pathOf({ id, form, started, completed, withdrawn, questions, answers }: Person): Html {
  const state = withdrawn ? "withdrawn" : completed ? `completed at ${time(completed)}` : "not finished";
  return html`<p>${id}, ${form}; started ${time(started)} UTC, ${state}; ${answers.length} of ${questions} answers.</p>
${table(
  "Answers in the order shown",
  ["", "task", "story", "answer", "time on the page"],
  answers.map(({ task, titles, response, ms }, at) => [
    at + 1,
    task,
    titles.join(" / "),
    Object.entries(response)
      .map(([name, value]) => (name === "answer" ? String(value) : `${name}: ${String(value)}`))
      .join("; "),
    ms === null ? "" : duration(ms),
  ]),
)}`;
}
