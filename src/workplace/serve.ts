import cluster from "node:cluster";
import { readdir, rm, stat } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { z } from "zod";
import { deviationsOf } from "../registration/registration.ts";
import { randomId } from "../survey/ids.ts";
import { type ControlFile, controlFile } from "../survey/running-survey.ts";
import { openDatabase } from "../survey/store/database.ts";
import { assertNothingWouldBeLost, Exporter } from "../survey/store/export-answers.ts";
import { Store } from "../survey/store/store.ts";
import { assertStoreIsMeant, storeKind } from "../survey/store/store-record.ts";
import { readStudyMaterials, type StudyMaterials } from "../survey/study-materials.ts";
import { surveyLengthOf, wrongLengthClaims } from "../survey/survey-length.ts";
import { VisitCounter } from "../survey/visit-counter.ts";
import { readKey } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { writeWhole } from "../workbench/files.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { buildApp, dashboardScript, pageContextOf } from "./app.ts";
import { rehearsalOf } from "./rehearsal-routes.ts";
import { interruption, superviseWorkers, supervisorGone } from "./workers.ts";

/** `tinylove serve`: the survey, until it is interrupted. */
export const serve = command({
  name: "serve",
  summary: "Serve the survey to participants until interrupted",
  examples: [
    "tinylove serve --study my-study",
    "tinylove serve --port 8080 --host 0.0.0.0",
    "TINYLOVE_DATABASE=postgres://localhost/survey tinylove serve --workers 4",
  ],
  flags: [
    ["--port <number>", "0 takes any free one (default: survey.port of study.yaml)"],
    ["--host <address>", "0.0.0.0 lets other machines in (default: survey.host of study.yaml)"],
    ["--workers <number>", "processes that share the work, on PostgreSQL (default: 1)"],
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
      effects.warn(
        "answers and the dashboard's token go through the network for anybody to read: put a proxy that speaks https in front, and set survey.proxy",
      );
    }
    if (cluster.isPrimary) {
      for (const deviation of await deviationsOf(study)) {
        effects.warn(
          `${deviation}: the report will tell; undo the change before people read, or make a new study for it`,
        );
      }
    }
    if (workers > 1 && cluster.isPrimary) {
      const token = tokenFrom(effects);
      const opened = (port: number, address = "localhost") =>
        announce({ url: addressOf(port, address) + survey.path, token }, effects);
      await superviseWorkers(workers, { token, opened }, effects);
      return;
    }
    keepMemorySmall();
    const running = await startSurvey(
      study,
      { port: port ?? survey.port, host: host ?? survey.host },
      effects,
    );
    if (!cluster.isWorker) announce(running, effects);
    await Promise.race([interruption(effects.signal), supervisorGone()]);
    await running.close();
    // The line to the supervisor would keep the process alive.
    if (cluster.worker?.isConnected()) cluster.worker.disconnect();
  },
});

/**
 * Lets the heap grow by two fifths before garbage is collected, where V8 would let it grow to several times what is
 * alive while answers and exports come fast. No limit: a study that needs more gets it.
 */
function keepMemorySmall(): void {
  setFlagsFromString("--heap-growing-percent=40");
}

function announce(
  { url, token, rehearsal }: Pick<RunningSurvey, "url" | "token"> & Partial<Pick<RunningSurvey, "rehearsal">>,
  effects: Effects,
): void {
  effects.log("the survey is open; every answer is on disk before it is acknowledged; end it with Ctrl-C");
  effects.log(`the dashboard is at ${url}/study; its token is ${token}`);
  const forms = `${url}/study/forms`;
  effects.log(
    `to go through it yourself without being counted: ${rehearsal ? `${rehearsal} (every form: ${forms})` : forms}`,
  );
  effects.print(url);
}

/** The dashboard's token. Throws StudyError for one that can be guessed: logins are limited for each address alone. */
function tokenFrom({ env }: Effects): string {
  const token = env["TINYLOVE_TOKEN"]?.trim();
  if (!token) return randomId();
  if (token.length >= shortestToken) return token;
  throw new StudyError(`TINYLOVE_TOKEN has ${token.length} characters, which can be guessed`, {
    hint: `take ${shortestToken} random ones or more, or leave it out for a new one at each start`,
  });
}

const shortestToken = 16;

