// A list in a frame of another page says how high it is, when it is drawn, when that changes, and when asked.
// Contract: docs/embed.md.
const say = () => parent.postMessage({ type: "model-districts:height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
new ResizeObserver(say).observe(document.documentElement);
addEventListener("message", ({ data }) => { if (data?.type === "model-districts:ask-height") say(); });
