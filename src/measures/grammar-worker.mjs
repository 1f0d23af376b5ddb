// Checks texts for grammar in a thread of its own, for a check takes some 20 ms in which nothing else could run.
// It says "ready" first; then each text that it is sent is answered by a count.
// Plain JavaScript, because a thread is started from a file as it lies in the package.
import { parentPort } from "node:worker_threads";
import { Dialect, LocalLinter } from "harper.js";
import { binary } from "harper.js/binary";

const linter = new LocalLinter({ binary, dialect: Dialect.American });

/** Rules that look words up: they flag names and other languages, and take most of the time. */
const lookups = ["SpellCheck", "SplitWords", "OrthographicConsistency"];

/** Kinds that are a matter of spelling, taste or typography, by harper's own names. */
const otherKinds = new Set([
  "Spelling",
  "Style",
  "WordChoice",
  "Enhancement",
  "Readability",
  "Regionalism",
  "Formatting",
]);

async function ready() {
  await linter.setup();
  const { settings } = await linter.getStructuredLintConfig();
  const names = settings.find(({ Group }) => Group?.label === "Proper Nouns")?.Group.child.settings ?? [];
  const off = [...lookups, ...names.flatMap(({ Bool }) => (Bool ? [Bool.name] : []))];
  const config = await linter.getDefaultLintConfig();
  await linter.setLintConfig({ ...config, ...Object.fromEntries(off.map((name) => [name, false])) });
}

async function countOf(text) {
  const lints = await linter.lint(text, { language: "plaintext" });
  const count = lints.filter((lint) => !otherKinds.has(lint.lint_kind())).length;
  for (const lint of lints) lint.free();
  return count;
}

await ready();
parentPort.on("message", async (text) => parentPort.postMessage(await countOf(text)));
parentPort.postMessage("ready");
