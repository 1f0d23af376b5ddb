import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Connection, Reply } from "./connection.ts";
import { ended } from "./processes.ts";
import type { Survey } from "./survey.ts";

/** A running Potato project and where it stores answers. */
export interface Potato {
  readonly survey: Survey;
  /** Stops the server, and returns the ids of the answers that are on its disk then. */
  finish(): Promise<ReadonlySet<string>>;
}

/**
 * Starts a Potato project as its quick start says (`potato start config.yaml -p PORT`), with the questions of our
 * survey: human or machine, how sure, and why, one story per page. `command` is the `potato` command, or the Python of
 * an environment that has `potato-annotation`. Nobody has a password, as for its crowdsourcing pages, so that no time
 * is spent on hashing one.
 *
 * Its own server closes the connection after each reply. It writes a participant's whole file again, and syncs it, before
 * it acknowledges an answer.
 */
export async function startPotato(command: string, questions: number): Promise<Potato> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-potato-"));
  await writeProject(folder, questions);
  const port = await freePort();
  const log = join(folder, "server.log");
  const output = await open(log, "w");
  const program = /^python[\d.]*$/.test(basename(command)) ? ["-m", "potato"] : [];
  // It accepts no project outside the folder in which it is started.
  const server = spawn(
    command.includes("/") ? resolve(command) : command,
    [...program, "start", "config.yaml", "-p", `${port}`, "--host", "127.0.0.1"],
    { cwd: folder, stdio: ["ignore", output.fd, output.fd] },
  );
  try {
    await answering(server, port, log);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  } finally {
    await output.close();
  }
  return {
    survey: potato(port, server.pid!, questions),
    async finish() {
      await ended(server);
      const stored = await storedReasons(join(folder, "annotation_output"));
      await rm(folder, { recursive: true });
      return stored;
    },
  };
}

/** Potato, with the requests of its pages' script. An answer's id is its reason. */
function potato(port: number, pid: number, questions: number): Survey {
  return {
    name: "Potato",
    port,
    questions,
    processes: () => [pid],
    async begin(connection) {
      const own = crypto.randomUUID();
      const login = await connection.post("/auth", `email=${own}`);
      if (login.status !== 302) throw new Error(`Potato lets nobody in: ${login.status}`);
      const answer = async (position: number) => {
        const reason = `${own}-${position}`;
        const reply = await postJson(connection, "/updateinstance", {
          instance_id: `${position}`,
          annotations: { "answer:human": "human", "confidence:3": "3", "reason:text_box": reason },
          cleared_schemas: [],
          span_annotations: [],
          client_timestamp: new Date().toISOString(),
          response_time_seconds: 0.812,
        });
        // A refusal may be a 200 with the word in its body, which its pages check too.
        return reply.status === 200 && reply.body.includes('"status":"success"') ? reason : undefined;
      };
      return {
        // "Next" moves the participant on the server, which then shows where they are.
        async page(position) {
          if (position > 1)
            await postJson(connection, "/annotate", {
              action: "next_instance",
              instance_id: `${position - 1}`,
            });
          return connection.get("/annotate");
        },
        answer,
        answerAlone: answer,
      };
    },
  };
}

const postJson = (connection: Connection, path: string, body: object): Promise<Reply> =>
  connection.post(path, JSON.stringify(body), "application/json");

/** The quick start's project, in JSON, which is also YAML. */
async function writeProject(folder: string, questions: number): Promise<void> {
  const config = {
    annotation_task_name: "Who wrote it?",
    task_dir: ".",
    data_files: ["data/stories.json"],
    item_properties: { id_key: "id", text_key: "text" },
    output_annotation_dir: "annotation_output/",
    user_config: { allow_all_users: true, users: [] },
    require_password: false,
    annotation_schemes: [
      {
        annotation_type: "radio",
        name: "answer",
        description: "Who wrote it?",
        labels: ["human", "machine"],
      },
      {
        annotation_type: "likert",
        name: "confidence",
        description: "How sure are you?",
        size: 5,
        min_label: "I guessed",
        max_label: "Certain",
      },
      { annotation_type: "text", name: "reason", description: "Why?" },
    ],
    site_dir: "default",
  };
  const text =
    "She had kept the ticket in her glove since March, and every winter it came back to her. ".repeat(6);
  const stories = Array.from({ length: questions }, (_, index) => ({ id: `${index + 1}`, text }));
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "data", "stories.json"), JSON.stringify(stories));
  await writeFile(join(folder, "config.yaml"), JSON.stringify(config));
}

/** Waits until it answers; a minute at most, and only while it runs. */
async function answering(server: ChildProcess, port: number, log: string): Promise<void> {
  let failure: Error | undefined;
  server.on("error", (error) => {
    failure = error;
  });
  for (let waited = 0; waited < 60_000; waited += 100) {
    await wait(100);
    if (failure || server.exitCode !== null) break;
    if (
      await fetch(`http://127.0.0.1:${port}/`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
  }
  server.kill();
  const last = (await readFile(log, "utf8")).trim().split("\n").at(-1);
  throw new Error(`Potato did not start: ${failure?.message ?? last}`);
}

/** The reasons of answered stories in the files of all participants. */
async function storedReasons(output: string): Promise<ReadonlySet<string>> {
  const names = await readdir(output, { recursive: true });
  const files = names.filter((name) => basename(name) === "user_state.json");
  const reasons = await Promise.all(
    files.map(async (file) => {
      const state: State = JSON.parse(await readFile(join(output, file), "utf8"));
      return Object.values(state.instance_id_to_label_to_value).flatMap((labels) => {
        const values = new Map(labels.map(([{ schema }, value]) => [schema, value]));
        return values.get("answer") === "human" ? [values.get("reason") ?? ""] : [];
      });
    }),
  );
  return new Set(reasons.flat());
}

/** The part of a participant's file that is read: for each story, the answer to each question. */
interface State {
  readonly instance_id_to_label_to_value: Readonly<
    Record<string, readonly (readonly [label: { readonly schema: string }, value: string])[]>
  >;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
