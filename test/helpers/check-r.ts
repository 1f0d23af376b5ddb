import { spawnSync } from "node:child_process";

/** Whether R is installed. */
export const hasR = spawnSync("Rscript", ["--version"]).status === 0;

/**
 * The output of each folder's `check.R`, as of `Rscript check.R` in that folder, ending with its error if it fails. All
 * run in one R, because loading lme4 takes two seconds.
 */
export function checkedInR(folders: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync("Rscript", ["-e", session, ...folders], { encoding: "utf8" });
  const outputs = stdout.split(separator).slice(0, -1);
  if (outputs.length !== folders.length) throw new Error(`R ended early: ${stderr}`);
  return outputs;
}

const separator = "\f";

const session = `for (folder in commandArgs(TRUE)) {
  setwd(folder)
  tryCatch(sys.source("check.R", new.env()), error = function(e) cat("failed:", conditionMessage(e), "\\n"))
  cat("\\f")
}`;
