import { Command as Program } from "commander";
import { commands, groups, type Listed, loaded, stages } from "./stages.ts";
import { type Effects, worldEffects } from "./workbench/effects.ts";
import { fileErrorOf, messageOf, StudyError } from "./workbench/errors.ts";
import type { AnyCommand, AnyStage } from "./workbench/stage.ts";
import { version } from "./workbench/version.ts";

/** Runs one command line and returns the exit code: 0, 1 for what the user can mend, 70 for a bug, 130 when interrupted. */
export async function main(argv: readonly string[], effects: Effects): Promise<number> {
  try {
    const program = await programOf(effects, nameIn(argv));
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (thrown) {
    return explain(thrown, effects);
  }
}

/** Runs the process's own command line; the first interrupt asks the work to stop, a second one ends the process. */
export async function runProcess(): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(130);
      interruption.abort(new Interrupted());
    });
  }
  // The reader of a pipe may leave early (`| head`); that is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
  });
  process.exitCode = await main(process.argv.slice(2), worldEffects(interruption.signal));
}

class Interrupted extends Error {}

/**
 * The command that a command line names by its first words; undefined where it names none. Only this one is loaded: the
 * list says all that help shows of the others.
 */
function nameIn(argv: readonly string[]): string | undefined {
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
    .option("--study <folder>", "the study's folder (default: here)")
    .showHelpAfterError("(`--help` shows what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => effects.print(text.trimEnd()),
      writeErr: (text) => effects.log(text.trimEnd()),
    });
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
    `\nBegin with:\n  $ tinylove init my-study\n  $ tinylove run --study my-study\n  $ tinylove serve --study my-study`,
  );
  return program;
}

function addStage(program: Program, listed: Listed<AnyStage>, stage: AnyStage, effects: Effects): void {
  const subcommand = addSubcommand(program, stage.name, listed, stage);
  subcommand.action(async (flags: Record<string, unknown>, self: Program) => {
    const { checkedOptions } = await import("./workbench/options.ts");
    const options = stage.options ? checkedOptions(stage.options, ownFlags(flags)) : {};
    const alone = stage.standalone?.(options, effects);
    if (alone) return alone;
    const { openStudy } = await import("./workbench/study.ts");
    const { runSingleStage } = await import("./workbench/run-single-stage.ts");
    const study = await openStudy(folderOf(self));
    return runSingleStage(stage, await loaded(stages), study, options, effects);
  });
}

function addCommand(
  program: Program,
  listed: Listed<AnyCommand>,
  command: AnyCommand,
  effects: Effects,
): void {
  const subcommand = addSubcommand(program, command.name, listed, command);
  subcommand.action(async (...received: unknown[]) => {
    const self = received.at(-1) as Program;
    const names = self.registeredArguments.map((argument) => argument.name());
    const positional = names.map((name, at) => [name, received[at]]);
    const given = {
      ...ownFlags(self.opts()),
      ...Object.fromEntries(positional.filter(([, value]) => value !== undefined)),
    };
    const { checkedOptions } = await import("./workbench/options.ts");
    await command.run(folderOf(self), checkedOptions(command.options, given, names), effects);
  });
}

/**
 * A subcommand, with `--study` after its name as well as before it. One that is loaded has its flags and examples; of
 * the others there is what the help of their parent shows.
 */
function addSubcommand(
  program: Program,
  name: string,
  { summary, parameters }: Listed<unknown>,
  member?: AnyStage | AnyCommand,
): Program {
  const subcommand = parentOf(program, name).command(name.split(" ").at(-1)!).description(summary);
  if (!member) {
    if (parameters !== undefined) subcommand.arguments(parameters);
  } else {
    if ("parameters" in member)
      for (const [notation, means] of member.parameters ?? []) subcommand.argument(notation, means);
    for (const [notation, means] of member.flags ?? []) subcommand.option(notation, means);
    const examples = member.examples.map((line) => `  $ ${line}`).join("\n");
    subcommand.addHelpText("after", `\nExamples:\n${examples}`);
  }
  return subcommand.option("--study <folder>", "the study's folder (default: here)");
}

/** A name of two words, `tune plan`, stands below a group of its first word. */
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

/** `--study` stands before or after the command's name; without it the study is where one stands. */
const folderOf = (self: Program): string => self.optsWithGlobals<{ study?: string }>().study ?? ".";

const ownFlags = ({ study: _, ...flags }: Record<string, unknown>) => flags;

function explain(thrown: unknown, effects: Effects): number {
  if (thrown instanceof StudyError) {
    effects.log(`error: ${thrown.message}${thrown.hint ? ` (${thrown.hint})` : ""}`);
    return 1;
  }
  if (thrown instanceof Interrupted || effects.signal.aborted) {
    effects.log("interrupted; the same command goes on where it stopped");
    return 130;
  }
  const trouble = fileErrorOf(thrown);
  if (trouble) {
    effects.log(`error: ${pathOf(thrown)}: ${trouble} (make room, or choose another file or folder)`);
    return 1;
  }
  // Commander has printed its own message, or the help that was asked for.
  if (thrown instanceof Error && "exitCode" in thrown && typeof thrown.exitCode === "number")
    return thrown.exitCode;
  effects.log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  return 70;
}

/** Which file a system error is about. */
const pathOf = (thrown: unknown): string =>
  thrown instanceof Error && "path" in thrown ? String(thrown.path) : messageOf(thrown);
