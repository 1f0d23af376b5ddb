// @ts-check
// The dashboard's figures, asked for again every three seconds while its tab is looked at.

const live = document.querySelector("[data-live]");

const refresh = async () => {
  if (!(live instanceof HTMLElement) || document.visibilityState !== "visible") return;
  try {
    const response = await fetch(live.dataset["live"] ?? "", {
      redirect: "error",
      signal: AbortSignal.timeout(10000),
    });
    const markup = response.ok ? await response.text() : live.innerHTML;
    if (markup !== live.innerHTML) live.innerHTML = markup;
  } catch {
    // The server is away or the session is over: the last figures stay.
  }
};

if (live) setInterval(refresh, 3000);
