import cluster from "node:cluster";
import { readdir, rm, stat } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { z } from "zod";
import { deviationsOf } from "../registration/registration.ts";
import type { Origin } from "../stats/judgments.ts";
import { type ControlFile, controlFile } from "../survey/running-survey.ts";
import { openDatabase } from "../survey/store/database.ts";
import { assertNothingWouldBeLost, Exporter } from "../survey/store/export-answers.ts";
import { Store } from "../survey/store/store.ts";
import { assertStoreIsMeant, storeKind } from "../survey/store/store-record.ts";
import { readStudyMaterials, type StudyMaterials } from "../survey/study-materials.ts";
import { surveyLengthOf, wrongCutClaims, wrongLengthClaims } from "../survey/survey-length.ts";
import { VisitCounter } from "../survey/visit-counter.ts";
import { readKey } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { writeWhole } from "../workbench/files.ts";
import { wholeNumber } from "../workbench/options.ts";
import { quoted } from "../workbench/quoted.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { buildApp, pageContextOf } from "./app.ts";
import { rehearsalOf } from "./rehearsal-routes.ts";
import { tokenFrom } from "./token.ts";
import { interruption, superviseWorkers, supervisorEnded } from "./workers.ts";

/** `tinylove serve`: runs the survey until it is interrupted. */
export const serve = command({
  name: "serve",
  examples: [
    "tinylove serve --study my-study",
    "tinylove serve --port 8080 --host 0.0.0.0",
    "TINYLOVE_DATABASE=postgres://localhost/survey tinylove serve --workers 4",
  ],
  flags: [
    ["--port <number>", "0 takes any free port (default: survey.port of study.yaml)"],
    ["--host <address>", "0.0.0.0 accepts other machines (default: survey.host of study.yaml)"],
    ["--workers <number>", "number of processes; more than one needs PostgreSQL (default: 1)"],
  ],
  options: z.object({
    port: wholeNumber(0, 65535).optional(),
    host: z.string().optional(),
    workers: wholeNumber(1, 64).default(1),
  }),
  async run(folder, { port, host, workers }, effects) {
    const study = await openStudy(folder);
    const { survey } = study.config;
    if (cluster.isPrimary && !survey.proxy && !isLoopback(host ?? survey.host)) {
      effects.warn("answers cross the network unencrypted: put an https proxy in front and set survey.proxy");
    }
    if (cluster.isPrimary) {
      for (const missing of ["contact", "ethics"] as const)
        if (survey[missing] === "") effects.warn(`survey.${missing} is empty: ${whyAsked[missing]}`);
      for (const deviation of await deviationsOf(study)) {
        effects.warn(
          `${deviation}: the report will say so; undo the change before people read, or make a new study for it`,
        );
      }
    }
    if (workers > 1 && cluster.isPrimary) {
      const token = tokenFrom(effects);
      const opened = (port: number, address = "localhost") =>
        announce({ url: addressOf(port, address) + survey.path }, folder, effects);
      await superviseWorkers(workers, { token, opened }, effects);
      return;
    }
    limitHeapGrowth();
    const running = await startSurvey(
      study,
      { port: port ?? survey.port, host: host ?? survey.host },
      effects,
    );
    if (!cluster.isWorker) announce(running, folder, effects);
    await Promise.race([interruption(effects.signal), supervisorEnded()]);
    await running.close();
    // The connection to the supervisor would keep the process alive.
    if (cluster.worker?.isConnected()) cluster.worker.disconnect();
  },
});

const whyAsked = {
  contact: "participants cannot ask you anything; give an address that they can write to",
  ethics: "name the ethics approval and its number, or say in survey.ethics that none was needed",
};

/**
 * Makes V8 collect garbage when the heap has grown by 40 %; under load it would otherwise let it grow to several times the
 * live size. This is no limit: a study that needs more memory gets it.
 */
function limitHeapGrowth(): void {
  setFlagsFromString("--heap-growing-percent=40");
}

function announce(
  { url, rehearsal }: Pick<RunningSurvey, "url"> & Partial<Pick<RunningSurvey, "rehearsal">>,
  folder: string,
  effects: Effects,
): void {
  effects.log("the survey is open; every answer is on disk before it is acknowledged; stop it with Ctrl-C");
  effects.log(
    `watch it in a browser on this machine: \`tinylove open${folder === "." ? "" : ` ${quoted(folder)}`}\``,
  );
  if (rehearsal) effects.log(`try the survey yourself (nothing is stored): ${rehearsal}`);
  effects.print(url);
}

export interface RunningSurvey {
  /** The address for participants. */
  readonly url: string;
  /** The token of other commands on this machine: TINYLOVE_TOKEN of the environment, or a new one at each start. */
  readonly token: string;
  /** The address of a rehearsal: a form as participants see it; nothing is stored. */
  readonly rehearsal: string;
  /** Finishes open requests, exports the judgments and closes the store. */
  close(): Promise<void>;
}

