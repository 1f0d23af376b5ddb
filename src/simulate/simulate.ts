import { relative, resolve } from "node:path";
import { z } from "zod";
import type { Origin } from "../stats/judgments.ts";
import type { Random } from "../stats/random.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { base32 } from "../survey/ids.ts";
import type { Participant } from "../survey/participant.ts";
import { isAsked } from "../survey/question-pages.ts";
import { copyStudy } from "../survey/store/copy-study.ts";
import { openDatabase } from "../survey/store/database.ts";
import { exportAnswers } from "../survey/store/export-answers.ts";
import { Store } from "../survey/store/store.ts";
import { readStudyMaterials, type StudyMaterials } from "../survey/study-materials.ts";
import { planOf } from "../survey/survey-plan.ts";
import type { Answer } from "../tasks/kinds.ts";
import type { SimulatedReader } from "../tasks/simulated.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { readKey } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { quoted } from "../workbench/quoted.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";

const Options = z.object({
  participants: wholeNumber(1, 100_000).default(100),
  skill: realNumber(-10, 10).default(0),
  bias: realNumber(-10, 10).default(0),
  readerSpread: realNumber(0, 10).default(0.3),
  storySpread: realNumber(0, 10).default(0.3),
  told: realNumber(-10, 10).default(0.5),
  to: z.string().optional(),
});
type Options = Readonly<z.infer<typeof Options>>;

/** `tinylove simulate`: makes a copy of the study and fills it with responses of simulated participants. */
export const simulate = command({
  name: "simulate",
  examples: [
    "tinylove simulate --study my-study --participants 100 --skill 0",
    "tinylove simulate --skill 1 --bias 0.3 --to elsewhere",
  ],
  flags: [
    ["--participants <number>", "number of simulated participants (default: 100)"],
    ["--skill <d'>", "sensitivity d' of the typical reader; 0 means guessing (default: 0)"],
    ["--bias <number>", "response bias towards `human`, in standard deviations of the evidence (default: 0)"],
    [
      "--reader-spread <number>",
      "standard deviation of bias and of log skill between readers (default: 0.3)",
    ],
    ["--story-spread <number>", "standard deviation between stories in how human they seem (default: 0.3)"],
    [
      "--told <number>",
      "shift towards `human` if a condition says that a person wrote the story, and away from it if it says a machine (default: 0.5)",
    ],
    ["--to <folder>", "a new or empty folder (default: the study's folder with -simulated appended)"],
  ],
  options: Options,
  async run(folder, options, effects) {
    const study = await openStudy(folder);
    await readStudyMaterials(study);
    const target = resolve(options.to ?? `${study.folder}-simulated`);
    await copyStudy(study, target);
    const copy = await openStudy(target);
    await simulateResponses(copy, options, effects);
    effects.log(`${options.participants} simulated participants have answered in ${target}`);
    const note = tooFewForVerdict(options.participants, copy);
    if (note !== undefined) effects.log(note);
    const shown = relative(process.cwd(), target) || ".";
    const at = shown.startsWith("..") ? target : shown;
    effects.log(`next: \`tinylove run --study ${quoted(at)}\` analyses them and writes the report`);
    effects.print(target);
  },
});

/** A note if these participants are too few for a verdict, which exists only at the planned end and at declared looks. */
function tooFewForVerdict(participants: number, { config }: Study): string | undefined {
  const planned = plannedEnd(config);
  if (planned === undefined || participants >= planned) return undefined;
  if (config.analyse.stop.looks.some((look) => participants / planned >= look)) return undefined;
  return `there is no verdict before the planned end of ${planned} readers: use --participants ${planned} to see one`;
}

/** The number of participants who share a transaction. */
const participantsPerBatch = 50;

/** Simulated answers are dated in 2000, so that nobody mistakes them for real ones. */
const simulatedDay = Date.UTC(2000, 0, 1);