export interface RunningSurvey {
  /** Where participants begin. */
  readonly url: string;
  /** What opens the dashboard: TINYLOVE_TOKEN of the environment, or a new one at each start. */
  readonly token: string;
  /** A form as participants see it, where nothing is stored. */
  readonly rehearsal: string;
  /** Answers what is under way, exports the judgments, closes the store. */
  close(): Promise<void>;
}

/** Opens the store and serves the survey; throws StudyError when forms are missing, the store is in use or the port is taken. */
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
  const origins = study.config.survey.feedback ? await originsOf(study) : undefined;
  const token = tokenFrom(effects);
  const store = new Store(await openDatabase(study, effects.env));
  try {
    await assertMaterialsUnchanged(store, materials);
    await assertNothingWouldBeLost(study, store);
    await removePartialFiles(study, (await storeKind(study, effects.env)) === "embedded");
    const exporter = new Exporter(study, store, effects.warn);
    const openings = new VisitCounter((count) => store.metadata.addVisits(count), effects.warn);
    const sealKey = await store.sealKey();
    await store.eraseDeleted();
    const server = await buildApp({
      study,
      materials,
      store,
      pageContext,
      base,
      effects,
      sealKey,
      origins,
      token,
      dashboardScript,
      backup: () => store.backup(study.folder),
      onVisit: () => openings.count(),
      onAnswer: () => exporter.schedule(),
      onWithdrawal: () => exporter.exportNow(),
      onLook: () => exporter.exportLooks(),
    });
    // A killed server may have left the tables behind its answers.
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
      rehearsal: url + base + rehearsalOf(form!, { sealKey, study }).address,
      async close() {
        await rm(study.path(controlFile), { force: true });
        await server.close();
        await openings.flush();
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
 * A server that is killed while it copies its store for a backup, or while it exports, leaves a half copy with what people
 * wrote. Other servers on the same database may be exporting: then only what is an hour old is taken for left behind.
 */
async function removePartialFiles(study: Study, alone: boolean): Promise<void> {
  const inFolder = async (folder: string, pattern: RegExp) =>
    (await readdir(folder).catch(() => []))
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name));
  const copies = await inFolder(study.folder, /^survey-[a-z2-7]{26}\.partial/);
  const exports = await inFolder(study.path("judgments"), /^\w+\.csv\.[0-9a-f]{8}\.partial$/);
  const age = async (path: string) => Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0);
  for (const path of exports) if (alone || (await age(path)) > 3600_000) copies.push(path);
  await Promise.all(copies.map((path) => rm(path, { force: true })));
}

/** What of the settings would mislead participants, or leave them without a way back. */
function warnAboutSettings({ config }: Study, { forms, stimuli }: StudyMaterials, effects: Effects): void {
  const { consent, instructions, recruiting, quota } = config.survey;
  const length = surveyLengthOf(forms.values(), stimuli);
  for (const line of [
    ...wrongLengthClaims(consent, "survey.consent", length),
    ...wrongLengthClaims(instructions, "survey.instructions", length),
  ])
    effects.warn(line);
  if (recruiting && quota !== undefined && !recruiting.codes.full && !recruiting.codes.noConsent) {
    effects.warn("who comes after the last place is taken gets no code: set survey.recruiting.codes.full");
  }
}

/** Answers belong to the forms that were shown: other forms need another store. */
async function assertMaterialsUnchanged(store: Store, materials: StudyMaterials): Promise<void> {
  const served = await store.metadata.getOrCreate("material", () => materials.hash);
  if (served === materials.hash) return;
  if ((await store.participants()) > 0) {
    throw new StudyError("the forms or their texts changed after participants had begun", {
      hint: "bring the old stimuli/ and forms/ back, or move survey.sqlite away to begin anew",
    });
  }
  await store.metadata.set("material", materials.hash);
}

const originsOf = async (study: Study): Promise<Map<string, "human" | "machine">> =>
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
      EACCES: `port ${port} may not be opened`,
      EADDRNOTAVAIL: `this machine has no address ${host}`,
      ENOTFOUND: `this machine has no address ${host}`,
    };
    const message = reasons[codeOf(cause) ?? ""];
    if (!message) throw cause;
    throw new StudyError(message, {
      hint: "choose another with --port or --host; --port 0 takes a free one",
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
