import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { modelName } from "../study/generation.ts";
import type { Key } from "../study/stimulus.ts";
import type { Story } from "../study/story.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { type Html, html } from "../text/html.ts";
import { marked } from "../text/shared-words.ts";
import { readGenerations, readKey, readStories, storiesFile } from "../workbench/artefacts.ts";
import { exists } from "../workbench/files.ts";
import { rehearsalOf } from "./rehearsal-routes.ts";
import {
  pager,
  type ResearcherContext,
  researcherPage,
  searchForm,
  sideBySide,
  storyCard,
  table,
} from "./researcher-pages.ts";

/**
 * The corpus, the generations, the stimuli and the forms, to look at. To be registered where the researcher's session
 * is asked for.
 */
export async function lookingRoutes(
  inside: FastifyInstance,
  context: SurveyContext,
  settingFor: (request: FastifyRequest) => ResearcherContext,
): Promise<void> {
  const { study, materials } = context;

  inside.get("/study/corpus", async (request, reply) => {
    const stories = await readIfThere();
    const { search, page } = asked(request);
    const found = stories.filter(({ title, text }) =>
      `${title}\n${text}`.toLowerCase().includes(search.toLowerCase()),
    );
    return list(request, reply, "Corpus", found, { page, search, size: 30 }, (story) =>
      storyCard(story.title, factsOf(story), html`${story.text}`),
    );
  });

  inside.get("/study/generations", async (request, reply) => {
    const stories = new Map((await readIfThere()).map((story) => [story.id, story]));
    const { search, page } = asked(request);
    const found = (await readGenerations(study)).filter(({ title, text }) =>
      `${title}\n${text}`.toLowerCase().includes(search.toLowerCase()),
    );
    return list(request, reply, "Generations", found, { page, search, size: 10 }, (generation) => {
      const example = stories.get(generation.examples[0] ?? "");
      const facts = `${modelName(generation)} · ${generation.outcome}${
        generation.reason ? ` (${generation.reason})` : ""
      } · ${generation.tokens.generated} tokens · seed ${generation.seed}`;
      return sideBySide(generation.title, facts, [
        ["What the model wrote", marked(generation.text, example?.text ?? "")],
        ...(example
          ? [[`Its example: ${example.title}`, marked(example.text, generation.text)] as const]
          : []),
      ]);
    });
  });

  inside.get("/study/stimuli", async (request, reply) => {
    const key = await readKey(study);
    const before = await originalTexts();
    const { search, page } = asked(request);
    const found = [...materials.stimuli.values()].filter(({ title, text }) =>
      `${title}\n${text}`.toLowerCase().includes(search.toLowerCase()),
    );
    return list(request, reply, "Stimuli", found, { page, search, size: 20 }, (stimulus) => {
      const row = key.get(stimulus.id);
      const origin = row ? `${row.origin}${row.model && ` (${row.model})`}` : "of unknown origin";
      return sideBySide(stimulus.title, `${origin} · ${stimulus.words} words, ${stimulus.cut} cut off`, [
        ["Before", html`${(row && before(row)) ?? "not found"}`],
        ["As readers see it", html`${stimulus.text}`],
      ]);
    });
  });

  inside.get("/study/forms", async (request, reply) => {
    const key = await readKey(study);
    const shown = [...materials.forms.values()].map((form) => {
      const way = rehearsalOf(form, context);
      const placeOf = (id: string) => way.plan.findIndex(({ question }) => question === id) + 1;
      return html`<p><a href="${way.address}">Walk through ${form.id}</a></p>
${table(
  form.id,
  ["question", "task", "texts", "origin"],
  form.questions.map(({ id, task, stimuli }, at) => [
    html`<a href="${way.address}/q/${placeOf(id)}">${at + 1}</a>`,
    task,
    [...new Set(stimuli.map((stimulus) => materials.stimuli.get(stimulus)?.title ?? stimulus))].join(" / "),
    stimuli.map((stimulus) => key.get(stimulus)?.origin ?? "?").join(" / "),
  ]),
)}`;
    });
    return sendPage(
      reply,
      200,
      researcherPage(
        settingFor(request),
        "Forms",
        html`<p>A walk shows a form as participants see it, from consent to thanks, in one of its orders. Nothing that is
answered there is stored, and nobody who goes it is counted. Its link may be passed on: it opens that form and nothing else.</p>${shown}`,
      ),
    );
  });

  const readIfThere = async (): Promise<Story[]> =>
    (await exists(study.path(storiesFile))) ? readStories(study) : [];

  /** The text that a stimulus was cut from. */
  async function originalTexts(): Promise<(key: Key) => string | undefined> {
    const stories = new Map((await readIfThere()).map(({ id, text }) => [id, text]));
    const generations = new Map((await readGenerations(study)).map(({ id, text }) => [id, text]));
    return ({ origin, story, generation }) =>
      origin === "human" ? stories.get(story) : generations.get(generation);
  }

  function list<Item>(
    request: FastifyRequest,
    reply: FastifyReply,
    heading: string,
    items: readonly Item[],
    { page, search, size }: { page: number; search: string; size: number },
    show: (item: Item) => Html,
  ): FastifyReply {
    const address = `/study/${heading.toLowerCase()}`;
    const pages = Math.max(1, Math.ceil(items.length / size));
    const at = Math.min(page, pages);
    const body = html`
${searchForm(address, search)}
<p class="soft">${items.length} ${items.length === 1 ? "entry" : "entries"}</p>
${items.slice((at - 1) * size, at * size).map(show)}
${pager(address, at, pages, search)}`;
    return sendPage(reply, 200, researcherPage(settingFor(request), heading, body));
  }
}

const factsOf = ({ origin, words, split }: Story): string =>
  `${origin.by === "human" ? `${origin.author || "unknown author"} · ${origin.source}` : "machine"} · ${words} words · ${split}`;

function asked(request: FastifyRequest): { search: string; page: number } {
  const { search, page } = request.query as Record<string, unknown>;
  return {
    search: typeof search === "string" ? search.slice(0, 100) : "",
    page: typeof page === "string" && /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1,
  };
}
