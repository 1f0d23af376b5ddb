// @ts-check
// What the researcher's pages do beyond links and forms. All of them work without it, except that nothing updates itself.

// The address that `tinylove open` prints has the token after #, which is never sent with an address.
const login = document.querySelector("form[data-login]");
if (login instanceof HTMLFormElement && location.hash.length > 1) {
  const token = login.elements.namedItem("token");
  if (token instanceof HTMLInputElement) token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  login.submit();
}

/** Puts new markup into an element, and keeps the focus, open details and the place in a log. */
const replace = (/** @type {Element} */ element, /** @type {string} */ markup) => {
  if (element.innerHTML === markup) return;
  const focused = element.contains(document.activeElement) ? document.activeElement : undefined;
  const label = focused?.textContent;
  const open = new Map(
    [...element.querySelectorAll("details[id]")].map((one) => [one.id, one.hasAttribute("open")]),
  );
  const log = element.querySelector(".log");
  const atEnd = !log || log.scrollTop + log.clientHeight > log.scrollHeight - 30;
  const top = log?.scrollTop ?? 0;
  element.innerHTML = markup;
  for (const [id, isOpen] of open) document.getElementById(id)?.toggleAttribute("open", isOpen);
  const next = element.querySelector(".log");
  if (next) next.scrollTop = atEnd ? next.scrollHeight : top;
  if (!focused) return;
  const candidates = [...element.querySelectorAll("button, a, summary, pre")];
  const again = candidates.find((one) => one.textContent === label) ?? candidates[0];
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
};

const live = document.querySelector("[data-live]");
if (live instanceof HTMLElement) {
  const source = new EventSource(live.dataset["live"] ?? "");
  source.onmessage = ({ data }) => {
    for (const [id, markup] of Object.entries(JSON.parse(data))) {
      const element = document.getElementById(id);
      if (element) replace(element, markup);
    }
  };
  addEventListener("pagehide", () => source.close());
}

// A form that filters the page: its result is loaded while one types.
const filter = document.querySelector("form[data-filter]");
if (filter instanceof HTMLFormElement) {
  let wait = 0;
  let newest = 0;
  const load = async () => {
    const number = ++newest;
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(filter)) if (value !== "") query.append(name, String(value));
    const address = `${filter.getAttribute("action")}?${query}`;
    const reply = await fetch(`${filter.dataset["part"]}?${query}`, { redirect: "error" }).catch(
      () => undefined,
    );
    const target = document.getElementById(filter.dataset["filter"] ?? "");
    if (!reply?.ok || !target || number !== newest) return;
    replace(target, await reply.text());
    history.replaceState(null, "", address);
  };
  filter.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(load, 120);
  });
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    void load();
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    if (!(button instanceof HTMLElement)) return;
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
    button.textContent = "Copied";
  });
}

// A dropped or chosen file goes into the form as base64, because the server reads forms only.
const upload = document.querySelector("form[data-upload]");
if (upload instanceof HTMLFormElement) {
  const input = upload.querySelector('input[type="file"]');
  const area = upload.querySelector(".drop");
  const read = async (/** @type {File | undefined} */ file) => {
    const name = upload.elements.namedItem("file");
    const content = upload.elements.namedItem("content");
    if (!file || !(name instanceof HTMLInputElement) || !(content instanceof HTMLInputElement)) return;
    const reader = new FileReader();
    reader.onload = () => {
      name.value = file.name;
      content.value = String(reader.result).split(",")[1] ?? "";
      upload.submit();
    };
    reader.readAsDataURL(file);
  };
  if (input instanceof HTMLInputElement) input.addEventListener("change", () => read(input.files?.[0]));
  area?.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area?.addEventListener("dragleave", () => area.classList.remove("over"));
  area?.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    if (event instanceof DragEvent) void read(event.dataTransfer?.files[0]);
  });
}

// Settings are found by a word of their name or meaning.
const find = document.querySelector("input[data-find]");
if (find instanceof HTMLInputElement) {
  find.addEventListener("input", () => {
    const word = find.value.toLowerCase();
    for (const group of document.querySelectorAll(".settings details")) {
      let any = false;
      for (const one of group.querySelectorAll(".setting")) {
        const fits = (one.textContent ?? "").toLowerCase().includes(word);
        one.toggleAttribute("hidden", !fits);
        any ||= fits;
      }
      group.toggleAttribute("hidden", !any);
      group.toggleAttribute("open", any && word !== "");
    }
  });
}

// A link to a line of study.yaml selects it.
const line = Number(/^#line-(\d+)$/.exec(location.hash)?.[1] ?? 0);
const file = document.querySelector('textarea[name="text"]');
if (line > 0 && file instanceof HTMLTextAreaElement) {
  const lines = file.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  file.focus();
  file.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  file.scrollTop = (file.scrollHeight / lines.length) * Math.max(0, line - 4);
}
