import { z } from "zod";
import type { Ask } from "../llm/served/dialect.ts";
import type { Tokens } from "../llm/served/reply.ts";
import type { ServedSettings } from "../study/settings/models.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { openJournal } from "../workbench/journal.ts";
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
  /**
   * Sets aside what a request of at most so many tokens may cost, and waits for others to be settled where they hold
   * too much. Throws StudyError when too little is left, and under a budget where nothing limits the tokens.
   */
  reserve(ask: Ask, mostTokens: number | undefined): Promise<Reservation>;
  /** Sets aside what all requests of one job may cost; throws StudyError when that is more than is left. */
  reserveJob(asks: readonly Ask[], mostTokens: (ask: Ask) => number | undefined): Promise<Reservation[]>;
  /** Says what the model has cost, and lets go of its journal. */
  close(): Promise<void>;
}

const Entry = z.object({
  model: z.string(),
  id: z.string(),
  reserved: z.number().nonnegative().optional(),
  paid: z.number().nonnegative().optional(),
  estimated: z.boolean().optional(),
});

type Entry = z.infer<typeof Entry>;

const nothing: Reservation = { pay: async () => {}, free: async () => {} };

/** Opens the budget of a model; a run that was killed leaves what it had set aside, which counts as spent. */
export async function costBudgetOf(
  model: ServedSettings,
  study: Study,
  effects: Effects,
): Promise<CostBudget> {
  const { price, budget, address } = model;
  if (!price) {
    if (budget === undefined)
      return {
        reserve: async () => nothing,
        reserveJob: async (asks) => asks.map(() => nothing),
        close: async () => {},
      };
    throw new StudyError(`${address}: a budget of ${budget} without a price`, {
      hint: "give `price: { input: ..., output: ... }`, of a million tokens each",
    });
  }
  const cost = (prompt: number, generated: number) => (price.input * prompt + price.output * generated) / 1e6;
  const name = model.name ?? address;
  const journal = await openJournal<Entry>(study.path(".tinylove", "costs.jsonl"), {
    read(value) {
      const entry = Entry.safeParse(value).data;
      return entry && [keyOf(entry), entry];
    },
    write: (_, entry) => entry,
  });
  const before = spentIn([...journal.entries.values()].filter(({ model }) => model === name));
  let { paid, estimated } = before;
  let setAside = 0;
  const run = `${effects.now().toString(36)}-${process.pid}`;
  let requests = 0;
  let waiting: (() => void)[] = [];
  const mostOf = ({ prompt }: Ask, mostTokens: number | undefined): number => {
    if (mostTokens === undefined && budget !== undefined) {
      throw new StudyError(
        `${address}: a budget of ${budget}, but \`send:\` leaves out the limit of tokens`,
        {
          hint: "a request without a limit may cost anything: keep one, or leave the budget out",
        },
      );
    }
    // A token has at least a byte, so this is never too little.
    return cost(Buffer.byteLength(prompt.text), mostTokens ?? 0);
  };
  const usedUp = (most: number): StudyError =>
    new StudyError(
      `${address}: the budget of ${budget} is used up (${paid.toFixed(4)} spent over all runs, and as much as ${most.toFixed(4)} would be next)`,
      { hint: "raise `budget`; what was written is kept" },
    );
  const setApart = async (most: number): Promise<Reservation> => {
    setAside += most;
    const entry = { model: name, id: `${run}-${++requests}`, reserved: most };
    await journal.put(keyOf(entry), entry);
    const settle = async (spent: number, guessed: boolean) => {
      setAside -= most;
      if (setAside < 1e-12) setAside = 0;
      paid += spent;
      if (guessed) estimated += spent;
      const free = waiting;
      waiting = [];
      for (const go of free) go();
      await journal.put(keyOf(entry), { ...entry, paid: spent, ...(guessed && { estimated: true }) });
    };
    return {
      pay: (tokens) =>
        tokens === undefined || tokens.estimated
          ? settle(most, true)
          : settle(cost(tokens.prompt, tokens.generated), false),
      free: () => settle(0, false),
    };
  };
  return {
    async reserve(ask, mostTokens) {
      const most = mostOf(ask, mostTokens);
      while (budget !== undefined && paid + setAside + most > budget) {
        if (setAside === 0) throw usedUp(most);
        effects.signal.throwIfAborted();
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return setApart(most);
    },
    async reserveJob(asks, mostTokens) {
      const each = asks.map((ask) => mostOf(ask, mostTokens(ask)));
      const all = each.reduce((sum, most) => sum + most, 0);
      if (budget !== undefined && paid + setAside + all > budget) throw usedUp(all);
      const reserved: Reservation[] = [];
      for (const most of each) reserved.push(await setApart(most));
      return reserved;
    },
    async close() {
      await journal.close();
      if (paid === 0) return;
      const now = before.paid > 0 ? ` (${(paid - before.paid).toFixed(4)} in this run)` : "";
      const part = estimated > 0 ? `, of which ${estimated.toFixed(4)} is an estimate` : "";
      effects.log(`  ${address}: cost ${paid.toFixed(4)}${now}${part}`);
    },
  };
}

/** Two models that are opened at one moment number their requests alike. */
const keyOf = ({ model, id }: Entry): string => `${model} ${id}`;

/** What earlier runs paid; what they had set aside and never settled counts as spent. */
function spentIn(entries: readonly Entry[]): { paid: number; estimated: number } {
  let [paid, estimated] = [0, 0];
  for (const { paid: known, reserved = 0, estimated: guessed } of entries) {
    paid += known ?? reserved;
    if (known === undefined || guessed) estimated += known ?? reserved;
  }
  return { paid, estimated };
}
