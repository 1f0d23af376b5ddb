import { Command as Program } from "commander";
import { commands, groups, type ListEntry, loadMembers, stages } from "./stages.ts";
import { type Effects, worldEffects } from "./workbench/effects.ts";
import { fileErrorOf, messageOf, StudyError } from "./workbench/errors.ts";
import type { AnyCommand, AnyStage } from "./workbench/stage.ts";
import { version } from "./workbench/version.ts";

/**
 * Runs one command line and returns the exit code: 0, 1 for an error that the user can fix, 70 for a bug, 130 after
 * an interruption.
 */
export async function main(argv: readonly string[], effects: Effects): Promise<number> {
  try {
    const program = await programOf(effects, commandNameIn(argv));
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (thrown) {
    return reportError(thrown, effects);
  }
}

/** Runs the command line of this process. The first interrupt asks the work to stop, the second one ends the process. */
export async function runProcess(): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(130);
      interruption.abort(new Interrupted());
    });
  }
  // The reader of a pipe may stop early (`| head`); that is not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
  });
  process.exitCode = await main(process.argv.slice(2), worldEffects(interruption.signal));
}

class Interrupted extends Error {}

/**
 * The command that a command line names; undefined if it names none. Only this command is loaded: for the others, help
 * needs only the list.
 */
function commandNameIn(argv: readonly string[]): string | undefined {
  const words = argv.filter(
    (word, at) => !word.startsWith("-") && word !== "help" && argv[at - 1] !== "--study",
  );
  return [words.slice(0, 2).join(" "), words[0] ?? ""].find(
    (name) => Object.hasOwn(stages, name) || Object.hasOwn(commands, name),
  );
}

async function programOf(effects: Effects, named: string | undefined): Promise<Program> {
  const program = new Program("tinylove")
    .description(
      "Can readers tell a very short story that a language model wrote from one that a person wrote?",
    )
    .version(version)
    .option("--study <folder>", "the study's folder (default: the current folder)")
    .showHelpAfterError("(run with `--help` to see commands and flags)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => effects.print(text.trimEnd()),
      writeErr: (text) => effects.log(text.trimEnd()),
    });
  // In two steps: Node opens all files of an import at once, and a server may have a low limit on open files.
  if (named !== undefined) await import("./workbench/study.ts");
  program.commandsGroup("Stages, in the order of a study:");
  for (const [name, listed] of Object.entries(stages)) {
    if (name === named) addStage(program, listed, await listed.load(), effects);
    else addSubcommand(program, name, listed);
  }
  program.commandsGroup("Commands:");
  for (const [name, listed] of Object.entries(commands)) {
    if (name === named) addCommand(program, listed, await listed.load(), effects);
    else addSubcommand(program, name, listed);
  }
  program.addHelpText(
    "after",
    `\nStart with:\n  $ tinylove init my-study\n  $ tinylove run --study my-study\n  $ tinylove serve --study my-study`,
  );
  return program;
}

function addStage(program: Program, listed: ListEntry<AnyStage>, stage: AnyStage, effects: Effects): void {
  const subcommand = addSubcommand(program, stage.name, listed, stage);
  subcommand.action(async (flags: Record<string, unknown>, self: Program) => {
    const { checkedOptions } = await import("./workbench/options.ts");
    const options = stage.options ? checkedOptions(stage.options, withoutStudyFlag(flags)) : {};
    const standalone = stage.standalone?.(options, effects);
    if (standalone) return standalone;
    const { openStudy } = await import("./workbench/study.ts");
    const { runSingleStage } = await import("./workbench/run-single-stage.ts");
    const study = await openStudy(folderOf(self));
    return runSingleStage(stage, await loadMembers(stages), study, options, effects);
  });
}

function addCommand(
  program: Program,
  listed: ListEntry<AnyCommand>,
  command: AnyCommand,
  effects: Effects,
): void {
  const subcommand = addSubcommand(program, command.name, listed, command);
  subcommand.action(async (...received: unknown[]) => {
    const self = received.at(-1) as Program;
    const names = self.registeredArguments.map((argument) => argument.name());
    const positional = names.map((name, at) => [name, received[at]]);
    const given = {
      ...withoutStudyFlag(self.opts()),
      ...Object.fromEntries(positional.filter(([, value]) => value !== undefined)),
    };
    const { checkedOptions } = await import("./workbench/options.ts");
    await command.run(folderOf(self), checkedOptions(command.options, given, names), effects);
  });
}

/**
 * Adds a subcommand, which takes `--study` also after its name. Only a loaded one (`member`) has flags and examples; for the
 * others there is enough for the list of commands.
 */
function addSubcommand(
  program: Program,
  name: string,
  { summary, parameters }: ListEntry<unknown>,
  member?: AnyStage | AnyCommand,
): Program {
  const subcommand = parentOf(program, name).command(name.split(" ").at(-1)!).description(summary);
  if (!member) {
    if (parameters !== undefined) subcommand.arguments(parameters);
  } else {
    if ("parameters" in member)
      for (const [notation, meaning] of member.parameters ?? []) subcommand.argument(notation, meaning);
    for (const [notation, meaning] of member.flags ?? []) subcommand.option(notation, meaning);
    const examples = member.examples.map((line) => `  $ ${line}`).join("\n");
    subcommand.addHelpText("after", `\nExamples:\n${examples}`);
  }
  return subcommand.option("--study <folder>", "the study's folder (default: the current folder)");
}

/** A command of two words, such as `tune plan`, belongs to the group that its first word names. */
function parentOf(program: Program, name: string): Program {
  const [group, member] = name.split(" ");
  if (group === undefined || member === undefined) return program;
  return (
    program.commands.find((one) => one.name() === group) ??
    program.command(group).description(`${groups[group]}: ${membersOf(group).join(", ")}`)
  );
}

const membersOf = (group: string): string[] =>
  Object.keys(commands)
    .filter((name) => name.startsWith(`${group} `))
    .map((name) => name.slice(group.length + 1));

/** `--study` may come before or after the command's name; the default is the current folder. */
const folderOf = (self: Program): string => self.optsWithGlobals<{ study?: string }>().study ?? ".";

const withoutStudyFlag = ({ study: _, ...flags }: Record<string, unknown>) => flags;

function reportError(thrown: unknown, effects: Effects): number {
  if (thrown instanceof StudyError) {
    effects.log(`error: ${thrown.message}${thrown.hint ? ` (${thrown.hint})` : ""}`);
    return 1;
  }
  if (thrown instanceof Interrupted || effects.signal.aborted) {
    effects.log("Interrupted. Run the same command to continue where it stopped.");
    return 130;
  }
  const fileError = fileErrorOf(thrown);
  if (fileError) {
    effects.log(`error: ${pathOf(thrown)}: ${fileError} (free some space, or choose another file or folder)`);
    return 1;
  }
  // Commander has already printed its message or the help.
  if (thrown instanceof Error && "exitCode" in thrown && typeof thrown.exitCode === "number")
    return thrown.exitCode;
  effects.log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  return 70;
}

/** The file that a system error is about. */
const pathOf = (thrown: unknown): string =>
  thrown instanceof Error && "path" in thrown ? String(thrown.path) : messageOf(thrown);
