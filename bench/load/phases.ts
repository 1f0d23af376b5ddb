import { readFileSync } from "node:fs";
import { Connection } from "./connection.ts";
import type { Participant, Survey } from "./survey.ts";

/** The measurements of one phase of load. Times are in milliseconds. */
export interface Phase {
  readonly seconds: number;
  readonly pages: readonly number[];
  readonly answers: readonly number[];
  /** The ids of the acknowledged answers. */
  readonly acknowledged: readonly string[];
  readonly errors: number;
  /** Seconds of processor time that the survey took, all its processes together. */
  readonly processor: number;
}

/**
 * A burst of arrivals: `participants` arrive within ten seconds, each reads for a second before every answer, and everyone
 * who has finished is replaced at once. Measured for `watched` milliseconds after the last arrival.
 */
export function arrivalBurst(survey: Survey, participants: number, watched: number): Promise<Phase> {
  const arriving = 10_000;
  const over = performance.now() + arriving + watched;
  return watch(survey, arriving, async (tally) => {
    await Promise.all(
      Array.from({ length: participants }, async () => {
        await pause(Math.random() * arriving);
        while (performance.now() < over) await takePart(survey, tally, () => performance.now() < over, 1000);
      }),
    );
  });
}

/** `readers` take part at the same time for some seconds, each answering as soon as the page has arrived. */
export function saturation(survey: Survey, readers: number, milliseconds: number): Promise<Phase> {
  const over = performance.now() + milliseconds;
  return watch(survey, 0, async (tally) => {
    await Promise.all(
      Array.from({ length: readers }, async () => {
        while (performance.now() < over) await takePart(survey, tally, () => performance.now() < over, 0);
      }),
    );
  });
}

/** Only answers, as the survey's script sends them, by participants who had arrived before the measurement began. */
export async function answersAlone(survey: Survey, readers: number, participants: number): Promise<Phase> {
  const waiting: { connection: Connection; participant: Participant }[] = [];
  let left = participants;
  await Promise.all(
    Array.from({ length: readers }, async () => {
      while (left-- > 0) {
        const connection = new Connection(survey.port);
        waiting.push({ connection, participant: await survey.begin(connection) });
        connection.close();
      }
    }),
  );
  return watch(survey, 0, async (tally) => {
    await Promise.all(
      Array.from({ length: readers }, async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) {
          for (let position = 1; position <= survey.questions; position++)
            await tally.answer(() => next!.participant.answerAlone!(position));
          next.connection.close();
        }
      }),
    );
  });
}

async function takePart(
  survey: Survey,
  tally: Tally,
  goesOn: () => boolean,
  thinking: number,
): Promise<void> {
  const connection = new Connection(survey.port);
  try {
    const participant = await survey.begin(connection);
    await pause(thinking);
    for (let position = 1; position <= survey.questions && goesOn(); position++) {
      await tally.page(() => participant.page(position));
      await pause(thinking);
      await tally.answer(() => participant.answer(position));
    }
  } catch {
    tally.errors++;
  } finally {
    connection.close();
  }
}

class Tally {
  readonly pages: number[] = [];
  readonly answers: number[] = [];
  readonly acknowledged: string[] = [];
  errors = 0;
  watching = false;

  async page(ask: () => Promise<{ readonly status: number }>): Promise<void> {
    const sent = performance.now();
    const { status } = await ask();
    if (this.watching) this.pages.push(performance.now() - sent);
    if (status !== 200) this.errors++;
  }

  async answer(send: () => Promise<string | undefined>): Promise<void> {
    const sent = performance.now();
    const name = await send();
    if (this.watching) this.answers.push(performance.now() - sent);
    if (name === undefined) this.errors++;
    else this.acknowledged.push(name);
  }
}

async function watch(survey: Survey, after: number, work: (tally: Tally) => Promise<void>): Promise<Phase> {
  const tally = new Tally();
  let began = 0;
  let before = 0;
  const begin = () => {
    began = performance.now();
    before = processorSeconds(survey.processes());
    tally.watching = true;
  };
  if (after === 0) begin();
  else setTimeout(begin, after);
  await work(tally);
  const { pages, answers, acknowledged, errors } = tally;
  const seconds = (performance.now() - began) / 1000;
  return {
    seconds,
    pages,
    answers,
    acknowledged,
    errors,
    processor: processorSeconds(survey.processes()) - before,
  };
}

/** The quantile of some values; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export const pause = (milliseconds: number): Promise<void> =>
  milliseconds === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Processor time of processes as Linux counts it, in hundredths of a second; 0 elsewhere. */
function processorSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = procFile(pid, "stat")
      .replace(/^.*\) /, "")
      .split(" ");
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
  }, 0);
}

/** Peak memory of a process, in MB of a million bytes; 0 on other systems than Linux. */
export const peakMemory = (pid: number): number =>
  (Number(/VmHWM:\s+(\d+)/.exec(procFile(pid, "status"))?.[1] ?? 0) * 1024) / 1e6;

/** The memory it has now. */
export const memory = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+)/.exec(procFile(pid, "status"))?.[1] ?? 0) * 1024) / 1e6;

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
