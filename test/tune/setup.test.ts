import { execFile, execFileSync } from "node:child_process";
import { chmod, cp, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setUp } from "../../src/tune/setup.ts";
import type { Effects } from "../../src/workbench/effects.ts";
import { exists, writeWhole } from "../../src/workbench/files.ts";
import { pythonIn } from "../../src/workbench/python.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

const run = promisify(execFile);

/** A Python that can make a virtual environment. */
const python = [process.env["TINYLOVE_PYTHON"], "python3"].find((program) => {
  try {
    execFileSync(program!, ["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
});

describe("problems of the setup are reported in one line", () => {
  /** A path with only these programs. */
  async function onlyWith(programs: Record<string, string>) {
    const bin = await temporaryFolder();
    for (const [name, body] of Object.entries(programs)) {
      await writeWhole(join(bin, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(bin, name), 0o755);
    }
    const asked = { trainer: bin, environment: join(bin, "env"), yes: true };
    return (python?: string) => setUp({ ...asked, python }, quietEffects({ env: { PATH: bin } }));
  }
  const newEnough = 'if [ "$1" = -c ]; then echo 3.12; exit 0; fi';

  test("no Python, and a Python that is too old", async () => {
    await expect((await onlyWith({}))()).rejects.toThrow("no Python was found");
    await expect((await onlyWith({}))("python9")).rejects.toThrow("--python python9: no such Python");
    await expect((await onlyWith({ python3: "echo 3.8" }))()).rejects.toThrow(
      "Python is too old: python3 is 3.8",
    );
  });

  test("no venv module, no space for the environment", async () => {
    const without = await onlyWith({
      python3: `${newEnough}\necho "ensurepip is not available" >&2; exit 1`,
    });
    await expect(without()).rejects.toMatchObject({
      message: "python3 has no venv module",
      hint: expect.stringContaining("python3-venv"),
    });
    const full = await onlyWith({
      python3: `${newEnough}\necho "OSError: [Errno 28] No space left on device" >&2; exit 1`,
    });
    await expect(full()).rejects.toThrow(/cannot make .*env: the disk is full/);
  });
});

describe.skipIf(!python)(
  "with pip and an index on this machine (else skipped: no Python 3.10 with venv)",
  () => {
    let index: { address: string; close(): void; served: string[] };
    let trainer: string;
    let first: ReturnType<typeof quietEffects>;
    let bare: string;
    beforeAll(async () => {
      index = await serveIndex();
      trainer = await tinyTrainer();
      first = effectsWith(index.address);
      bare = join(await temporaryFolder(), "an env");
      await setUp({ trainer, environment: bare, python, yes: false }, first);
    }, 240_000);
    afterAll(() => index.close());

    const effectsWith = (address: string) =>
      quietEffects({
        env: {
          ...process.env,
          PIP_CONFIG_FILE: "/dev/null",
          PIP_INDEX_URL: address,
          PIP_NO_CACHE_DIR: "1",
          PIP_FIND_LINKS: "",
          PIP_RETRIES: "0",
        },
      });

    /** An environment with only pip, a copy of one that `setUp` made: pip's installation takes seconds. */
    async function bareEnvironment(): Promise<string> {
      const environment = join(await temporaryFolder(), "an env");
      await cp(bare, environment, { recursive: true, verbatimSymlinks: true });
      return environment;
    }

    test("it lists its downloads, runs on confirmation, and only once", async () => {
      const environment = await bareEnvironment();
      const asked = { trainer, environment, python };
      expect(first.logged.join("\n")).toMatch(/2 packages, 1 MB to download/);
      expect(first.printed).toEqual(["nothing was installed; run `tinylove tune setup --yes` to install"]);
      const has = () => run(pythonIn(environment), ["-c", "import small_part"]);
      await expect(has()).rejects.toThrow("small_part");

      // Without uv it uses pip, and says so.
      const second = effectsWith(index.address);
      const before = index.served.length;
      await setUp({ ...asked, yes: true }, withoutUv(second));
      // The page of each package is read once: pip resolves once, and then gets its files.
      expect(index.served.slice(before).filter((url) => url === "/simple/small-part/")).toHaveLength(1);
      expect(second.logged).toContain("  installing with pip");
      await has();
      const served = index.served.length;
      const again = effectsWith(index.address);
      await setUp({ ...asked, yes: true }, again);
      expect(again.logged).toEqual([`the trainer is set up in ${environment}`]);
      expect(index.served.length).toBe(served);
    }, 240_000);

    test("DeepSpeed is added on request, and stays", async () => {
      const environment = await bareEnvironment();
      const asked = { trainer, environment, python, yes: true };
      const has = () => run(pythonIn(environment), ["-c", "import small_part, small_extra"]);
      await setUp(asked, effectsWith(index.address));
      await expect(has()).rejects.toThrow("small_extra");
      await setUp({ ...asked, deepspeed: true }, effectsWith(index.address));
      await has();
      for (const deepspeed of [true, false]) {
        const again = effectsWith(index.address);
        await setUp({ ...asked, deepspeed }, again);
        expect(again.logged).toEqual([`the trainer is set up in ${environment}`]);
      }
    }, 240_000);

    test("a disk without space for the environment", async ({ skip }) => {
      const disk = await temporaryFolder();
      const small = ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk];
      if (
        !(await run("mount", small).then(
          () => true,
          () => false,
        ))
      )
        skip("skipped: only root may mount a small disk");
      try {
        const environment = join(disk, "env");
        await expect(
          setUp({ trainer, environment, python, yes: true }, effectsWith(index.address)),
        ).rejects.toMatchObject({
          message: expect.stringMatching(
            /^not enough disk space for the trainer: it needs 25 MB, .*env has \d MB$/,
          ),
          hint: expect.stringContaining("TINYLOVE_VENV"),
        });
        expect(await exists(join(environment, "tinylove-trainer.json"))).toBe(false);
      } finally {
        await run("umount", [disk]);
      }
    }, 240_000);

    test("an unreachable index", async () => {
      const environment = await bareEnvironment();
      await expect(
        setUp({ trainer, environment, python, yes: true }, effectsWith("http://127.0.0.1:9/simple")),
      ).rejects.toMatchObject({
        message: "pip cannot resolve the trainer's packages: the package index cannot be reached",
      });
      expect(await exists(join(environment, "tinylove-trainer.json"))).toBe(false);
    }, 240_000);
  },
);

/** The same effects, without uv. */
const withoutUv = (effects: Effects): Effects => ({
  ...effects,
  spawn: ((program: string, ...rest: [readonly string[], object]) =>
    effects.spawn(program === "uv" ? "uv-is-not-there" : program, ...rest)) as Effects["spawn"],
});

/** A package index with two minimal wheels. */
async function serveIndex() {
  const files = new Map<string, Buffer>();
  for (const name of ["small-part", "small-extra"]) {
    const module = name.replace("-", "_");
    files.set(`/files/${module}-1.0-py3-none-any.whl`, await smallWheel(name, module));
  }
  const served: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    served.push(url);
    const file = [...files.keys()].find((path) => url === `/simple/${projectOf(path)}/`);
    const content = files.get(url);
    if (file) {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><a href="${file}">${basename(file)}</a>`);
    } else if (content) {
      response.setHeader("content-length", content.length);
      response.end(request.method === "HEAD" ? undefined : content);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/simple`, served, close: () => void server.close() };
}

const projectOf = (path: string): string => basename(path).split("-")[0]!.replace("_", "-");

async function smallWheel(name: string, module: string): Promise<Buffer> {
  const wheel = join(await temporaryFolder(), `${module}-1.0-py3-none-any.whl`);
  await run(python!, [
    "-c",
    `import zipfile, sys
path, name, module = sys.argv[1:]
with zipfile.ZipFile(path, "w") as wheel:
    wheel.writestr(module + ".py", "#" * 500_000)
    info = module + "-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: " + name + "\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", module + ".py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")`,
    wheel,
    name,
    module,
  ]);
  return readFile(wheel);
}

/** A package that needs no build dependencies, and one more for its extra. */
async function tinyTrainer(): Promise<string> {
  const folder = await temporaryFolder();
  await writeWhole(
    join(folder, "pyproject.toml"),
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
  );
  await writeWhole(
    join(folder, "backend.py"),
    `import zipfile
NAME = "tiny_trainer-1.0-py3-none-any.whl"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = "tiny_trainer-1.0.dist-info/"
    with zipfile.ZipFile(f"{folder}/{NAME}", "w") as wheel:
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-trainer\\nVersion: 1.0\\nRequires-Dist: small-part\\nProvides-Extra: deepspeed\\nRequires-Dist: small-extra; extra == 'deepspeed'\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")
    return NAME
`,
  );
  return folder;
}
