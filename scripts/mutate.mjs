// `node scripts/mutate.mjs [PART OF A NAME ...]`: puts each error of test/mutations.json into the source, runs its
// test, and restores the source. Exits with 1 if a test passes despite the error, or if an error no longer fits the
// source. Slow: one test run per error.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ready.mjs";

const wanted = process.argv.slice(2);
const all = JSON.parse(readFileSync(join(root, "test/mutations.json"), "utf8"));
const survivors = [];
for (const { name, file, from, to, test, title } of all) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const path = join(root, file);
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2) {
    survivors.push(`${name}: its code does not occur exactly once in ${file}`);
    continue;
  }
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    const run = spawnSync("npx", ["vitest", "run", test, ...(title ? ["-t", title] : [])], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    // A test must have failed, not only the loading of a file.
    const killed = run.status !== 0 && /Tests +\d+ failed/.test(run.stdout);
    console.log(`${killed ? "killed  " : "SURVIVED"} ${name}`);
    if (!killed) survivors.push(name);
  } finally {
    restore();
    for (const signal of ["SIGINT", "SIGTERM"]) process.removeListener(signal, stop);
  }
  function restore() {
    writeFileSync(path, source);
  }
  function stop() {
    restore();
    process.exit(130);
  }
}
if (survivors.length > 0) {
  console.error(`survived: ${survivors.join("; ")}`);
  process.exitCode = 1;
}
