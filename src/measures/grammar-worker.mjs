// Checks grammar in a separate thread, because a check blocks for about 20 ms.
// Sends "ready" first; then answers each text with a count.
// Plain JavaScript, because a thread starts from a file of the package as it is.
import { parentPort } from "node:worker_threads";
import { Dialect, LocalLinter } from "harper.js";
import { binary } from "harper.js/binary";

const linter = new LocalLinter({ binary, dialect: Dialect.American });

/** Dictionary rules: they flag names and other languages, and take most of the time. */
const lookups = ["SpellCheck", "SplitWords", "OrthographicConsistency"];

/** Lint kinds about spelling, style or typography, by harper's own names. */
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