/** Opens the store and starts the survey. Throws StudyError if forms are missing, the store is in use or the port is taken. */
export async function startSurvey(
  study: Study,
  { port, host }: { port: number; host: string },
  effects: Effects,
): Promise<RunningSurvey> {
  const materials = await readStudyMaterials(study);
  await assertStoreIsMeant(study, effects.env);
  const pageContext = pageContextOf(study, materials);
  const base = study.config.survey.path;
  if (!cluster.isWorker) warnAboutSettings(study, materials, effects);
  const { feedback, reveal } = study.config.survey;
  const revealsInBetween = [...materials.forms.values()].some(({ conditions }) =>
    conditions?.some((condition) => condition.feedback),
  );
  const origins = feedback || reveal || revealsInBetween ? await originsOf(study) : undefined;
  const token = tokenFrom(effects);
  const store = new Store(await openDatabase(study, effects.env));
  try {
    await assertMaterialsUnchanged(store, materials);
    await assertNothingWouldBeLost(study, store);
    await removePartialFiles(study, (await storeKind(study, effects.env)) === "embedded");
    const exporter = new Exporter(study, store, effects.warn);
    const visits = new VisitCounter((count) => store.metadata.addVisits(count), effects.warn);
    const signingKey = await store.signingKey();
    await store.eraseDeleted();
    const server = await buildApp({
      study,
      materials,
      store,
      pageContext,
      base,
      effects,
      signingKey,
      origins,
      token,
      backup: () => store.backup(study.folder),
      onVisit: () => visits.count(),
      onAnswer: () => exporter.schedule(),
      onWithdrawal: () => exporter.exportNow(),
      onLook: () => exporter.exportLooks(),
    });
    // After a killed server the exported tables may lack answers.
    if ((await store.participants()) > 0) await exporter.exportNow();
    await listen(server, port, host);
    const url = addressOf(portOf(server.server.address()), host);
    await writeWhole(
      study.path(controlFile),
      JSON.stringify({ url: url + base, token } satisfies ControlFile),
      0o600,
    );
    const [form] = materials.forms.values();
    return {
      url: url + base,
      token,
      rehearsal: url + base + rehearsalOf(form!, { signingKey, study }).address,
      async close() {
        await rm(study.path(controlFile), { force: true });
        await server.close();
        await visits.flush();
        await exporter.end();
        await store.close();
      },
    };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

/**
 * A server that was killed during a backup or an export leaves a partial file with answers; this removes it. Other servers
 * on the same database may be exporting (`alone` is false): then only files older than an hour are removed.
 */
async function removePartialFiles(study: Study, alone: boolean): Promise<void> {
  const inFolder = async (folder: string, pattern: RegExp) =>
    (await readdir(folder).catch(() => []))
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name));
  const partial = await inFolder(study.folder, /^survey-[a-z2-7]{26}\.partial/);
  const exports = await inFolder(study.path("judgments"), /^\w+\.csv\.[0-9a-f]{8}\.partial$/);
  const age = async (path: string) => Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0);
  for (const path of exports) if (alone || (await age(path)) > 3600_000) partial.push(path);
  await Promise.all(partial.map((path) => rm(path, { force: true })));
}

/** Warns about settings that would mislead participants or leave them without a completion code. */
function warnAboutSettings(
  { config }: Study,
  { forms, stimuli, cut }: StudyMaterials,
  effects: Effects,
): void {
  const { consent, instructions, debrief, recruiting, quota } = config.survey;
  const length = surveyLengthOf(forms.values(), stimuli);
  for (const line of [
    ...wrongLengthClaims(consent, "survey.consent", length),
    ...wrongLengthClaims(instructions, "survey.instructions", length),
    ...wrongLengthClaims(debrief, "survey.debrief", length),
    ...wrongCutClaims({ consent, instructions, debrief }, cut),
  ])
    effects.warn(line);
  if (recruiting && quota !== undefined && !recruiting.codes.full && !recruiting.codes.noConsent) {
    effects.warn(
      "people who come after the last place is taken get no code: set survey.recruiting.codes.full",
    );
  }
}

/** Throws StudyError if forms or texts have changed since participants began: their answers belong to the forms they saw. */
async function assertMaterialsUnchanged(store: Store, materials: StudyMaterials): Promise<void> {
  const served = await store.metadata.getOrCreate("material", () => materials.hash);
  if (served === materials.hash) return;
  if ((await store.participants()) > 0) {
    throw new StudyError("the forms or their texts changed after participants had begun", {
      hint: "restore the old stimuli/ and forms/, or move survey.sqlite away to start again",
    });
  }
  await store.metadata.set("material", materials.hash);
}

const originsOf = async (study: Study): Promise<Map<string, Origin>> =>
  new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));

async function listen(
  server: Awaited<ReturnType<typeof buildApp>>,
  port: number,
  host: string,
): Promise<void> {
  try {
    await server.listen({ port, host });
  } catch (cause) {
    await server.close();
    const reasons: Record<string, string> = {
      EADDRINUSE: `port ${port} is in use`,
      EACCES: `you may not open port ${port}`,
      EADDRNOTAVAIL: `this machine has no address ${host}`,
      ENOTFOUND: `this machine has no address ${host}`,
    };
    const message = reasons[codeOf(cause) ?? ""];
    if (!message) throw cause;
    throw new StudyError(message, {
      hint: "choose another with --port or --host; --port 0 takes any free port",
      cause,
    });
  }
}

const isLoopback = (host: string): boolean => /^(localhost|127\.|::1$)/.test(host);

function addressOf(port: number, host: string): string {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

const portOf = (address: ReturnType<Server["address"]>): number =>
  address !== null && typeof address === "object" ? address.port : 0;
