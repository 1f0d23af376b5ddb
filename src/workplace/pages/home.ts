import type { FastifyReply, FastifyRequest } from "fastify";
import { alertBox } from "../../survey/page.ts";
import { type Html, html } from "../../text/html.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { nothingToDo, type State } from "../../workbench/manifest.ts";
import { preflightAll } from "../../workbench/preflight.ts";
import { duration } from "../../workbench/progress.ts";
import { isDue, type StageState, statesOf } from "../../workbench/states.ts";
import type { Study } from "../../workbench/study.ts";
import type { Job } from "../job.ts";
import { buttonForm, errorLine } from "../layout.ts";
import { events } from "../live.ts";
import { surveyIsOpen } from "../survey-link.ts";
import { field, type Workplace, type WorkplacePage } from "../workplace.ts";

/** The state of every stage, what comes next, and what runs now. */
export const homePage: WorkplacePage = {
  path: "/",
  title: "Home",
  async body(request, workplace) {
    const { next, job, stages } = await partsOf(request, workplace);
    return html`<div data-live="/events">
<section id="next" class="next">${next}</section>
<section id="job" aria-label="What runs now">${job}</section>
<section id="stages">${stages}</section>
</div>`;
  },
  actions: [
    { method: "POST", path: "/run", handle: run },
    {
      method: "POST",
      path: "/stop",
      handle: (_, reply, { work }) => {
        work.stop();
        return reply.redirect("/", 303);
      },
    },
  ],
  routes(server, workplace) {
    server.get("/events", async (request, reply) =>
      events(request, reply, {
        listen: (changed) => workplace.work.onChange(changed),
        // States are computed from the hashes of all files, so only when they can have changed.
        key: () => `${workplace.work.job?.state} ${workplace.work.job?.stage}`,
        often: async () => ({ job: jobPanel(request, workplace) }),
        seldom: () => partsOf(request, workplace),
      }),
    );
  },
};

async function run(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const command = field(request, "command", "body");
  // Only a stage's own name or `run`, so no form can give a command line.
  const known = command === "run" || workplace.stages.some(({ name }) => name === command);
  if (!known)
    throw new StudyError(`${command.slice(0, 40)}: no such stage`, { hint: "press one of the buttons" });
  if (workplace.work.start([command], workplace.folder)) return reply.redirect("/", 303);
  return workplace.show(request, reply, {
    heading: "Something runs already",
    body: html`${alertBox(`${workplace.work.job?.command} is still running. Wait until it ends, or stop it.`)}<p><a href="/">To its progress</a></p>`,
    status: 409,
  });
}

async function partsOf(request: FastifyRequest, workplace: Workplace): Promise<Record<string, Html>> {
  const job = jobPanel(request, workplace);
  try {
    const study = await workplace.study();
    const states = await statesOf(workplace.stages, study);
    const problem = await problemOf(workplace, study);
    const next = await nextStep(request, workplace, study, states, problem);
    return { next, job, stages: stageList(request, workplace, states) };
  } catch (thrown) {
    if (!(thrown instanceof StudyError)) throw thrown;
    const next = html`${alertBox(errorLine(thrown))}<p><a href="/settings/text">Open the settings as text</a></p>`;
    return { next, job, stages: html`` };
  }
}

/** The error with which a run would end before it does anything. */
async function problemOf({ stages }: Workplace, study: Study): Promise<StudyError | undefined> {
  try {
    await preflightAll(stages, study);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof StudyError) return thrown;
    throw thrown;
  }
}

