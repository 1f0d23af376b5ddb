import { relative, resolve } from "node:path";
import { z } from "zod";
import type { Random } from "../stats/random.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { base32 } from "../survey/ids.ts";
import type { Participant } from "../survey/participant.ts";
import { copyStudy } from "../survey/store/copy-study.ts";
import { openDatabase } from "../survey/store/database.ts";
import { exportAnswers } from "../survey/store/exporting.ts";
import { Store } from "../survey/store/store.ts";
import { readStudyMaterials, type StudyMaterials } from "../survey/study-materials.ts";
import { planOf } from "../survey/survey-plan.ts";
import type { SimulatedReader } from "../tasks/simulated.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { readKey } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";

const Options = z.object({
  participants: wholeNumber(1, 100_000).default(100),
  skill: realNumber(-10, 10).default(0),
  bias: realNumber(-10, 10).default(0),
  readerSpread: realNumber(0, 10).default(0.3),
  storySpread: realNumber(0, 10).default(0.3),
  to: z.string().optional(),
});
type Options = Readonly<z.infer<typeof Options>>;

/** `tinylove simulate`: a copy of the study whose survey has been answered by simulated participants. */
export const simulate = command({
  name: "simulate",
  summary: "Fill a copy of the study with simulated judgments, marked as such",
  examples: [
    "tinylove simulate --study my-study --participants 100 --skill 0",
    "tinylove simulate --skill 1 --bias 0.3 --to elsewhere",
  ],
  flags: [
    ["--participants <number>", "how many (default: 100)"],
    ["--skill <d'>", "sensitivity d' of the typical reader; 0 guesses (default: 0)"],
    ["--bias <number>", "towards `human` in standard deviations of the evidence (default: 0)"],
    [
      "--reader-spread <number>",
      "standard deviation between readers of bias and of log skill (default: 0.3)",
    ],
    ["--story-spread <number>", "standard deviation between stories of how human they seem (default: 0.3)"],
    ["--to <folder>", "a new or empty folder (default: beside the study, with -simulated after its name)"],
  ],
  options: Options,
  async run(folder, options, effects) {
    const study = await openStudy(folder);
    await readStudyMaterials(study);
    const target = resolve(options.to ?? `${study.folder}-simulated`);
    await copyStudy(study, target);
    const copy = await openStudy(target);
    await fill(copy, options, effects);
    effects.log(`${options.participants} simulated participants have answered in ${target}`);
    const early = sayTooFew(options.participants, copy);
    if (early !== undefined) effects.log(early);
    const shown = relative(process.cwd(), target) || ".";
    const at = shown.startsWith("..") ? target : shown;
    effects.log(`next: \`tinylove run --study ${at}\` analyses them and writes the report`);
    effects.print(target);
  },
});

/** A study has no verdict before its planned end, but at a look that it declares; undefined where one is given. */
function sayTooFew(participants: number, { config }: Study): string | undefined {
  const planned = plannedEnd(config);
  if (planned === undefined || participants >= planned) return undefined;
  if (config.analyse.stop.looks.some((look) => participants / planned >= look)) return undefined;
  return `the study ends at ${planned} readers, and before that it has no verdict: \`--participants ${planned}\` shows one`;
}

/** Participants who share a transaction. */
const atOnce = 50;

/** Answers in a time that nobody can take for a real one. */
const simulatedDay = Date.UTC(2000, 0, 1);

/** Lets simulated participants through the same allocation and the same tasks as real ones. The store is always the embedded one. */
async function fill(study: Study, options: Options, effects: Effects): Promise<void> {
  const material = await readStudyMaterials(study);
  const origins = new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));
  const store = new Store(await openDatabase(study, {}));
  const progress = effects.progress("simulating", options.participants);
  const random = study.random("simulate", options.participants, options.skill, options.bias);
  try {
    await store.facts.keep("material", () => material.hash);
    const world = { study, material, origins, store, options, random };
    for (let first = 1; first <= options.participants; first += atOnce) {
      effects.signal.throwIfAborted();
      const last = Math.min(options.participants, first + atOnce - 1);
      // The store takes them in the order in which they ask, so that the outcome is the same each time.
      const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      await Promise.all(numbers.map((number) => takePart(number, world)));
      progress.to(last);
    }
    await exportAnswers(study, store, effects.warn);
  } finally {
    progress.end();
    await store.close();
  }
}

interface World {
  readonly study: Study;
  readonly material: StudyMaterials;
  readonly origins: ReadonlyMap<string, "human" | "machine">;
  readonly store: Store;
  readonly options: Options;
  readonly random: Random;
}

async function takePart(number: number, world: World): Promise<void> {
  const { material, store } = world;
  const random = world.random.fork("participant", number);
  const id = idFrom(random);
  // One begins a minute after the other.
  let now = simulatedDay + number * 60_000;
  const entered = await store.enter(
    {
      id,
      secret: idFrom(random),
      now,
      reserve: 3_600_000,
      forms: [...material.forms.keys()],
      quota: undefined,
      simulated: true,
      planFor: (form) => planOf(material.forms.get(form)!, random.fork("order")),
    },
    random.fork("allocation"),
  );
  const participant = entered as Participant;
  const reader = readerFrom(world.options, random.fork("reader"));
  const answers = participant.plan.map((planned) => {
    const ms = Math.round(20_000 * Math.exp(0.4 * random.normal()));
    now += ms;
    return store.answer({
      participant: id,
      question: planned.question,
      key: idFrom(random),
      response: responseTo(planned, reader, world, random.fork("answer", planned.question)),
      ms,
      now,
      reserve: 3_600_000,
      change: false,
    });
  });
  await Promise.all(answers);
}

function responseTo(
  { task, stimuli }: Participant["plan"][number],
  reader: SimulatedReader,
  { origins, options, study }: World,
  random: Random,
) {
  const shown = stimuli.map((id) => {
    const origin = origins.get(id);
    if (!origin)
      throw new StudyError(`stimuli/key.csv: no row for ${id}`, { hint: "run `tinylove compose` again" });
    return origin;
  });
  // How human a story seems is a property of the story: all readers share it.
  const seems = stimuli.map((id) => options.storySpread * study.random("simulate", "story", id).normal());
  const [left = 0, right = 0] = seems;
  return taskNamed(task)!.simulate(
    shown,
    { ...reader, bias: reader.bias + left - right },
    random,
    study.config.survey.demographics,
  );
}

/** Readers differ in bias, and by a factor in skill: with skill 0 there is nobody who can tell. */
const readerFrom = ({ skill, bias, readerSpread }: Options, random: Random): SimulatedReader => ({
  skill: skill * Math.exp(readerSpread * random.normal()),
  bias: bias + readerSpread * random.normal(),
});

const idFrom = (random: Random): string =>
  base32(Uint8Array.from({ length: 16 }, () => random.integer(0, 255)));
