// Sends a package or an air-gap bundle in parts: what the console has is not sent twice, a broken connection costs a part.
"use strict";
for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form).catch((error) => say(form, error.message, true));
  });
}

const MB = 1e6;
const TRIES = 6;
const AT_ONCE = 3;
const PATIENCE = 120000;
const READ = 8 * 1024 * 1024;

function say(form, text, wrong) {
  const said = form.querySelector("[data-said]");
  said.textContent = text;
  said.className = wrong ? "text-danger mb-2" : "mb-2";
  form.querySelector("button").disabled = !wrong;
}

async function asked(method, address, headers, body) {
  const within = body ? PATIENCE : 0; // a part is small; what the console does with the whole may take its time
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await fetch(address, { method, headers, body, signal: within ? AbortSignal.timeout(within) : undefined });
      if (answer.status < 500) {
        const told = await answer.json();
        if (!answer.ok) { throw Object.assign(new Error([told.message, told.found && `Found: ${told.found}.`, told.hint].filter(Boolean).join(" ")), { told: true, code: told.code }); }
        return told;
      }
    } catch (error) {
      if (error.told || attempt === TRIES) { throw error.told ? error : new Error("The console cannot be reached. Upload again: it goes on where it stopped."); }
    }
    if (attempt === TRIES) { throw new Error("The console cannot take it now. Upload again: it goes on where it stopped."); }
    await new Promise((done) => setTimeout(done, 500 * attempt));
  }
}

function left(began, done, all) {
  const seconds = Math.round((performance.now() - began) / 1000 * (all - done) / Math.max(done, 1));
  if (performance.now() - began < 3000 || !done) { return ""; }
  return seconds < 90 ? `, about ${seconds} s left` : `, about ${Math.round(seconds / 60)} min left`;
}

function far(form, word, began, done, all) {
  const progress = form.querySelector("[data-progress]");
  progress.hidden = false;
  progress.value = done / all;
  say(form, `${word}: ${(done / MB).toFixed(1)} of ${(all / MB).toFixed(1)} MB${left(began, done, all)}.`, false);
}

async function digested(form, file) {
  const hash = sha256.create();
  const began = performance.now();
  for (let at = 0; at < file.size; at += READ) {
    hash.update(await file.slice(at, at + READ).arrayBuffer());
    far(form, "Reading the file", began, Math.min(at + READ, file.size), file.size);
  }
  return hash.hex();
}

async function parts(form, file, which, headers) {
  const { id, missing, partBytes } = await asked("POST", `/versions/upload/begin?${which}`, headers);
  const began = performance.now();
  let done = 0;
  const all = missing.length;
  const one = async () => {
    while (missing.length) {
      const number = missing.shift();
      await asked("PUT", `/versions/upload/${id}/${number}`, headers, file.slice(number * partBytes, (number + 1) * partBytes));
      done += 1;
      const there = file.size - (all - done) * partBytes;
      far(form, "Sent", began - 1, Math.max(Math.min(there, file.size), 0), file.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } finally {
    missing.length = 0;
  }
  return id;
}

async function send(form) {
  const file = form.elements.package.files[0];
  const headers = { "x-csrf-token": form.elements.csrf.value };
  say(form, "Reading the file …", false);
  const which = new URLSearchParams({ name: file.name, size: file.size, sha256: await digested(form, file) });
  for (let again = 0; ; again += 1) {
    try {
      const id = await parts(form, file, which, headers);
      say(form, "All is there. Looking into it …", false);
      const version = new URLSearchParams({ version: form.elements.version.value });
      location.assign((await asked("POST", `/versions/upload/${id}/finish?${version}`, headers)).location);
      return;
    } catch (error) {
      if (error.code !== "no-upload" || again === 2) { throw error; } // the console that had it is gone: another begins anew
    }
  }
}

function opened() {
  const fold = document.getElementById("upload");
  if (location.hash !== "#upload" || !fold) { return; }
  fold.setAttribute("open", "");
  fold.querySelector("input[type=file]").focus();
}
addEventListener("hashchange", opened);
opened();