async function nextStep(
  request: FastifyRequest,
  workplace: Workplace,
  study: Study,
  states: readonly StageState[],
  problem: StudyError | undefined,
): Promise<Html> {
  const seal = workplace.seal(request);
  const report = (await exists(study.path("report", "report.html")))
    ? html`<a class="button small" href="/report">Read the report</a>`
    : html``;
  if (problem)
    return html`<h2>Next: change a setting</h2>${alertBox(errorLine(problem))}<p class="row"><a class="button" href="/settings">Open the settings</a>${report}</p>`;
  if (workplace.work.running) return html`<h2>Running</h2><p>You may leave this page; the work goes on.</p>`;
  const due = states.filter(({ state }) => isDue(state));
  const first = due[0];
  if (first) {
    const frozen = await frozenBecause(first, study);
    if (frozen)
      return html`<h2>Next: decide about a change</h2>${alertBox(errorLine(frozen))}<p class="row">${report}</p>`;
    const interrupted = workplace.work.job?.state === "stopped";
    return html`<h2>Next: ${first.stage.name}</h2>
<p>${interrupted ? "It was stopped and continues where it was. " : ""}${summaryOf(workplace, first.stage.name)}${due.length > 1 && `, and ${due.length - 1} more ${due.length === 2 ? "stage" : "stages"}`}.</p>
<div class="row">${buttonForm(seal, "/run", interrupted ? "Continue" : due.length > 1 ? `Run ${due.length} stages` : `Run ${first.stage.name}`, { fields: { command: "run" } })}${report}</div>`;
  }
  const waiting = states.flatMap(({ state }) =>
    state.is === "waiting" && state.because !== nothingToDo ? [withoutCommand(state.because)] : [],
  );
  const open = await surveyIsOpen(study);
  if (waiting.length > 0)
    return html`<h2>Next: ${open ? "wait for answers" : "open the survey"}</h2>
<p>Everything that can run has run; what is left is waiting ${waiting.join("; ")}.${open && " The survey is open."}</p>
<p class="row"><a class="button" href="/survey">Go to the survey</a>${report}</p>`;
  return html`<h2>Everything is up to date</h2>
<p>The survey is ${open ? "open" : "closed"}. New answers, or a change of a setting, will show here.</p>
<p class="row">${report}<a class="button small" href="/survey">Go to the survey</a></p>`;
}

async function frozenBecause({ stage }: StageState, study: Study): Promise<StudyError | undefined> {
  try {
    await stage.assertNotFrozen?.(study);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof StudyError) return thrown;
    throw thrown;
  }
}

const summaryOf = ({ summaries }: Workplace, name: string): string => summaries[name]?.summary ?? name;

function stageList(request: FastifyRequest, workplace: Workplace, states: readonly StageState[]): Html {
  const seal = workplace.seal(request);
  const { work } = workplace;
  return html`<h2>Stages</h2>
<ol class="stages">${states.map(({ stage, state }) => {
    const running = work.running && work.job?.stage === stage.name;
    return html`<li class="${running ? "running" : state.is}">
<span class="chip">${running ? "running" : state.is}</span>
<div><b>${stage.name}</b> <span class="soft">${summaryOf(workplace, stage.name)}</span>
${!running && "because" in state && html`<p class="because">${reasonOf(state)}</p>`}</div>
${buttonForm(seal, "/run", state.is === "fresh" ? "Run again" : "Run", {
  fields: { command: stage.name },
  plain: true,
  disabled: work.running || state.is === "waiting",
})}
</li>`;
  })}</ol>`;
}

const reasonOf = (state: State): string =>
  state.is === "stale"
    ? `because ${state.because}`
    : state.is === "waiting"
      ? state.because === nothingToDo
        ? nothingToDo
        : `waiting ${withoutCommand(state.because)}`
      : "";

/** A reason without the command that a terminal would need. */
const withoutCommand = (reason: string): string => reason.replace(/; `tinylove [^`]*`.*$/, "");

function jobPanel(request: FastifyRequest, { work, seal }: Workplace): Html {
  const { job } = work;
  if (!job) return html``;
  return html`<div class="job ${job.state}">
<div class="line"><h2><span role="status">${job.command}: ${describe(job)}</span></h2>
${work.running && buttonForm(seal(request), "/stop", job.state === "stopping" ? "Stop at once" : "Stop", { plain: true })}</div>
${progressBar(job)}
<details${(work.running || job.state === "failed") && html` open`} id="log-box"><summary>Messages</summary>
<pre class="log" role="log" tabindex="0" aria-label="Messages">${job.lines.slice(-200).join("\n")}</pre></details>
</div>`;
}

function describe({ state, stage, started, ended }: Job): string {
  const at = stage && state === "running" ? ` (${stage})` : "";
  const took = ended === undefined ? "" : ` after ${duration(ended - started)}`;
  return {
    running: `running${at}`,
    stopping: "stopping at the next safe point; nothing is lost",
    done: `done${took}`,
    stopped: `stopped${took}; the same command continues where it was`,
    failed: `it could not finish${took}`,
  }[state];
}

function progressBar({ state, progress }: Job): Html {
  if (state !== "running" && state !== "stopping") return html``;
  if (!progress) return html`<progress class="bar" aria-label="In progress"></progress>`;
  const { label, done, total, left, note } = progress;
  const time = left === undefined ? "" : `, ${duration(left)} left`;
  return html`<progress class="bar" value="${done}" max="${Math.max(1, total)}" aria-label="${label}"></progress>
<p class="soft figures">${label}: ${done} of ${total}${time}${note && ` · ${note}`}</p>`;
}
