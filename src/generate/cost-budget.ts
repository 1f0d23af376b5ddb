import { z } from "zod";
import type { TextRequest } from "../llm/served/dialect.ts";
import type { Tokens } from "../llm/served/reply.ts";
import type { ServedSettings } from "../study/settings/models.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { openJournal } from "../workbench/journal.ts";
import type { Study } from "../workbench/study.ts";

/** The most that one request may cost, reserved until its real cost is known. */
export interface Reservation {
  /**
   * Pays the cost of the tokens. Without tokens, or if the server did not count them, pays the whole reservation as
   * an estimate.
   */
  pay(tokens?: Tokens): Promise<void>;
  /** Releases the whole reservation: the server has written nothing. */
  release(): Promise<void>;
}

/**
 * Adds up the cost of a model over all runs of a study, and allows no request that could exceed `budget`. Without a
 * price it counts nothing.
 */
export interface CostBudget {
  /**
   * Reserves the most that a request of `mostTokens` may cost; waits for other requests to be settled if they have
   * reserved too much. Throws StudyError if too little is left, or if there is a budget and no limit of tokens.
   */
  reserve(request: TextRequest, mostTokens: number | undefined): Promise<Reservation>;
  /** Reserves the most that all requests of one job may cost; throws StudyError if that is more than is left. */
  reserveJob(
    requests: readonly TextRequest[],
    mostTokens: (request: TextRequest) => number | undefined,
  ): Promise<Reservation[]>;
  /** Logs what the model has cost and closes its journal. */
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

const nothing: Reservation = { pay: async () => {}, release: async () => {} };

/** Opens the budget of a model. Reservations of a killed run count as spent. */
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
        reserveJob: async (requests) => requests.map(() => nothing),
        close: async () => {},
      };
    throw new StudyError(`${address}: budget is ${budget}, but there is no price`, {
      hint: "give `price: { input: ..., output: ... }`, per million tokens",
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
  let reservedTotal = 0;
  const run = `${effects.now().toString(36)}-${process.pid}`;
  let count = 0;
  let waiting: (() => void)[] = [];
  const mostOf = ({ prompt }: TextRequest, mostTokens: number | undefined): number => {
    if (mostTokens === undefined && budget !== undefined) {
      throw new StudyError(`${address}: budget is ${budget}, but \`send:\` removes the limit of tokens`, {
        hint: "keep the limit, or remove the budget: a request without a limit may cost any amount",
      });
    }
    // A token has at least one byte, so this is never too low.
    return cost(Buffer.byteLength(prompt.text), mostTokens ?? 0);
  };
  const usedUp = (most: number): StudyError =>
    new StudyError(
      `${address}: the budget of ${budget} is used up (${paid.toFixed(4)} spent over all runs; the next request may cost ${most.toFixed(4)})`,
      { hint: "raise `budget`; texts written so far are kept" },
    );
  const reserveCost = async (most: number): Promise<Reservation> => {
    reservedTotal += most;
    const entry = { model: name, id: `${run}-${++count}`, reserved: most };
    await journal.put(keyOf(entry), entry);
    const settle = async (spent: number, guessed: boolean) => {
      reservedTotal -= most;
      if (reservedTotal < 1e-12) reservedTotal = 0;
      paid += spent;
      if (guessed) estimated += spent;
      const resumes = waiting;
      waiting = [];
      for (const resume of resumes) resume();
      await journal.put(keyOf(entry), { ...entry, paid: spent, ...(guessed && { estimated: true }) });
    };
    return {
      pay: (tokens) =>
        tokens === undefined || tokens.estimated
          ? settle(most, true)
          : settle(cost(tokens.prompt, tokens.generated), false),
      release: () => settle(0, false),
    };
  };
  return {
    async reserve(request, mostTokens) {
      const most = mostOf(request, mostTokens);
      while (budget !== undefined && paid + reservedTotal + most > budget) {
        if (reservedTotal === 0) throw usedUp(most);
        effects.signal.throwIfAborted();
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return reserveCost(most);
    },
    async reserveJob(requests, mostTokens) {
      const each = requests.map((request) => mostOf(request, mostTokens(request)));
      const all = each.reduce((sum, most) => sum + most, 0);
      if (budget !== undefined && paid + reservedTotal + all > budget) throw usedUp(all);
      const reserved: Reservation[] = [];
      for (const most of each) reserved.push(await reserveCost(most));
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

/** Two models opened at the same moment number their requests the same way. */
const keyOf = ({ model, id }: Entry): string => `${model} ${id}`;

/** What earlier runs paid; reservations that were never settled count as spent. */
function spentIn(entries: readonly Entry[]): { paid: number; estimated: number } {
  let [paid, estimated] = [0, 0];
  for (const { paid: known, reserved = 0, estimated: guessed } of entries) {
    paid += known ?? reserved;
    if (known === undefined || guessed) estimated += known ?? reserved;
  }
  return { paid, estimated };
}
