import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { wholeNumber } from "../workbench/options.ts";
import { type AnyStage, command } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { tokenFrom } from "./token.ts";
import { interruption } from "./workers.ts";
import type { Workplace } from "./workplace.ts";
import { buildWorkplace, isLoopback } from "./workplace-server.ts";

/** `tinylove open`: the researcher's pages in a browser, until interrupted. */
export const open = (stages: readonly AnyStage[], summaries: Workplace["summaries"]) =>
  command({
    name: "open",
    examples: ["tinylove open my-study", "tinylove open", "tinylove open my-study --survey --no-browser"],
    parameters: [
      ["[folder]", "the study's folder, or a new one (default: --study, else the current folder)"],
    ],
    flags: [
      [
        "--port <number>",
        "0 takes any free port (default: workplace.port of study.yaml, or the next free one)",
      ],
      ["--host <address>", "0.0.0.0 accepts other machines (default: 127.0.0.1)"],
      ["--survey", "also open the survey for participants"],
      ["--no-browser", "only print the address"],
    ],
    options: z.object({
      folder: z.string().optional(),
      port: wholeNumber(0, 65535).optional(),
      host: z.string().default("127.0.0.1"),
      survey: z.boolean().default(false),
      browser: z.boolean().default(true),
    }),
    async run(at, { folder = at, port, host, survey, browser }, effects) {
      const opened = await openWorkplace({ folder, port, host, stages, summaries }, effects);
      if (!isLoopback(host))
        effects.warn(
          "the token crosses the network unencrypted: put an https proxy in front, or use `ssh -L 4300:127.0.0.1:4300 HOST` and leave --host out",
        );
      if (survey) opened.workplace.survey.start(["serve"], opened.workplace.folder);
      effects.log("your study is open in a browser on this machine; stop it with Ctrl-C");
      effects.log(`token: ${opened.token}`);
      // The part after # never leaves the browser.
      const address = `${opened.url}/login#${opened.token}`;
      effects.print(address);
      if (browser) openBrowser(address, effects);
      await interruption(effects.signal);
      await opened.close();
    },
  });

export interface OpenedWorkplace {
  readonly url: string;
  readonly token: string;
  readonly workplace: Workplace;
  /** Stops what runs, and the server. */
  close(): Promise<void>;
}

/** Starts the researcher's pages. Without `port` the study's own is taken, or the next free one. */
export async function openWorkplace(
  {
    folder,
    port,
    host = "127.0.0.1",
    stages,
    summaries,
    program,
  }: {
    readonly folder: string;
    readonly port?: number | undefined;
    readonly host?: string;
    readonly stages: readonly AnyStage[];
    readonly summaries: Workplace["summaries"];
    readonly program?: string;
  },
  effects: Effects,
): Promise<OpenedWorkplace> {
  const token = tokenFrom(effects);
  const { server, workplace } = await buildWorkplace(
    { folder, stages, summaries, token, host, ...(program !== undefined && { program }) },
    effects,
  );
  // A study with an error in its settings still opens: its pages show the error.
  const own = (await openStudy(folder).catch(() => undefined))?.config.workplace.port ?? defaultPort;
  const tries =
    port === undefined && own !== 0 ? Array.from({ length: 20 }, (_, at) => own + at) : [port ?? 0];
  const listening = await listenOnFirst(server, tries, host);
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${listening}`,
    token,
    workplace,
    close: () => server.close(),
  };
}

const defaultPort = 4300;

async function listenOnFirst(
  server: Awaited<ReturnType<typeof buildWorkplace>>["server"],
  ports: readonly number[],
  host: string,
): Promise<number> {
  for (const port of ports) {
    try {
      await server.listen({ port, host });
      const address = server.server.address();
      return typeof address === "object" && address ? address.port : port;
    } catch (cause) {
      if (codeOf(cause) === "EADDRINUSE" && port !== ports.at(-1)) continue;
      await server.close();
      if (!codeOf(cause)?.startsWith("E")) throw cause;
      throw new StudyError(
        codeOf(cause) === "EADDRINUSE" ? `port ${port} is in use` : `cannot listen on ${host}, port ${port}`,
        { hint: "choose another with --port or --host; --port 0 takes any free port", cause },
      );
    }
  }
  throw new Error("no port");
}

/** Opens the address in the user's browser, if there is a terminal and a screen; otherwise the printed address is enough. */
function openBrowser(address: string, { env, terminal, spawn }: Effects): void {
  if (!terminal || env["CI"] || env["SSH_CONNECTION"]) return;
  const programs: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    darwin: ["open"],
    win32: ["cmd", "/c", "start", ""],
    linux: env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? ["xdg-open"] : [],
  };
  const [program, ...words] = programs[process.platform] ?? [];
  if (!program) return;
  const child = spawn(program, [...words, address], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
