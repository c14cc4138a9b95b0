// The preview and the lines follow the form. Without this file its button does the same.
const form = document.getElementById("builder");
let asked = 0, waiting;
async function update() {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const mine = ++asked;
  const answer = await fetch(`${form.action}?${query}`, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const built = page.getElementById("built");
  if (mine !== asked || !built) return; // a newer choice is on its way
  document.getElementById("built").replaceWith(built);
  document.dispatchEvent(new CustomEvent("built", { detail: built }));
  history.replaceState(null, "", `?${query}`);
}
form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(update, 250); });
form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); update(); });
