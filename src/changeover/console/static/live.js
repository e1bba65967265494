// Keeps the live part of a page as the server draws it: opens what was open, leaves alone what somebody types in.
"use strict";
for (const part of document.querySelectorAll("[data-live]")) follow(part);

function begun(form) {
  return [...form?.elements ?? []].some((one) => one.matches("[type=radio], [type=checkbox]")
    ? one.checked !== one.defaultChecked : one.matches("input:not([type=hidden])") && one.value !== one.defaultValue);
}

function follow(part) {
  const lost = document.getElementById("live-lost");
  const events = new EventSource(part.dataset.live);
  let waiting = null;
  const swap = (html) => {
    const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const answering = active && active.matches("input, textarea, select") && active.form && active.form.id === "question";
    if (html.includes('id="question"') && (answering || begun(part.querySelector("#question")))) {
      waiting = html; // somebody answers: what they chose is not drawn over while the run asks
      return;
    }
    const place = active && (active.id ? "#" + active.id : active.name && active.value ? `[name="${active.name}"][value="${active.value}"]` : "");
    part.innerHTML = html;
    for (const id of open) part.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
    if (place) part.querySelector(place)?.focus();
  };
  part.addEventListener("focusout", () => setTimeout(() => {
    if (waiting !== null && !part.contains(document.activeElement)) { const html = waiting; waiting = null; swap(html); }
  }, 0));
  events.addEventListener("live", (event) => { lost.hidden = true; swap(event.data); });
  events.addEventListener("away", (event) => {
    lost.hidden = false;
    lost.querySelector("b").textContent = event.data;
  });
  events.addEventListener("end", () => { lost.hidden = true; events.close(); });
  events.addEventListener("error", () => {
    lost.hidden = false;
    lost.querySelector("b").textContent = "Connection lost; trying again.";
  });
  events.addEventListener("open", () => { lost.hidden = true; });
}
