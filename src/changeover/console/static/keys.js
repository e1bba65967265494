// Keys that lead to pages and through what can be unfolded. None changes anything; all can be switched off in the help (?).
"use strict";
const PLACES = { o: "/", v: "/versions", r: "/runs", w: "/sessions", c: "/config", d: "/windows" };
const help = document.getElementById("keys");
const wanted = document.getElementById("keys-on");
let leading = 0;

function on() {
  return localStorage.getItem("keys") !== "off";
}

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function step(by) {
  const steps = [...document.querySelectorAll("main details > summary")];
  const next = steps[steps.indexOf(document.activeElement) + by] ?? steps[by > 0 ? 0 : steps.length - 1];
  if (next) { next.focus(); }
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) { return; }
  if (event.key === "?") { open_(); event.preventDefault(); return; }
  if (!on() || help.open) { return; }
  const follows = Date.now() - leading < 1500;
  leading = event.key === "g" ? Date.now() : 0;
  if (follows && PLACES[event.key]) { location.assign(PLACES[event.key]); }
  else if (event.key === "j") { step(1); }
  else if (event.key === "k") { step(-1); }
}

function open_() {
  wanted.checked = on();
  help.showModal();
}

if (help) {
  document.addEventListener("keydown", pressed);
  wanted.addEventListener("change", () => localStorage.setItem("keys", wanted.checked ? "on" : "off"));
  for (const one of document.querySelectorAll("[data-keys]")) { one.hidden = false; one.addEventListener("click", open_); }
}
