import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { jobOf } from "../../src/tune/job.ts";
import { type ClusterJob, jobScript } from "../../src/tune/job-script.ts";
import { assertSameSettings } from "../../src/tune/run.ts";
import { submit } from "../../src/tune/submit.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";
import { python, smallModels, smallStudy, trainerEnvironment, withoutPython } from "./tuning.ts";

const run = promisify(execFile);
const folder = (name: string) => fileURLToPath(new URL(`../${name}/tune/`, import.meta.url));
const standIns = fileURLToPath(new URL("stand-ins", import.meta.url));

const jobs = readdirSync(folder("input"));

test.each(jobs)("the script of %s is the reviewed one, and valid for bash", async (name) => {
  const job: ClusterJob = JSON.parse(await readFile(`${folder("input")}${name}/job.json`, "utf8"));
  const script = jobScript(job);
  await expect(script).toMatchFileSnapshot(`${folder("output")}${name}/job.sh`);
  const written = join(await temporaryFolder(), "job.sh");
  await writeWhole(written, script);
  await run("bash", ["-n", written]);
});

/** A fake Python that records how it was started, and on which node. */
const telling = `#!/bin/bash
echo "{\\"event\\": \\"started\\", \\"host\\": \\"$TINYLOVE_HOST\\", \\"given\\": \\"$*\\", \\"network\\": \\"$GLOO_SOCKET_IFNAME\\"}"
`;

async function writtenJob(flags: Record<string, unknown> = {}, path = process.env["PATH"], body = telling) {
  const study = await smallStudy({
    batch: 4,
    cluster: { interface: "lo", before: ["unset_is_fine=$NO_SUCH_VARIABLE"] },
  });
  const program = join(await temporaryFolder(), "it's a python");
  await writeWhole(program, body);
  await chmod(program, 0o755);
  const wanted = {
    model: "EleutherAI/gpt-neo-125m",
    scheduler: "slurm",
    nodes: 2,
    gpusPerNode: 2,
    output: "far",
    ...flags,
  };
  const effects = quietEffects({ env: { ...process.env, PATH: path, TINYLOVE_PYTHON: program } });
  const submitted = submit.run(study.folder, submit.options.parse(wanted), effects);
  return { study, effects, submitted };
}

/** Runs the script as on a cluster, with fake scheduler commands. */
async function onCluster(study: Study, environment: Record<string, string> = {}) {
  const env = {
    ...process.env,
    PATH: `${standIns}:${process.env["PATH"]}`,
    SLURM_JOB_ID: "4711",
    PBS_JOBID: "4711.head",
    ...environment,
  };
  const { stdout, stderr } = await run("bash", [study.path("tuned/far/job/job.sh")], { env }).catch(
    (failed) => failed,
  );
  return {
    events: String(stdout)
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line)),
    stderr: String(stderr),
  };
}

