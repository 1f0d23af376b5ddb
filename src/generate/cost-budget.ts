import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { Tokens } from "../llm/answer.ts";
import type { Ask } from "../llm/dialect.ts";
import type { ServedSettings } from "../study/settings/models.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/** What may be spent on one request at most, set aside until it is known what it did cost. */
export interface Reservation {
  /** Pays what it cost; without tokens, or where the server did not count them, all that was set aside, as an estimate. */
  pay(tokens?: Tokens): Promise<void>;
  /** Frees it all: the server has said that it did nothing. */
  free(): Promise<void>;
}

/**
 * Counts what requests to a model cost, over all runs of a study, and sends none that could take the sum above
 * `budget`. Without a price it counts nothing.
 */
export interface CostBudget {
  /** Waits for others to be settled where they hold too much; throws StudyError when there is too little left. */
  reserve(ask: Ask, mostTokens: number): Promise<Reservation>;
  /** Says what the model has cost. */
  report(): void;
}

const Entry = z.object({
  model: z.string(),
  id: z.string(),
  reserved: z.number().nonnegative().optional(),
  paid: z.number().nonnegative().optional(),
  estimated: z.boolean().optional(),
});

const costsFile = (study: Study): string => study.path(".tinylove", "costs.jsonl");

const nothing: Reservation = { pay: async () => {}, free: async () => {} };

/** Opens the budget of a model; a run that was killed leaves what it had set aside, which counts as spent. */
export async function costBudgetOf(
  model: ServedSettings,
  study: Study,
  effects: Effects,
): Promise<CostBudget> {
  const { price, budget, address } = model;
  if (!price) {
    if (budget === undefined) return { reserve: async () => nothing, report() {} };
    throw new StudyError(`${address}: a budget of ${budget} without a price`, {
      hint: "give `price: { input: ..., output: ... }`, of a million tokens each",
    });
  }
  const cost = (prompt: number, generated: number) => (price.input * prompt + price.output * generated) / 1e6;
  const name = model.name ?? address;
  const before = await spentBefore(name, study);
  let { paid, estimated } = before;
  let setAside = 0;
  const run = `${effects.now().toString(36)}-${process.pid}`;
  let requests = 0;
  let waiting: (() => void)[] = [];
  const note = async (entry: Omit<z.infer<typeof Entry>, "model">) => {
    await mkdir(dirname(costsFile(study)), { recursive: true });
    await appendFile(costsFile(study), `${JSON.stringify({ model: name, ...entry })}\n`);
  };
  return {
    async reserve({ prompt }, mostTokens) {
      // A token has at least a byte, so this is never too little.
      const most = cost(Buffer.byteLength(prompt.text), mostTokens);
      while (budget !== undefined && paid + setAside + most > budget) {
        if (setAside === 0) {
          throw new StudyError(
            `${address}: the budget of ${budget} is used up (${paid.toFixed(4)} spent over all runs, and a request may cost ${most.toFixed(4)})`,
            { hint: "raise `budget`; what was written is kept" },
          );
        }
        effects.signal.throwIfAborted();
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      setAside += most;
      const id = `${run}-${++requests}`;
      await note({ id, reserved: most });
      const settle = async (spent: number, guessed: boolean) => {
        setAside -= most;
        if (setAside < 1e-12) setAside = 0;
        paid += spent;
        if (guessed) estimated += spent;
        const free = waiting;
        waiting = [];
        for (const go of free) go();
        await note({ id, paid: spent, ...(guessed && { estimated: true }) });
      };
      return {
        pay: (tokens) =>
          tokens === undefined || tokens.estimated
            ? settle(most, true)
            : settle(cost(tokens.prompt, tokens.generated), false),
        free: () => settle(0, false),
      };
    },
    report() {
      if (paid === 0) return;
      const now = before.paid > 0 ? ` (${(paid - before.paid).toFixed(4)} in this run)` : "";
      const part = estimated > 0 ? `, of which ${estimated.toFixed(4)} is an estimate` : "";
      effects.log(`  ${address}: cost ${paid.toFixed(4)}${now}${part}`);
    },
  };
}

async function spentBefore(name: string, study: Study): Promise<{ paid: number; estimated: number }> {
  if (!(await exists(costsFile(study)))) return { paid: 0, estimated: 0 };
  const settled = new Map<string, z.infer<typeof Entry>>();
  for (const line of (await readText(costsFile(study))).split("\n")) {
    const entry = entryOf(line);
    if (entry?.model === name) settled.set(entry.id, { ...settled.get(entry.id), ...entry });
  }
  let [paid, estimated] = [0, 0];
  for (const { paid: known, reserved = 0, estimated: guessed } of settled.values()) {
    paid += known ?? reserved;
    if (known === undefined || guessed) estimated += known ?? reserved;
  }
  return { paid, estimated };
}

function entryOf(line: string): z.infer<typeof Entry> | undefined {
  try {
    return Entry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
