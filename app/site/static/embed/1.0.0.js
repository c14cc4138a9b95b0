// <model-districts q="..." strategy="..." state="..." limit="...">: case studies on any page.
// It takes the font and the colors of its page; custom properties change them: --md-text, --md-muted, --md-link,
// --md-rule, --md-accent, --md-background, --md-font. An iframe of /embed/frame gets its height from here too.
// Contract: docs/embed.md. No inline style or script, no cookie, nothing stored.
const home = new URL(import.meta.url).origin;
const FILTERS = ["q", "strategy", "topic", "outcome", "evidence", "direction", "state", "rurality", "slug"];
const FIELDS = "slug,title,states,districts.city,started_year,evidence";
const MOST = 20;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: block; font-family: var(--md-font, inherit); line-height: 1.45; color: var(--md-text, inherit); background: var(--md-background, transparent); border-top: 6px solid var(--md-accent, #f5a300); border-bottom: 1px solid var(--md-rule, currentColor) }
:host([hidden]) { display: none }
section:focus { outline: none }
ol { list-style: none; margin: 0; padding: 0 }
li, .wait { padding: .6rem 0; border-top: 1px solid var(--md-rule, color-mix(in srgb, currentColor 25%, transparent)) }
li:first-child, .wait:first-of-type { border-top: 1px solid currentColor }
a { color: var(--md-link, inherit); text-underline-offset: .17em }
li a { font-weight: 700; overflow-wrap: anywhere }
a:hover { text-decoration-thickness: .14em }
a:focus-visible, button:focus-visible { outline: 3px solid currentColor; outline-offset: 2px }
p { margin: .6rem 0; font-size: .875rem }
.where { display: block; font-size: .875rem; color: var(--md-muted, inherit) }
button { font: inherit; min-height: 2rem; padding: .35rem .8rem; border: 1px solid currentColor; background: none; color: inherit; cursor: pointer }
.wait { height: 2.7rem }
.wait::before { content: ""; display: block; width: 55%; height: .8rem; margin-top: .3rem; background: currentColor; opacity: .2 }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap }`);

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) key in made ? (made[key] = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function facts(card) {
  const [state] = card.states;
  const cities = new Set(card.districts.map((district) => district.city));
  const [city] = cities;
  const place = card.states.length > 1 ? card.states.map((one) => one.label).join(", ") : cities.size === 1 && city ? `${city}, ${state.label}` : state?.label;
  const evidence = card.evidence ? `${card.evidence[0].toUpperCase()}${card.evidence.slice(1)} evidence` : "no outcome reported";
  return [place, card.started_year && `began ${card.started_year}`, evidence].filter(Boolean).join(" · ");
}

class Unknown extends Error {} // the page asks for what the directory does not know: trying again is no use

class ModelDistricts extends HTMLElement {
  static observedAttributes = [...FILTERS, "limit"];
  #loading = null;
  #due = false;
  #section; #status; #content;

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      this.#status = element("p", { role: "status" }); // stays the same, so that screen readers say what it changes to
      this.#content = element("div");
      this.#section = element("section", { lang: "en", tabIndex: -1, "aria-label": "Case studies of Model Districts" }, this.#status, this.#content);
      root.append(this.#section);
    }
    this.#soon();
  }

  disconnectedCallback() { this.#loading?.abort(); }
  attributeChangedCallback() { if (this.shadowRoot && this.isConnected) this.#soon(); }

  // Several attributes that change together are one question.
  #soon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => { this.#due = false; this.#load(); });
  }

  get #limit() {
    const limit = Math.trunc(Number(this.getAttribute("limit")));
    return limit >= 1 ? Math.min(limit, MOST) : 5;
  }

  #question() {
    const given = FILTERS.map((name) => [name, this.getAttribute(name)?.trim()]).filter(([, value]) => value);
    return new URLSearchParams(given);
  }

  async #load() {
    this.#loading?.abort();
    const loading = this.#loading = new AbortController();
    const limit = this.#limit, question = this.#question();
    this.#show("Loading case studies", ...Array.from({ length: limit }, () => element("div", { className: "wait" })));
    this.#section.setAttribute("aria-busy", "true");
    try {
      const address = new URL("/v1/case-studies", home);
      address.search = new URLSearchParams([...question, ["limit", limit], ["fields", FIELDS], ["facets", "none"]]);
      const answer = await fetch(address, { mode: "cors", credentials: "omit", signal: loading.signal });
      if (answer.status === 400 || answer.status === 422) throw new Unknown((await answer.json()).errors?.[0]?.detail ?? "");
      if (!answer.ok) throw new Error(answer.status);
      const { data, meta } = await answer.json();
      this.#list(data, meta.total, question);
    } catch (error) {
      if (!loading.signal.aborted) this.#fail(error);
    }
  }

  #list(cards, total, question) {
    const all = new URL("/case-studies", home);
    all.search = question;
    if (!total) {
      this.#show("No case study fits this choice.", element("p", {}, "From ", element("a", { href: home, textContent: "Model Districts" }), "."));
      return;
    }
    const count = `${cards.length} of ${total} case ${total === 1 ? "study" : "studies"}`;
    const items = cards.map((card) => element("li", {},
      element("a", { href: new URL(`/case-studies/${card.slug}`, home).href, textContent: card.title }),
      element("span", { className: "where", textContent: facts(card) })));
    this.#show(count, element("ol", {}, ...items), element("p", {}, "From ", element("a", { href: all.href, textContent: "Model Districts" }), `, ${count}. CC BY 4.0.`));
    this.#status.className = "unseen"; // the line at the end says it
  }

  #fail(error) {
    const link = element("p", {}, element("a", { href: new URL("/case-studies", home).href, textContent: "Read them at Model Districts" }), ".");
    if (error instanceof Unknown) {
      this.#show(`This list cannot be shown. ${error.message}`, link);
      return;
    }
    const again = element("button", { type: "button", textContent: "Try again", onclick: () => { this.#section.focus(); this.#load(); } });
    this.#show("The case studies could not be loaded.", link, element("p", {}, again));
  }

  #show(status, ...children) {
    this.#status.className = "";
    this.#status.textContent = status;
    this.#section.setAttribute("aria-busy", "false");
    this.#content.replaceChildren(...children);
  }
}
if (!customElements.get("model-districts")) customElements.define("model-districts", ModelDistricts); // loaded twice is no fault

// Frames of ours on this page: each says how high it is, now and when that changes.
addEventListener("message", ({ origin, source, data }) => {
  if (origin !== home || data?.type !== "model-districts:height" || !(data.height > 0)) return;
  for (const frame of document.querySelectorAll("iframe")) if (frame.contentWindow === source) frame.height = Math.ceil(data.height);
});
for (const frame of document.querySelectorAll("iframe"))
  if (frame.src.startsWith(`${home}/embed/frame`)) frame.contentWindow?.postMessage({ type: "model-districts:ask-height" }, "*");
