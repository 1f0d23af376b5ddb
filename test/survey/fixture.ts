import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { z } from "zod";
import { randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Form } from "../../src/study/form.ts";
import type { Stimulus } from "../../src/study/stimulus.ts";
import type { SurveyStatus } from "../../src/survey/survey-monitor.ts";
import { csv } from "../../src/tables/tables.ts";
import { type Effects, worldEffects } from "../../src/workbench/effects.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { startSurvey } from "../../src/workplace/serve.ts";

/** A study folder with forms and texts, as written by `compose`, which is deleted after the tests. */
export interface Fixture {
  readonly study: Study;
  readonly stimuli: readonly Stimulus[];
  readonly origins: ReadonlyMap<string, "human" | "machine">;
  remove(): Promise<void>;
}

interface Shape {
  readonly forms?: number;
  readonly stories?: number;
  /** Further questions of every form. */
  readonly tasks?: readonly { task: string; stimuli: number }[];
  readonly survey?: z.input<typeof StudyConfig>["survey"];
  readonly titles?: readonly string[];
  readonly name?: string;
}

/** Makes a study with `forms` forms of `stories` different stories each, half of them human. */
export async function fixture({
  forms = 2,
  stories = 4,
  tasks = [],
  survey = {},
  titles,
  name = `fixture-${randomBytes(4).toString("hex")}`,
}: Shape = {}): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-serve-"));
  const settings = { name, survey };
  const study = studyOf(folder, StudyConfig.parse(settings));
  const random = randomFrom("fixture", forms, stories);
  const stimuli: Stimulus[] = [];
  const origins = new Map<string, "human" | "machine">();
  for (let number = 0; number < forms; number++) {
    const own: Stimulus[] = [];
    for (let at = 0; at < stories; at++) {
      const stimulus = storyOf(id(random), titles?.[at] ?? "", random);
      own.push(stimulus);
      origins.set(stimulus.id, at % 2 === 0 ? "human" : "machine");
    }
    stimuli.push(...own);
    const form: Form = {
      id: id(random),
      questions: [
        ...own.map((stimulus) => ({ id: id(random), task: "human-or-machine", stimuli: [stimulus.id] })),
        ...tasks.map(({ task, stimuli: shown }, at) => ({
          id: id(random),
          task,
          stimuli: Array.from({ length: shown }, (_, offset) => own[(2 * at + offset) % own.length]!.id),
        })),
      ],
    };
    await writeWhole(join(folder, "forms", `${form.id}.json`), JSON.stringify(form));
  }
  await writeWhole(join(folder, "study.yaml"), stringify(settings));
  await writeWhole(join(folder, "stimuli/stimuli.jsonl"), jsonLines(stimuli));
  const keys = [...origins].map(([stimulus, origin]) => ({
    stimulus,
    origin,
    story: `story-${stimulus}`,
    generation: origin === "machine" ? `generation-${stimulus}` : "",
    model: origin === "machine" ? "a-model" : "",
    example: "",
  }));
  await writeWhole(
    join(folder, "stimuli/key.csv"),
    csv(["stimulus", "origin", "story", "generation", "model", "example"], keys),
  );
  return { study, stimuli, origins, remove: () => rm(folder, { recursive: true, force: true }) };
}

const letters = [..."abcdefghijklmnopqrstuvwxyz234567"];

const id = (random: ReturnType<typeof randomFrom>) =>
  Array.from({ length: 26 }, () => random.pick(letters)).join("");

const sentences = [
  "She had kept the ticket in her glove since March, and every winter it came back to her.",
  "He said nothing about the train, only that the tea was getting cold, and moved his chair.",
  "When the letter came it was in her own hand, thirty years younger and far more certain.",
  "We danced in the kitchen until the neighbours knocked, and then they danced too.",
  "The dog chose us both on the same morning, which settled what we had been too shy to ask.",
  "On the last day he planted the bulbs upside down, so that she would laugh at him in spring.",
  "There were two umbrellas in the stand and always one of them was wet.",
];

function storyOf(name: string, title: string, random: ReturnType<typeof randomFrom>): Stimulus {
  const [one, ...rest] = random.shuffle(sentences);
  const text = `${rest.slice(0, 3).join(" ")}\n${rest.slice(3).join(" ")} …`;
  return {
    id: name,
    title: title || one!.split(" ").slice(0, 4).join(" ").replace(/,$/, ""),
    text,
    words: text.split(/\s+/).length - 1,
    cut: 4,
  };
}

/** Real effects with recorded messages. */
export function quietEffects(changes: Partial<Effects> = {}): Effects & { readonly logged: string[] } {
  const logged: string[] = [];
  const say = (message: string) => void logged.push(message);
  return {
    ...worldEffects(new AbortController().signal),
    env: {},
    log: say,
    warn: say,
    print: say,
    progress: () => ({ to() {}, step() {}, end() {} }),
    ...changes,
    logged,
  };
}

/** Serves a fixture on a free port of loopback. */
export const served = (study: Study, effects: Effects = quietEffects()) =>
  startSurvey(study, { port: 0, host: "127.0.0.1" }, effects);

/** A request of another command on this machine to the running survey, with its token. */
export const control = ({ url, token }: { url: string; token: string }, verb: string, fields = {}) =>
  fetch(`${url}/control/${verb}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(fields),
  });

/** What the researcher sees of the progress of a running survey. */
export const progressOf = async (survey: { url: string; token: string }) =>
  ((await (await control(survey, "status")).json()) as SurveyStatus).progress;

/** A participant without a browser: keeps the cookie and follows forms like a browser without JavaScript. */
export class TestClient {
  url: string;
  cookie = "";
  constructor(url: string) {
    this.url = url;
  }

  async get(path: string): Promise<{ status: number; location: string; text: string; headers: Headers }> {
    return this.#ask(path, {});
  }

  async post(path: string, fields: Record<string, string> | string, headers: Record<string, string> = {}) {
    return this.#ask(path, {
      method: "POST",
      body: typeof fields === "string" ? fields : String(new URLSearchParams(fields)),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });
  }

  /** Consents, and opens the first question. */
  async begin(): Promise<void> {
    const { text } = await this.get("/");
    await this.post("/consent", hiddenFields(text));
  }

  /** Answers every remaining question. */
  async finish(answer = "human"): Promise<string> {
    for (let position = 1; ; position++) {
      const { status, location, text } = await this.get(`/q/${position}`);
      if (status === 303 && location === "/thanks") return (await this.get("/thanks")).text;
      if (status >= 400) throw new Error(`question ${position}: ${status}`);
      if (status !== 200) continue;
      const reply = await this.post(`/q/${position}`, { ...hiddenFields(text), answer });
      if (reply.location === "/thanks") return (await this.get("/thanks")).text;
    }
  }

  async #ask(path: string, init: RequestInit) {
    const response = await fetch(this.url + path, {
      ...init,
      redirect: "manual",
      headers: { ...(init.headers as Record<string, string>), ...(this.cookie && { cookie: this.cookie }) },
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = cookie.split(";")[0]!;
    return {
      status: response.status,
      location: response.headers.get("location") ?? "",
      text: await response.text(),
      headers: response.headers,
    };
  }
}

/** The hidden fields of a page's form. */
export const hiddenFields = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  );
