import { join, relative, sep } from "node:path";
import { z } from "zod";
import { catalogue, catalogueFile, catalogueModel } from "../llm/catalogue.ts";
import { embeddedModelFile, type LlamaFile, memoryFree, memoryNeeded, readLlamaFile } from "../llm/llama.ts";
import { isServed } from "../study/settings/models.ts";
import { cacheFolder } from "../workbench/cache-folder.ts";
import { inColumns } from "../workbench/columns.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, filesUnder } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { wrapped } from "../workbench/wrapped.ts";
import { sizeOf } from "./bytes.ts";
import { notDownloaded } from "./models/llama.ts";
import { providerOf } from "./models.ts";

/** `tinylove models`: the available models with size and licence, and whether they fit in memory. */
export const models = command({
  name: "models",
  examples: ["tinylove models", "tinylove models get smollm2", "tinylove models --study my-study --json"],
  flags: [["--json", "print JSON, for programs"]],
  options: z.object({ json: z.boolean().default(false) }),
  async run(folder, { json }, effects) {
    const listed = await Promise.all((await availableFiles(folder, effects)).map(describe));
    const servers = await serversOf(folder);
    if (json) {
      effects.print(JSON.stringify({ files: listed, servers, memoryFree: memoryFree() }, null, 2));
      return;
    }
    const width = effects.terminal?.columns ?? Number.POSITIVE_INFINITY;
    for (const line of tableOf(listed, width)) effects.print(line);
    for (const { address, base } of servers) effects.print(`${address}  (a server: ${base})`);
    const memory = `free memory: ${sizeOf(memoryFree())}; downloaded models are in ${cacheFolder(effects.env)}`;
    effects.print(`\n${wrapped(memory, width)}`);
  },
});

interface AvailableModel {
  readonly address: string;
  readonly file: string;
}

interface Listed extends AvailableModel, Partial<LlamaFile> {
  /** Bytes for the weights and for eight texts of 1,024 tokens. */
  readonly memory?: number;
  readonly fits?: boolean;
  /** Why the model cannot be used. */
  readonly problem?: string;
}

/** The embedded model, the study's models, and those in the cache. */
async function availableFiles(folder: string, effects: Effects): Promise<AvailableModel[]> {
  const hub = join(cacheFolder(effects.env), "hub");
  const cached = (await filesUnder(hub)).filter((file) => file.endsWith(".gguf"));
  const known = catalogue.map((model) => ({
    address: `llama:${model.name}`,
    file: catalogueFile(model, effects.env),
  }));
  const all = [
    { address: "llama:embedded", file: embeddedModelFile },
    ...known,
    ...(await studyFiles(folder)),
    ...cached.map((file) => ({ address: `hf:${relative(hub, file).split(sep).join("/")}`, file })),
  ];
  return all.filter(({ file }, at) => all.findIndex((other) => other.file === file) === at);
}

async function studyFiles(folder: string): Promise<AvailableModel[]> {
  if (!(await exists(join(folder, "study.yaml")))) return [];
  const study = await openStudy(folder);
  const named = study.config.generate.models.filter(({ address }) => address.startsWith("llama:"));
  return Promise.all(
    named.map(async (model) => {
      const [file] = (await providerOf(model)).files(model, study);
      return { address: model.address, file: study.path(file!) };
    }),
  );
}

async function serversOf(folder: string): Promise<{ address: string; base: string }[]> {
  if (!(await exists(join(folder, "study.yaml")))) return [];
  const { config } = await openStudy(folder);
  return config.generate.models
    .filter(isServed)
    .map(({ address, base }) => ({ address, base: base ?? "OpenAI" }));
}

async function describe(model: AvailableModel): Promise<Listed> {
  if (!(await exists(model.file))) {
    const known = catalogueModel(model.address.slice("llama:".length));
    return { ...model, problem: known ? notDownloaded(known).hint! : "not found" };
  }
  try {
    const about = await readLlamaFile(model.file);
    const memory = memoryNeeded(about, 8 * Math.min(1024, about.contextTokens));
    return { ...model, ...about, memory, fits: memory <= memoryFree() };
  } catch (thrown) {
    if (thrown instanceof StudyError) return { ...model, problem: thrown.message };
    throw thrown;
  }
}

function tableOf(listed: readonly Listed[], width: number): string[] {
  const usable = listed.filter(({ problem }) => problem === undefined);
  const rows = usable.map((model) => [
    model.address,
    model.kind ?? "",
    parametersOf(model.parameters ?? 0),
    sizeOf(model.size ?? 0),
    `${model.contextTokens} tokens`,
    model.licence ?? "",
    `needs ${sizeOf(model.memory ?? 0)}`,
    model.fits ? "fits" : "does not fit",
  ]);
  const heads = ["model", "kind", "parameters", "size", "context", "licence", "memory", ""];
  const columns = heads.map((head) => ({ head, number: false }));
  const others = listed.flatMap(({ address, problem }) => (problem ? [`${address}  ${problem}`] : []));
  return [...inColumns(columns, rows, width), ...others.map((line) => wrapped(line, width))];
}

const parametersOf = (count: number): string =>
  count >= 1e9
    ? `${(count / 1e9).toFixed(1)} B`
    : count >= 1e6
      ? `${(count / 1e6).toFixed(1)} M`
      : `${count}`;