/** Simulates participants with the same allocation and tasks as real ones. The store is always the embedded one. */
async function simulateResponses(study: Study, options: Options, effects: Effects): Promise<void> {
  const materials = await readStudyMaterials(study);
  const origins = new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));
  const store = new Store(await openDatabase(study, {}));
  const progress = effects.progress("simulating", options.participants);
  const random = study.random("simulate", options.participants, options.skill, options.bias);
  try {
    await store.metadata.getOrCreate("material", () => materials.hash);
    const simulation = { study, materials, origins, store, options, random };
    for (let first = 1; first <= options.participants; first += participantsPerBatch) {
      effects.signal.throwIfAborted();
      const last = Math.min(options.participants, first + participantsPerBatch - 1);
      // The store handles them in the order of their calls, so that the result is reproducible.
      const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      await Promise.all(numbers.map((number) => simulateParticipant(number, simulation)));
      progress.to(last);
    }
    await exportAnswers(study, store, effects.warn);
  } finally {
    progress.end();
    await store.close();
  }
}

interface Simulation {
  readonly study: Study;
  readonly materials: StudyMaterials;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly store: Store;
  readonly options: Options;
  readonly random: Random;
}

async function simulateParticipant(number: number, simulation: Simulation): Promise<void> {
  const { materials, store } = simulation;
  const random = simulation.random.fork("participant", number);
  const id = idFrom(random);
  // They start one minute apart.
  let now = simulatedDay + number * 60_000;
  const allocated = await store.allocate(
    {
      id,
      secret: idFrom(random),
      now,
      reserve: 3_600_000,
      forms: [...materials.forms.keys()],
      groupOf: (form) => materials.forms.get(form)?.group,
      quota: undefined,
      simulated: true,
      planFor: (form) =>
        planOf(materials.forms.get(form)!, random.fork("order"), {
          originLast: simulation.study.config.survey.pages === "story",
        }),
    },
    random.fork("allocation"),
  );
  const participant = allocated as Participant;
  const reader = readerFrom(simulation.options, random.fork("reader"));
  const given = new Map<string, Answer>();
  const answers = participant.plan.map((planned) => {
    // The store records by itself which questions are not asked.
    if (!isAsked(participant.plan, planned, given)) return undefined;
    const response = responseTo(planned, reader, simulation, random.fork("answer", planned.question));
    given.set(planned.question, response);
    const ms = Math.round(20_000 * Math.exp(0.4 * random.normal()));
    now += ms;
    return store.submitAnswer({
      participant: id,
      question: planned.question,
      key: idFrom(random),
      response,
      ms,
      now,
      reserve: 3_600_000,
      mayChange: false,
    });
  });
  await Promise.all(answers);
}

function responseTo(
  { task, stimuli, told }: Participant["plan"][number],
  reader: SimulatedReader,
  { origins, options, study }: Simulation,
  random: Random,
) {
  const shown = stimuli.map((id) => {
    const origin = origins.get(id);
    if (!origin)
      throw new StudyError(`stimuli/key.csv: no row for ${id}`, { hint: "run `tinylove compose` again" });
    return origin;
  });
  // How human a story seems is the same for all readers.
  const humanness = stimuli.map((id) => options.storySpread * study.random("simulate", "story", id).normal());
  const [left = 0, right = 0] = humanness;
  const shift = told === undefined ? 0 : told === "machine" ? -options.told : options.told;
  return taskNamed(task)!.simulate(
    shown,
    { ...reader, bias: reader.bias + left - right + shift },
    random,
    study.config.survey.demographics,
  );
}

/** Readers differ in bias and, by a factor, in skill: with skill 0 every reader guesses. */
const readerFrom = ({ skill, bias, readerSpread }: Options, random: Random): SimulatedReader => ({
  skill: skill * Math.exp(readerSpread * random.normal()),
  bias: bias + readerSpread * random.normal(),
});

const idFrom = (random: Random): string =>
  base32(Uint8Array.from({ length: 16 }, () => random.integer(0, 255)));