describe("the script, run with fake scheduler commands", () => {
  test.each(["slurm", "pbs"])(
    "%s: each node has its own rank, in the preflight and in the training",
    async (scheduler) => {
      const { study, submitted } = await writtenJob({ scheduler });
      await submitted;
      const { events, stderr } = await onCluster(study);
      expect(stderr).toBe("");
      const started = events.map(({ host, given }) =>
        [host, / (preflight|tune) --config/.exec(given)?.[1], /--machine_rank (\d+)/.exec(given)?.[1]].join(
          " ",
        ),
      );
      expect(started.sort()).toEqual([
        "node0 preflight 0",
        "node0 tune 0",
        "node1 preflight 1",
        "node1 tune 1",
      ]);
      expect(events[0]).toMatchObject({
        network: "lo",
        given: expect.stringContaining("--main_process_ip 127.0.0.1 --main_process_port 24711"),
      });
      expect(events[0].given).toContain("--num_machines 2 --num_processes 4");
      expect(events[0].given).toContain("--fsdp_transformer_layer_cls_to_wrap GPTNeoBlock");
      // The training writes its events where `tune run` and `tune diagnose` look.
      expect((await readFile(study.path("tuned/far/events.jsonl"), "utf8")).trim().split("\n")).toHaveLength(
        2,
      );
    },
  );

  test.each([
    ["ddp", "full", false],
    ["fsdp2", "lora", true],
    ["zero3", "lora", "zero3"],
  ])(
    "by %s, %s: the trainer gets the sharding strategy, and the job can be submitted again",
    async (strategy, method, sharded) => {
      const { study, submitted, effects } = await writtenJob({ strategy, method });
      await submitted;
      for (const file of ["config.json", "job/preflight.json"])
        expect(JSON.parse(await readFile(study.path("tuned/far", file), "utf8"))).toMatchObject({ sharded });
      const again = {
        model: "EleutherAI/gpt-neo-125m",
        scheduler: "slurm",
        nodes: 2,
        gpusPerNode: 2,
        output: "far",
      };
      await submit.run(study.folder, submit.options.parse({ ...again, strategy, method }), effects);
      await expect(
        assertSameSettings(await jobOf(study, { ...again, method: method as "full" | "lora" })),
      ).resolves.toBe(undefined);
    },
  );

  test("two nodes with the same rank are reported at once, with both names", async () => {
    const { study, submitted } = await writtenJob();
    await submitted;
    const { stderr, events } = await onCluster(study, { RANKS: "0 0" });
    expect(stderr).toMatch(
      /error: node node[01]: its rank 0 is also that of node[01]: a variable was expanded on the wrong node/,
    );
    expect(stderr).toContain("error: the preflight failed (see above); nothing was trained");
    expect(events.filter(({ given }) => given.includes(" tune "))).toEqual([]);
  });

  test("a missing node, a rank too many, and no rank are reported", async () => {
    const { study, submitted } = await writtenJob();
    await submitted;
    // Of its 45 seconds each lasts a twentieth.
    const quick = await temporaryFolder();
    await writeWhole(join(quick, "sleep"), "#!/bin/sh\nexec /bin/sleep 0.05\n");
    await chmod(join(quick, "sleep"), 0o755);
    const PATH = `${quick}:${standIns}:${process.env["PATH"]}`;
    expect((await onCluster(study, { RANKS: "0", PATH })).stderr).toContain(
      "error: node node0: no node with rank 1 came within 45 s",
    );
    expect((await onCluster(study, { RANKS: "0 5" })).stderr).toContain(
      "error: node node1: its rank is 5, of 2 nodes",
    );
    expect((await onCluster(study, { RANKS: "x x" })).stderr).toContain("the scheduler gave it no rank");
  }, 120_000);

  test("an error found by the preflight is the last line of the log", async () => {
    const error = { event: "error", message: "The world has 1 processes; 4 were planned.", hint: "Mend it." };
    const { study, submitted } = await writtenJob(
      {},
      undefined,
      `#!/bin/bash\n[ "$TINYLOVE_HOST" = node1 ] && sleep 5 || echo '${JSON.stringify(error).replaceAll('":', '": ').replaceAll(',"', ', "')}'\nexit 1\n`,
    );
    await submitted;
    const { stderr } = await onCluster(study);
    expect(stderr.trim().split("\n").slice(-2)).toEqual([
      "error: The world has 1 processes; 4 were planned. Mend it.",
      "error: the preflight failed (see above); nothing was trained",
    ]);
  });

  test("the reason for an early end of training is reported, with how to continue", async () => {
    const event = '{"event": "error", "message": "Rank 0 lost the other ranks.", "hint": "A node stopped."}';
    const { study, submitted } = await writtenJob(
      {},
      undefined,
      `#!/bin/bash\ncase "$*" in *" tune "*) echo '${event}'; exit 1 ;; esac\n`,
    );
    await submitted;
    const { stderr } = await onCluster(study);
    expect(stderr.trim().split("\n").slice(-2)).toEqual([
      "error: Rank 0 lost the other ranks. A node stopped.",
      expect.stringContaining("submit it again to continue from its last checkpoint"),
    ]);
  });

  test("an unknown network interface is reported with the existing ones", async () => {
    const { study, submitted } = await writtenJob({ interface: "ib7" });
    await submitted;
    expect((await onCluster(study)).stderr).toMatch(
      /error: the first node has no address on ib7 \(it has: .*lo/,
    );
  });

  test.each([
    ["slurm", "Submitted batch job 4711"],
    ["pbs", "4711.head"],
  ])("%s: --submit submits the job and prints its number", async (scheduler, number) => {
    const path = `${standIns}:${process.env["PATH"]}`;
    const { study, effects, submitted } = await writtenJob({ scheduler, submit: true }, path);
    await submitted;
    expect(effects.printed).toEqual([number]);
    expect(await readFile(study.path("tuned/far/job/job.sh.log"), "utf8")).toContain("--machine_rank 1");
  });
});

describe("problems are reported before anything is written", () => {
  const refused: readonly (readonly [string, Record<string, unknown>])[] = [
    ["tune.batch is 4, which 6 GPUs cannot divide evenly", { nodes: 3 }],
    ["needs about", { gpuMemory: 1 }],
    ["--time tomorrow: not HH:MM:SS", { time: "tomorrow" }],
    ["--queue a\n#SBATCH --nodes=99: must be one word", { queue: "a\n#SBATCH --nodes=99" }],
    ["--interface $(reboot): not a valid name", { interface: "$(reboot)" }],
  ];
  test.each(refused)("%s", async (message, flags) => {
    const { study, submitted } = await writtenJob(flags);
    await expect(submitted).rejects.toThrow(message);
    expect(readdirSync(study.folder)).not.toContain("tuned");
  });

  test("no interface is given; no sbatch is installed", async () => {
    const study = await smallStudy({ batch: 4 });
    const wanted = submit.options.parse({
      model: "EleutherAI/gpt-neo-125m",
      scheduler: "slurm",
      nodes: 1,
      submit: true,
    });
    await expect(submit.run(study.folder, wanted, quietEffects())).rejects.toThrow(
      "no network interface is given",
    );
    const effects = quietEffects({ env: { PATH: await temporaryFolder() } });
    await expect(submit.run(study.folder, { ...wanted, interface: "lo" }, effects)).rejects.toThrow(
      "there is no sbatch on this machine",
    );
  });

  test("a dry run prints the script and writes nothing", async () => {
    const { study, effects, submitted } = await writtenJob({ dryRun: true });
    await submitted;
    expect(effects.printed[0]).toMatch(/^#!\/bin\/bash\n#SBATCH --job-name=tl-far\n/);
    expect(readdirSync(study.folder)).not.toContain("tuned");
  });
});

test.skipIf(!python)(
  `the script shards a model over two nodes, as the scheduler starts them (else ${withoutPython})`,
  async () => {
    const study = await smallStudy({ epochs: 0.5 });
    const models = await smallModels();
    const wanted = {
      model: `${models}/neox`,
      scheduler: "slurm",
      nodes: 2,
      gpusPerNode: 1,
      strategy: "fsdp2",
      interface: "lo",
      output: "far",
      learningRate: 1e-3,
    };
    await submit.run(study.folder, submit.options.parse(wanted), quietEffects({ env: trainerEnvironment }));
    const { events, stderr } = await onCluster(study, { ACCELERATE_USE_CPU: "true", OMP_NUM_THREADS: "1" });
    expect(
      events.find(({ event }) => event === "preflight"),
      stderr.slice(-2000),
    ).toMatchObject({ world: 2, hosts: ["node0", "node1"] });
    expect(events.find(({ event }) => event === "start")).toMatchObject({ processes: 2 });
    const { held, parameters } = events.find(({ event }) => event === "sharding");
    expect(held).toEqual([parameters / 2, parameters / 2]);
    expect(events.at(-1)).toMatchObject({ event: "done" });
  },
  400_000,
);
