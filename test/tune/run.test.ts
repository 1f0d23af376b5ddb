import { execFile, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { planOf } from "../../src/generate/generation-plan.ts";
import { tuned } from "../../src/generate/models/tuned.ts";
import { embeddedModelFile } from "../../src/llm/llama.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { ModelSettings } from "../../src/study/settings/models.ts";
import type { Story } from "../../src/study/story.ts";
import { csv } from "../../src/tables/tables.ts";
import { withUnpackedBase } from "../../src/tune/base.ts";
import { diagnoseRun } from "../../src/tune/diagnose.ts";
import { Evidence, readCurve } from "../../src/tune/evidence.ts";
import { exportTuned } from "../../src/tune/export.ts";
import { checkFits, thisMachine } from "../../src/tune/fits.ts";
import { jobOf } from "../../src/tune/job.ts";
import { shapeOf } from "../../src/tune/model-shape.ts";
import { prefer } from "../../src/tune/prefer.ts";
import { tune } from "../../src/tune/run.ts";
import { formOf, storyFormat } from "../../src/tune/story-format.ts";
import { rules } from "../../src/tune/verdict-rules.ts";
import { judgmentsFile, readFindings, stimuliFile } from "../../src/workbench/artefacts.ts";
import { exists, jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { readManifest } from "../../src/workbench/manifest.ts";
import { studyOf } from "../../src/workbench/study.ts";
import { builtProgram } from "../helpers/built.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";
import {
  python,
  smallModels,
  smallStories,
  smallStudy,
  trainerEnvironment,
  withoutPython,
} from "./tuning.ts";

const effectsHere = () => quietEffects({ env: trainerEnvironment });
const said = (text: string) => expect.objectContaining({ message: expect.stringContaining(text) });

test("a story is trained in the form of the prompt", async () => {
  const study = await temporaryStudy();
  const form = "Title: [[title]]\nStory: [[story]]";
  expect(await storyFormat("title-only", study)).toEqual({ template: form });
  expect(await storyFormat("one-shot", study)).toEqual({ template: form });
  const { messages } = (await storyFormat("chat-small", study)) as {
    messages: { role: string; content: string }[];
  };
  expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(messages[0]!.content).toContain("You write very short stories in plain words");
  expect(messages[1]!.content).toMatch(/It is called "\[\[title\]\]"\. .* happened to a person\.$/);
  await expect(storyFormat("chat", study)).rejects.toThrow("it contains [[example");
  expect(formOf("Write about [[title]] at once:", "mine")).toBe("Write about [[title]] at once: [[story]]");
  expect(() => formOf("---\napi: chat\n---\n[[user]]\nTitle: [[title]]", "chat")).toThrow(
    /cannot be used for tuning.*\[\[user\]\]/,
  );
  expect(() => formOf("Title: [[title]]\nTone: [[tone]]\nStory:", "toned")).toThrow("[[tone]]");
  expect(() => formOf("Story:", "none")).toThrow("[[title]]");
  await expect(storyFormat("../nowhere.md", study)).rejects.toThrow("no prompt file ../nowhere.md");
});

test("the config of a tuned model that is not JSON is named", async () => {
  const study = await temporaryStudy();
  await writeWhole(study.path("tuned/x/config.json"), "{ template: ");
  const format = tuned.promptFormat(ModelSettings.parse({ address: "tuned:tuned/x" }) as never, study);
  await expect(format).rejects.toMatchObject({
    message: expect.stringMatching(/tuned\/x\/config\.json: not JSON$/),
    hint: "restore it, or give the model's own folder as the address (tuned:DIR/model)",
  });
});

describe("problems before tuning are reported in one line", () => {
  const model = { model: "EleutherAI/gpt-neo-125m" };

  test("no model, a missing folder, a GGUF file", async () => {
    const study = await smallStudy();
    await expect(tune(study, {}, {}, quietEffects())).rejects.toThrow("no model to tune");
    await expect(tune(study, { model: "/no/where" }, {}, quietEffects())).rejects.toThrow(
      "--model /no/where: no such folder",
    );
    await expect(tune(study, { model: "a.gguf" }, {}, quietEffects())).rejects.toThrow(
      "--model a.gguf: no such file",
    );
    await expect(tune(study, { ...model, output: "../x" }, {}, quietEffects())).rejects.toThrow(
      "--output ../x",
    );
  });

  test("a corpus of five stories", async () => {
    const study = await smallStudy({}, { train: 3, validation: 1, test: 1 });
    await expect(tune(study, model, {}, quietEffects())).rejects.toThrow(
      "the corpus has 3 train stories; tuning needs at least 20",
    );
    await expect(tune(study, { model: "llama:embedded" }, {}, quietEffects())).rejects.toThrow(
      "3 train stories",
    );
    expect(await exists(study.path(".tinylove/unpacking"))).toBe(false);
  });

  test("a model that does not fit, with the setting that would", async () => {
    const { tune: settings } = (await smallStudy()).config;
    const stories = smallStories({ train: 20 });
    const fits = (name: string, gibibytes: number, gpu: boolean) =>
      checkFits(
        name,
        settings,
        stories,
        gpu ? { gpus: [gibibytes * 2 ** 30] } : { memory: gibibytes * 2 ** 30 },
        quietEffects(),
      );
    await expect(fits("EleutherAI/gpt-neox-20b", 19, false)).rejects.toEqual(
      said("full tuning needs about 3"),
    );
    await expect(fits("EleutherAI/gpt-neo-2.7B", 24, true)).rejects.toEqual(
      expect.objectContaining({ hint: "--method lora would fit" }),
    );
    await fits("EleutherAI/gpt-neo-125m", 8, false);
    await fits("EleutherAI/gpt-neo-2.7B", 80, true);
  });

  async function hugeModel(): Promise<string> {
    const folder = await temporaryFolder();
    const shape = { hidden_size: 16384, num_hidden_layers: 120, num_attention_heads: 128 };
    await writeWhole(
      `${folder}/config.json`,
      JSON.stringify({ model_type: "gpt_neox", vocab_size: 50432, ...shape }),
    );
    return folder;
  }

  test("a model that fits on no machine like this one", async () => {
    const folder = await hugeModel();
    await expect(tune(await smallStudy(), { model: folder }, {}, quietEffects())).rejects.toEqual(
      said("does not fit: full tuning needs about"),
    );
  });

  test("but a sharded model that a cluster trained can be recorded on a machine on which it does not fit", async () => {
    const study = await smallStudy();
    const wanted = { model: await hugeModel(), output: "far" };
    const { folder, config } = await jobOf(study, wanted);
    await writeWhole(`${folder}/config.json`, JSON.stringify({ ...config, sharded: true }));
    await writeWhole(`${folder}/model/config.json`, "{}");
    const done = { event: "done", steps: 2, stopped_early: false };
    await writeWhole(`${folder}/events.jsonl`, `${JSON.stringify(done)}\n`);
    const curve = [
      { step: 0, validation_loss: 3 },
      { step: 1, loss: 2.5, gradient_norm: 1, rate: 1e-5 },
      { step: 1, validation_loss: 2 },
    ];
    await writeWhole(`${folder}/curve.jsonl`, jsonLines(curve));
    const effects = quietEffects();
    await tune(study, wanted, {}, effects);
    expect((await readManifest(study)).stages["tune far"]!.writes).toHaveProperty("tuned/far/model");
    expect(effects.logged.join("\n")).toContain(
      "validation loss 3.0000 before, 2.0000 at best (step 1 of 2)",
    );
    await expect(tune(study, wanted, { restart: true }, quietEffects())).rejects.toThrow("does not fit");
    expect(await exists(`${folder}/model`)).toBe(true);
  });

  test("LoRA's base takes two bytes per parameter in bf16 and four in f32", async () => {
    const { tune: settings } = (await smallStudy()).config;
    const machine = { gpus: [48 * 2 ** 30] };
    const fits = (precision: "bf16" | "fp32") =>
      checkFits(
        "EleutherAI/gpt-neox-20b",
        { ...settings, method: "lora", precision, microBatch: 1 },
        smallStories({ train: 20 }),
        machine,
        quietEffects(),
      );
    await fits("bf16");
    await expect(fits("fp32")).rejects.toEqual(said("LoRA needs about 8"));
  });

  test("no free space, on a disk of two megabytes", async ({ skip }) => {
    if (!python) skip(withoutPython);
    const disk = await temporaryFolder();
    if (!(await mounted(disk, "2m"))) skip("skipped: only root may mount a small disk");
    try {
      const models = await smallModels();
      const study = await smallStudy({}, undefined, disk);
      await expect(tune(study, { model: `${models}/neo` }, {}, effectsHere())).rejects.toEqual(
        expect.objectContaining({
          message: expect.stringMatching(/tuned\/neo-full has 0\.0 GB free; training keeps up to/),
          hint: expect.stringContaining("Free some space"),
        }),
      );
      expect(await exists(study.path("tuned/neo-full/model"))).toBe(false);
    } finally {
      await promisify(execFile)("umount", [disk]);
    }
  }, 300_000);

  test("no network: a model of the hub that cannot be downloaded", async ({ skip }) => {
    if (!python) skip(withoutPython);
    const cut = { HF_ENDPOINT: "http://127.0.0.1:9", HF_HOME: await temporaryFolder() };
    const effects = quietEffects({ env: { ...trainerEnvironment, ...cut } });
    await expect(tune(await smallStudy(), { model: "nobody/nothing" }, {}, effects)).rejects.toEqual(
      expect.objectContaining({
        message: expect.stringContaining("No such model: nobody/nothing"),
        hint: expect.stringContaining("Name a folder"),
      }),
    );
  }, 300_000);

  test("free memory is that of the visible GPUs, or of the machine", async () => {
    const bin = await temporaryFolder();
    await writeWhole(`${bin}/nvidia-smi`, "#!/bin/sh\necho 40000\necho 20000\n", 0o755);
    const machine = (env: Record<string, string>) => thisMachine(quietEffects({ env }));
    const mebibyte = 2 ** 20;
    expect(await machine({ PATH: bin })).toEqual({ gpus: [40000 * mebibyte, 20000 * mebibyte] });
    expect(await machine({ PATH: bin, CUDA_VISIBLE_DEVICES: "1" })).toEqual({ gpus: [20000 * mebibyte] });
    expect(await machine({ PATH: bin, CUDA_VISIBLE_DEVICES: "" })).toEqual({ memory: expect.any(Number) });
    expect(await machine({ PATH: await temporaryFolder() })).toEqual({ memory: expect.any(Number) });
  });

  test("no Python", async () => {
    const study = await smallStudy();
    const env = { TINYLOVE_VENV: await temporaryFolder() };
    await expect(tune(study, model, {}, quietEffects({ env }))).rejects.toEqual(
      expect.objectContaining({ hint: "run `tinylove tune setup`" }),
    );
    const named = { TINYLOVE_PYTHON: "/no/python" };
    await expect(tune(study, model, {}, quietEffects({ env: named }))).rejects.toThrow(
      "TINYLOVE_PYTHON is /no/python",
    );
  });

  test("an unknown architecture", async ({ skip }) => {
    if (!python) skip(withoutPython);
    const folder = await temporaryFolder();
    await writeWhole(`${folder}/config.json`, JSON.stringify({ model_type: "made-up" }));
    const effects = effectsHere();
    await expect(tune(await smallStudy(), { model: folder }, {}, effects)).rejects.toThrow(
      "Unknown architecture",
    );
    expect(effects.logged[0]).toContain("cannot estimate the memory of made-up");
  });
});

describe.skipIf(!python)(`with PyTorch (else ${withoutPython})`, { timeout: 900_000 }, () => {
  let models: string;
  beforeAll(async () => {
    models = await smallModels();
  }, 300_000);

  test("GPT-Neo in full and GPT-NeoX with LoRA: the loss falls, the samples change, everything is recorded", async () => {
    const study = await smallStudy();
    for (const [kind, method, rate, fall] of [
      ["neo", "full", 2e-3, 0.1],
      ["neox", "lora", 5e-3, 0.01],
    ] as const) {
      const effects = effectsHere();
      const job = await tune(study, { model: `${models}/${kind}`, method, rate }, {}, effects);
      const events = await eventsOf(job.folder);
      const losses = events
        .filter(({ event }) => event === "evaluation")
        .map((event) => Number(event.validation_loss));
      expect(losses.at(-1)).toBeLessThan(losses[0]! - fall);
      const samplesAt = (end: 0 | -1) => {
        const samples = events.filter(({ event }) => event === "sample");
        return samples.filter(({ step }) => step === samples.at(end)!.step).map(({ text }) => text);
      };
      expect(samplesAt(0)).toHaveLength(2);
      expect(samplesAt(-1)).not.toEqual(samplesAt(0));
      const record = (await readManifest(study)).stages[`tune ${kind}-${method}`]!;
      expect(Object.keys(record.writes)).toContain(`tuned/${kind}-${method}/model`);
      expect(record.reads[`${models}/${kind}`]).toMatch(/^[0-9a-f]{64}$/);
      expect(effects.logged.at(-1)).toContain(`tinylove tune diagnose ${kind}-${method}`);
    }

    // Base and stories are named, with their licences.
    const notice = await readFile(study.path("tuned/neox-lora/model/NOTICE.md"), "utf8");
    expect(notice).toContain("Base: neox.");
    expect(notice).toContain("Training stories: 48. Licences: MIT.");
    expect(notice.match(/ \| nobody \| MIT \| made up \|/g)).toHaveLength(48);

    // A checkpoint is a model too; one that was not kept is named, with those that were.
    const steps = (await readdir(study.path("tuned/neox-lora/checkpoints"))).flatMap(
      (name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [],
    );
    const opened = (at: string) =>
      tuned.open(
        ModelSettings.parse({ address: `tuned:tuned/neox-lora${at}` }) as never,
        study,
        effectsHere(),
      );
    const hashes = await Promise.all(
      ["", ...steps.map((step) => `@${step}`)].map(async (at) => (await opened(at)).hash),
    );
    expect(new Set(hashes).size).toBe(steps.length + 1);
    await expect(opened("@999")).rejects.toMatchObject({
      message: expect.stringContaining("has no checkpoint of step 999"),
      hint: expect.stringContaining(`it has ${steps.sort((a, b) => Number(a) - Number(b)).join(", ")}`),
    });

    // A finished run is not repeated, and cannot continue with other settings.
    const again = effectsHere();
    await tune(study, { model: `${models}/neo`, rate: 2e-3 }, {}, again);
    expect(again.logged).toEqual(["tuned/neo-full is done and fresh (use --restart to train it again)"]);
    await expect(tune(study, { model: `${models}/neo`, rate: 1e-3 }, {}, effectsHere())).rejects.toThrow(
      "tuned/neo-full was started with rate 0.002, but now it is 0.001",
    );

    // The diagnosis is among the study's findings, compared with the base and people.
    const sizes = { titles: 3, tokens: 30 };
    const { verdict, evidence } = await diagnoseRun(study, "neo-full", sizes, effectsHere());
    expect(rules.map(({ is }) => is)).toContain(verdict.is);
    expect(evidence.tuned.perplexity).toBeLessThan(evidence.base!.perplexity);
    expect((await readFindings(study)).map(({ analysis }) => analysis)).toEqual(["tuning-neo-full"]);

    // llama.cpp writes what PyTorch writes, from the base with the merged adapter.
    const exporting = effectsHere();
    await exportTuned.run(study.folder, exportTuned.options.parse({ name: "neox-lora" }), exporting);
    expect(exporting.printed.join("\n")).toMatch(
      /gguf: tuned\/neox-lora\/export\/neox-lora\.gguf; same \d+ tokens as PyTorch for \d+ prompts/,
    );
    expect(await exists(study.path("tuned/neox-lora/export/neox-lora.gguf"))).toBe(true);
    expect(await readFile(study.path("tuned/neox-lora/export/NOTICE.md"), "utf8")).toBe(notice);
    const refused = exportTuned.options.parse({ name: "neo-full", forms: "gguf" });
    await expect(exportTuned.run(study.folder, refused, effectsHere())).rejects.toThrow(
      "gpt_neo cannot be exported to GGUF",
    );
  });

  test("readers who like dialogue change a model, and the report shows what it cost", async () => {
    const study = await smallStudy({ epochs: 0.5, samples: 0, prefer: { rate: 1e-3, epochs: 15 } });
    await tune(
      study,
      { model: `${models}/neox`, method: "lora", rate: 5e-3, output: "start" },
      {},
      effectsHere(),
    );
    const titles = Array.from({ length: 36 }, (_, at) => `Title ${at}`);
    const [first, second] = [smallStories({ test: 36 }), smallStories({ test: 36 }, 100)];
    const stimuli = titles.flatMap((title, at) => [
      { id: `plain-${at}`, title, text: first[at]!.text, words: 40, cut: 0 },
      { id: `said-${at}`, title, text: `“Come home,” she said. ${second[at]!.text}`, words: 44, cut: 0 },
    ]);
    await writeWhole(study.path(stimuliFile), jsonLines(stimuli));
    const judgments = stimuli.map(({ id }, at) => ({
      ...{ participant: `p${at % 6}`, form: "form-1", question: `q${at}`, task: "how-it-felt", stimulus: id },
      ...{ order: 1, response: id.startsWith("said") ? 6 : 2, at: "2026-01-01T00:00:00Z", simulated: "yes" },
    }));
    const table = (rows: typeof judgments) =>
      writeWhole(study.path(judgmentsFile), csv(Object.keys(rows[0]!), rows));
    const run = (effects = effectsHere()) =>
      prefer.run(study.folder, prefer.options.parse({ name: "start", titles: 3, tokens: 30 }), effects);

    await table(judgments.slice(0, 40));
    await expect(run()).rejects.toMatchObject({
      message: expect.stringContaining("for 20 titles; learning from readers needs 30"),
      hint: expect.stringContaining("about 60 judgments"),
    });
    await table(judgments);
    const effects = effectsHere();
    await run(effects);
    expect(effects.logged[0]).toContain("36 pairs from 72 answers to how-it-felt (simulated readers)");
    expect(effects.printed[0]).toMatch(/words in a text/);
    const found = (await readFindings(study)).find(({ analysis }) => analysis === "tuning-start-preferred")!;
    const { preference } = Evidence.parse(found.numbers);
    expect(preference).toMatchObject({ pairs: 12, titles: 12 });
    expect(preference!.accuracy.estimate).toBeGreaterThan(0.65);
    expect((await readManifest(study)).stages["tune start-preferred"]).toBeDefined();
    await expect(table(judgments.slice(2)).then(() => run())).rejects.toThrow("started with other judgments");

    // A study that uses the model leaves out the titles that it learnt from.
    const stories = titles.map((title, at): Story => ({ ...first[at]!, title, split: "test" }));
    const model = { address: "tuned:tuned/start-preferred/model" };
    const config = StudyConfig.parse({
      name: "next",
      generate: { models: [model], prompts: ["title-only"] },
    });
    const [series] = await planOf(studyOf(study.folder, config), stories);
    expect(series!.titles).toHaveLength(12);
  });

  test("the embedded model is unpacked into a folder for tuning, once", async () => {
    const study = await smallStudy();
    const first = effectsHere();
    const made = await withUnpackedBase(study, { model: "llama:embedded", method: "lora" }, first);
    expect(made).toMatchObject({ model: study.path("bases/tiny-love"), output: "tiny-love-lora" });
    expect(first.logged).toEqual(["  unpacking tiny-love.gguf into bases/tiny-love"]);
    const { architecture, parameters } = await shapeOf(made.model!);
    expect(architecture).toBe("gpt_neox");
    expect(parameters).toBeGreaterThan(4e6);
    const again = effectsHere();
    expect(await withUnpackedBase(study, { model: embeddedModelFile, method: "lora" }, again)).toEqual(made);
    expect(again.logged).toEqual([]);
  });

  test("two processes have the losses of one, and the message says that there is no GPU", async () => {
    const study = await smallStudy({ epochs: 1, evaluations: 1, samples: 0 });
    const effects = quietEffects({ env: { ...trainerEnvironment, CUDA_VISIBLE_DEVICES: "" } });
    const curves = [];
    for (const processes of [1, 2]) {
      const wanted = { model: `${models}/neox`, rate: 1e-3, output: `by-${processes}` };
      const { folder } = await tune(study, wanted, { processes }, effects);
      const start = (await eventsOf(folder)).find(({ event }) => event === "start");
      expect(start!["processes"]).toBe(processes);
      curves.push(await readCurve(folder));
    }
    const [one, two] = curves;
    expect(two!.steps).toHaveLength(one!.steps.length);
    for (const [at, { loss }] of one!.steps.entries())
      expect(Math.abs(two!.steps[at]!.loss - loss)).toBeLessThan(1e-3);
    expect(effects.logged).toContain("  no GPU here (`nvidia-smi` shows none): training on the CPU");
  });

  test("the rate is found first, and only once", async () => {
    const study = await smallStudy({ epochs: 0.5, findRate: { lowest: 1e-5, highest: 1, steps: 20 } });
    const first = await tune(study, { model: `${models}/neox` }, { findLr: true }, effectsHere());
    expect(first.config["rate"]).toBeGreaterThan(1e-5);
    expect(first.config["rate"]).toBeLessThan(1);
    const effects = effectsHere();
    expect((await tune(study, { model: `${models}/neox` }, { findLr: true }, effects)).config).toEqual(
      first.config,
    );
    expect(effects.logged.at(-1)).toContain("is done and fresh");
  });

  test("a run that was killed with its workbench has the same curve as an undisturbed one", async () => {
    const program = await builtProgram();
    const settings = { epochs: 1, evaluations: 3 };
    const whole = await smallStudy(settings);
    await tune(whole, { model: `${models}/neo`, rate: 2e-3 }, {}, effectsHere());

    const killed = await smallStudy(settings);
    const flags = ["--study", killed.folder, "--model", `${models}/neo`, "--learning-rate", "2e-3"];
    await killWhen(program, ["tune", "run", ...flags], async () =>
      exists(killed.path("tuned/neo-full/checkpoints/checkpoint-2/trainer_state.json")),
    );
    expect(await exists(killed.path("tuned/neo-full/model"))).toBe(false);
    const effects = effectsHere();
    await tune(killed, { model: `${models}/neo`, rate: 2e-3 }, {}, effects);
    expect(effects.logged.join("\n")).toMatch(/continues after step [24]/);
    const curve = (study: typeof whole) => readFile(study.path("tuned/neo-full/curve.jsonl"), "utf8");
    const [one, other] = [await curve(whole), await curve(killed)].map((text) =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
    expect(other!.map(({ step }) => step)).toEqual(one!.map(({ step }) => step));
    for (const [at, row] of one!.entries()) {
      for (const [key, value] of Object.entries(row)) expect(other![at][key]).toBeCloseTo(value as number, 6);
    }
  });
});

/** Mounts a disk of this size; false if that is not allowed. */
const mounted = (folder: string, size: string): Promise<boolean> =>
  promisify(execFile)("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]).then(
    () => true,
    () => false,
  );

async function eventsOf(folder: string) {
  const text = await readFile(`${folder}/events.jsonl`, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown> & { event: string });
}

/** Kills the workbench and all its processes at once, as a power cut would. */
async function killWhen(
  program: string,
  args: readonly string[],
  ready: () => Promise<boolean>,
): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], {
    env: trainerEnvironment,
    stdio: "ignore",
    detached: true,
  });
  const ended = new Promise((settle) => child.once("close", settle));
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it could be killed`);
    await new Promise((settle) => setTimeout(settle, 5));
  }
  process.kill(-child.pid!, "SIGKILL");
  await ended;
}
