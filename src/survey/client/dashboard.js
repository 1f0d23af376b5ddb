// @ts-check
// Reloads the dashboard's figures every three seconds while its tab is visible.

const live = document.querySelector("[data-live]");

let loading = false;

const refresh = async () => {
  if (loading || !(live instanceof HTMLElement) || document.visibilityState !== "visible") return;
  loading = true;
  try {
    const response = await fetch(live.dataset["live"] ?? "", { redirect: "error" });
    const markup = response.ok ? await response.text() : live.innerHTML;
    if (markup !== live.innerHTML) live.innerHTML = markup;
  } catch {
    // The server is unreachable or the session has ended: the last figures stay.
  } finally {
    loading = false;
  }
};

if (live) setInterval(refresh, 3000);
