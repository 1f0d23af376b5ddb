import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { modelName } from "../study/generation.ts";
import type { Key } from "../study/stimulus.ts";
import type { Story } from "../study/story.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { type Html, html } from "../text/html.ts";
import { readGenerations, readKey, readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { csv } from "../workbench/tables.ts";
import { coderLinkRoutes, codingRoutes } from "./coding-routes.ts";
import { type Site, sendPage } from "./context.ts";
import { same, sealed } from "./ids.ts";
import { accuracySoFar, overviewOf } from "./overview.ts";
import { alertBox, questionPage } from "./pages.ts";
import { invitation } from "./recruiting.ts";
import {
  accuracyPage,
  dashboardPage,
  figures,
  loginPage,
  pager,
  type ResearcherSetting,
  researcherPage,
  searchForm,
  sideBySide,
  storyCard,
  table,
} from "./researcher-pages.ts";
import { marked } from "./shared-words.ts";
import { fieldsOf } from "./visit.ts";

const cookieName = "researcher";
const sessionLength = 12 * 3600_000;

/** The dashboard and the pages to look at, all behind the token that was printed at the start. */
export function researcherRoutes(server: FastifyInstance, site: Site): void {
  const { store, study, material, effects, sealKey, token } = site;
  const forms = [...material.forms.keys()];

  server.get("/study/login", (_, reply) => sendPage(reply, 200, loginPage(setting(""), "")));

  server.post(
    "/study/login",
    { config: { rateLimit: { max: 10, timeWindow: "1 minute" } } },
    (request, reply) => {
      const { token: given } = fieldsOf(request);
      if (typeof given !== "string" || !same(given.trim(), token)) {
        return sendPage(reply, 403, loginPage(setting(""), "That is not the token."));
      }
      const until = String(effects.now() + sessionLength);
      reply.setCookie(cookieName, `${until}.${sessionSeal(until)}`, {
        path: "/study",
        httpOnly: true,
        sameSite: "strict",
        secure: study.config.survey.proxy,
        maxAge: sessionLength / 1000,
      });
      return reply.redirect("/study", 303);
    },
  );

  // A program on this machine shows the token itself; a browser shows its cookie.
  server.post("/study/backup", async (request, reply) => {
    const { authorization } = request.headers;
    if (!authorization || !same(authorization, `Bearer ${token}`)) return reply.status(403).send();
    return reply.type("application/octet-stream").send(await site.backup());
  });

  server.register(async (inside) => {
    inside.addHook("onRequest", async (request, reply) => {
      if (!session(request)) return reply.redirect("/study/login", 303);
    });
    inside.addHook("preHandler", async (request, reply) => {
      if (request.method !== "POST") return;
      const { seal } = fieldsOf(request);
      if (typeof seal !== "string" || !same(seal, formSeal(session(request)!)))
        return reply.status(403).send();
    });

    // What is wrong with the study's files is told to the researcher, who can mend it.
    inside.setErrorHandler(async (error, request, reply) => {
      if (!(error instanceof StudyError)) throw error;
      const line = [error.message, error.hint].filter(Boolean).join("; ");
      return sendPage(
        reply,
        503,
        researcherPage(settingFor(request), "Not just now", html`${alertBox(line)}`),
      );
    });

    inside.get("/study", async (request, reply) =>
      sendPage(reply, 200, dashboardPage(settingFor(request), await overview(), await store.looks())),
    );

    inside.get("/study/numbers", async (_, reply) =>
      sendPage(reply, 200, figures(await overview()).toString()),
    );

    inside.post("/study/logout", (_, reply) =>
      reply.clearCookie(cookieName, { path: "/study" }).redirect("/study/login", 303),
    );

    inside.post("/study/accuracy", async (request, reply) => {
      await store.look(effects.now());
      await site.looked();
      const { answers } = await store.everything();
      const origins = new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));
      return sendPage(reply, 200, accuracyPage(settingFor(request), accuracySoFar(answers, origins)));
    });

    inside.post("/study/invitations", (request, reply) => {
      const { count } = request.body as { count?: string };
      const number = /^\d{1,5}$/.test(count ?? "") ? Math.min(10_000, Number(count)) : 0;
      const rows = Array.from({ length: number }, () => ({ path: `/?invitation=${invitation(sealKey)}` }));
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="links.csv"')
        .send(csv(["path"], rows));
    });

    inside.register(async (links) => coderLinkRoutes(links, site, (request) => formSeal(session(request)!)));

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
      const found = [...material.stimuli.values()].filter(({ title, text }) =>
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
      const rows = [...material.forms.values()].map((form) =>
        table(
          form.id,
          ["question", "task", "texts", "origin"],
          form.questions.map(({ task, stimuli }, at) => [
            html`<a href="/study/forms/${encodeURIComponent(form.id)}/${at + 1}">${at + 1}</a>`,
            task,
            stimuli.map((id) => material.stimuli.get(id)?.title ?? id).join(" / "),
            stimuli.map((id) => key.get(id)?.origin ?? "?").join(" / "),
          ]),
        ),
      );
      return sendPage(
        reply,
        200,
        researcherPage(
          settingFor(request),
          "Forms",
          html`<p>Each question opens as participants see it. Nothing that is tried there is stored.</p>${rows}`,
        ),
      );
    });

    inside.get<{ Params: { form: string; position: string } }>(
      "/study/forms/:form/:position",
      async (request, reply) => {
        const form = material.forms.get(request.params.form);
        const question = form?.questions[Number(request.params.position) - 1];
        if (!form || !question) return reply.callNotFound();
        const view = {
          task: taskNamed(question.task)!,
          stimuli: question.stimuli.map((id) => material.stimuli.get(id)!),
          fields: study.config.survey.demographics,
          position: Number(request.params.position),
          count: form.questions.length,
          // Without a seal and a key nothing can be posted from here.
          seal: "",
          key: "",
          given: undefined,
        };
        return sendPage(reply, 200, questionPage(site.setting, view));
      },
    );
  });

  server.register(async (coding) => codingRoutes(coding, site));

  const overview = async () =>
    overviewOf(await store.counted(), forms, effects.now(), await store.openings());

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

  const setting = (seal: string): ResearcherSetting => ({
    study: study.config.title,
    style: site.setting.style,
    script: site.dashboardScript,
    seal,
  });

  const settingFor = (request: FastifyRequest) => setting(formSeal(session(request)!));

  const sessionSeal = (until: string) => sealed(sealKey, "researcher", until, token);
  const formSeal = (session: string) => sealed(sealKey, "researcher form", session);

  /** The session of a logged-in researcher, until it is over. */
  function session(request: FastifyRequest): string | undefined {
    const cookie = request.cookies[cookieName] ?? "";
    const [until = "", seal = ""] = cookie.split(".");
    const valid = /^\d{1,15}$/.test(until) && same(seal, sessionSeal(until)) && Number(until) > effects.now();
    return valid ? cookie : undefined;
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
