"use strict";
// Keeps the page of an upgrade up to date. Without it the page is loaded again every few seconds.
(() => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const said = document.querySelector("#said");
  const stale = document.querySelector("#stale");
  let since = Date.now();

  const span = (ms) => {
    const secs = Math.floor(ms / 1000);
    if (secs < 120) return `${secs} s`;
    const two = (n) => String(n).padStart(2, "0");
    if (secs < 7200) return `${Math.floor(secs / 60)} min ${two(secs % 60)} s`;
    return `${Math.floor(secs / 3600)} h ${two(Math.floor(secs / 60) % 60)} min`;
  };
  const tick = () => {
    for (const one of live.querySelectorAll("[data-ms]"))
      one.textContent = span(Number(one.dataset.ms) + Date.now() - since);
  };
  // A click is a press and a release on the same thing: it stays until then.
  let pressed = false;
  let late = null;
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"])
    document.addEventListener(end, () => setTimeout(() => {
      pressed = false;
      if (late !== null) take(late);
    }));

  const show = (html) => {
    // Whoever is at a link stays there.
    const at = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    live.innerHTML = html;
    since = Date.now();
    if (at) live.querySelector(`[href="${CSS.escape(at)}"]`)?.focus();
    const now = live.firstElementChild.dataset;
    if (said.textContent !== now.said) {
      said.textContent = now.said;
      document.querySelector(".taken")?.remove();
    }
    document.querySelector("h1").textContent = now.heading;
    document.querySelector("header").className = now.tone;
    document.title = `${now.heading} - mailsec`;
    return "over" in now;
  };

  const source = new EventSource(live.dataset.live);
  source.onopen = () => { stale.hidden = true; };
  source.onerror = () => { stale.hidden = false; };
  source.onmessage = (event) => { take(event.data); };
  const take = (html) => {
    late = pressed ? html : null;
    if (pressed || !show(html)) return;
    source.close();
    stale.hidden = true;
    clearInterval(clock);
    document.querySelector("[aria-labelledby=ask]")?.remove();
  };
  const clock = setInterval(tick, 1000);
})();
