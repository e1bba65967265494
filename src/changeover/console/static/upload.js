// Sends a package in parts: what the console has already is not sent twice, and a broken connection costs one part.
"use strict";
for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    if (!window.crypto?.subtle) { return; } // without a secure context the form goes as it is
    event.preventDefault();
    send(form).catch((error) => say(form, error.message, true));
  });
}

const MIB = 1024 * 1024;
const TRIES = 6;

function say(form, text, wrong) {
  const said = form.querySelector("[data-said]");
  said.textContent = text;
  said.className = wrong ? "text-danger mb-2" : "mb-2";
  form.querySelector("button").disabled = !wrong;
}

async function asked(method, address, headers, body) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await fetch(address, { method, headers, body });
      if (answer.status < 500) {
        const told = await answer.json();
        if (!answer.ok) { throw Object.assign(new Error([told.message, told.found, told.hint].filter(Boolean).join(" ")), { told: true }); }
        return told;
      }
    } catch (error) {
      if (error.told || attempt === TRIES) { throw error.told ? error : new Error("The console cannot be reached. Upload again: it goes on where it stopped."); }
    }
    if (attempt === TRIES) { throw new Error("The console cannot take it now. Upload again: it goes on where it stopped."); }
    await new Promise((done) => setTimeout(done, 500 * attempt));
  }
}

async function send(form) {
  const file = form.elements.package.files[0];
  const progress = form.querySelector("[data-progress]");
  const headers = { "x-csrf-token": form.elements.csrf.value };
  say(form, "Reading the file …", false);
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const which = new URLSearchParams({ name: file.name, size: file.size, sha256 });
  let { missing, parts, partBytes } = await asked("GET", `/versions/upload?${which}`, headers);
  progress.hidden = false;
  while (missing.length) {
    progress.value = 1 - missing.length / parts;
    say(form, `${((1 - missing.length / parts) * file.size / MIB).toFixed(1)} of ${(file.size / MIB).toFixed(1)} MiB are there.`, false);
    const number = missing[0];
    const piece = file.slice(number * partBytes, (number + 1) * partBytes);
    ({ missing } = await asked("PUT", `/versions/upload/part?${which}&part=${number}`, headers, piece));
  }
  progress.value = 1;
  say(form, "Looking into it …", false);
  which.set("version", form.elements.version.value);
  const done = await asked("POST", `/versions/upload/finish?${which}`, headers);
  location.assign(done.location);
}
