import { networkInterfaces } from "node:os";
import { storeFile } from "../registration/assert-not-frozen.ts";
import { ControlFile, controlFile } from "../survey/running-survey.ts";
import { openDatabase } from "../survey/store/database.ts";
import { exportLooks } from "../survey/store/export-answers.ts";
import { Store } from "../survey/store/store.ts";
import { storeKind } from "../survey/store/store-record.ts";
import { readStudyMaterials } from "../survey/study-materials.ts";
import { monitorOf, type SurveyAccess, type SurveyStatus } from "../survey/survey-monitor.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { makeCoderLink } from "./coder-session.ts";

/** The running survey of a study; undefined if none runs. */
export interface RunningLink {
  readonly access: SurveyAccess;
  /** Its address on this machine. */
  readonly url: string;
}

const patience = 5000;

/** The survey that runs for a study, in whatever process; undefined if none does. A killed server leaves its file, so it is asked. */
export async function runningSurvey(study: Study): Promise<RunningLink | undefined> {
  const control = await readJson(study.path(controlFile), ControlFile).catch(() => undefined);
  if (!control) return undefined;
  const access = accessOver(control);
  const alive = await access.alive();
  return alive ? { access, url: control.url } : undefined;
}

export const surveyIsOpen = async (study: Study): Promise<boolean> =>
  (await runningSurvey(study)) !== undefined;

/**
 * Uses a study's survey: the running server if there is one, else its store, which is open meanwhile. Returns undefined if
 * there is no store yet; `make` makes one.
 */
export async function withSurvey<Result>(
  study: Study,
  effects: Effects,
  act: (access: SurveyAccess) => Promise<Result>,
  { make = false }: { readonly make?: boolean } = {},
): Promise<Result | undefined> {
  const running = await runningSurvey(study);
  if (running) return act(running.access);
  const embedded = (await storeKind(study, effects.env)) === "embedded";
  if (embedded && !make && !(await exists(study.path(storeFile)))) return undefined;
  const materials = await readStudyMaterials(study).catch(() => undefined);
  const store = new Store(await openDatabase(study, effects.env));
  try {
    return await act(
      monitorOf({
        study,
        store,
        forms: [...(materials?.forms.keys() ?? [])],
        stimuli: materials?.stimuli ?? new Map(),
        effects,
        onLook: () => exportLooks(study, store),
        makeCoderLink: (signingKey, asked) => makeCoderLink(study, signingKey, asked),
      }),
    );
  } finally {
    await store.close();
  }
}

/** A survey in another process, over its control routes. */
function accessOver({ url, token }: ControlFile): SurveyAccess & { alive(): Promise<boolean> } {
  const post = (verb: string, fields: Readonly<Record<string, string>>, timeout: number) =>
    fetch(`${url}/control/${verb}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: String(new URLSearchParams(fields)),
      signal: AbortSignal.timeout(timeout),
    });
  const call = async <Reply>(verb: string, fields: Readonly<Record<string, string>> = {}): Promise<Reply> => {
    const response = await post(verb, fields, 60_000).catch((cause: unknown) => {
      throw new StudyError(`the survey at ${url} does not answer`, {
        hint: "try again, or open it again",
        cause,
      });
    });
    if (response.ok) return (await response.json()) as Reply;
    const { message, hint } = (await response.json().catch(() => ({}))) as {
      message?: string;
      hint?: string;
    };
    throw new StudyError(message ?? `the survey at ${url} refused (${response.status})`, {
      hint: hint ?? "close the survey and open it again",
    });
  };
  return {
    alive: () =>
      post("status", {}, patience).then(
        ({ ok }) => ok,
        () => false,
      ),
    status: () => call<SurveyStatus>("status"),
    comments: () => call("comments"),
    person: async (id) => {
      const response = await post("person", { id }, 60_000);
      return response.status === 404 ? undefined : ((await response.json()) as never);
    },
    setPaused: async (paused) => void (await call("pause", { paused: paused ? "yes" : "no" })),
    look: () => call("look"),
    invitations: (count) => call("invitations", { count: String(count) }),
    coderLink: (asked) => call("coder", asked),
  };
}

/**
 * The address that participants open: `survey.address`, else that of the server. A server that listens on every address is
 * reached from elsewhere under the machine's own one.
 */
export function publicAddress({ config: { survey } }: Study, url: string | undefined): string {
  if (survey.address !== undefined) return survey.address.replace(/\/$/, "");
  if (url === undefined) return `http://${survey.host}:${survey.port}${survey.path}`;
  if (survey.host !== "0.0.0.0" && survey.host !== "::") return url;
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  return own ? url.replace("//localhost", `//${own.address}`) : url;
}
