/* Passkeys: [data-passkey] forms ask the server for a question, hand it to the browser, and are sent with the answer.

   data-passkey: "create" or "get"; data-options: where the question comes from; data-offer: the browser may offer passkeys
   in the field of the user name. What it says is in the data of the form; without scripts or passkeys, the form is hidden. */

const RENEW_MS = 240000; // A question is good for five minutes.
/* Browsers know no passkeys at an address that is a number. */
const POSSIBLE = Boolean(window.PublicKeyCredential) && !/^[\d.]+$|:/.test(location.hostname);
const headers = { Accept: "application/json", ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") };

function bytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

function written(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function question(sent) {
  const descriptors = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  const found = { ...sent, challenge: bytes(sent.challenge) };
  if (sent.user) found.user = { ...sent.user, id: bytes(sent.user.id) };
  if (sent.excludeCredentials) found.excludeCredentials = descriptors(sent.excludeCredentials);
  if (sent.allowCredentials) found.allowCredentials = descriptors(sent.allowCredentials);
  return found;
}

function answer(credential) {
  const { response } = credential;
  const told = { clientDataJSON: written(response.clientDataJSON) };
  if (response.attestationObject) {
    told.attestationObject = written(response.attestationObject);
    told.transports = response.getTransports?.() ?? [];
  } else {
    told.authenticatorData = written(response.authenticatorData);
    told.signature = written(response.signature);
    if (response.userHandle) told.userHandle = written(response.userHandle);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: written(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: {},
    response: told,
  });
}

function field(form) {
  return form.querySelector("[data-passkey-answer]");
}

class Told extends Error {}

async function ask(form) {
  const reply = await fetch(form.dataset.options, { method: "POST", headers, credentials: "same-origin" });
  if (reply.redirected) {
    location.assign(reply.url); // The session ended, or has to be confirmed first.
    throw new DOMException("led away", "AbortError");
  }
  const sent = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Told(sent.detail || form.dataset.failed);
  return question(sent);
}

function say(form, text) {
  const told = form.querySelector("[data-passkey-told]");
  told.hidden = !text;
  told.querySelector(".txt").textContent = text;
}

/* One name covers a cancel, a time-out and no fitting passkey: browsers do not tell them apart, so as not to tell pages. */
function reason(form, error) {
  const texts = { NotAllowedError: "cancelled", InvalidStateError: "known", SecurityError: "elsewhere" };
  return error instanceof Told ? error.message : form.dataset[texts[error.name]] || form.dataset.failed;
}

let offer = null;

function withdraw() {
  offer?.abort();
  offer = null;
}

function busy(form, state) {
  const button = form.querySelector("[type='submit']");
  button.disabled = state;
  button.toggleAttribute("aria-busy", state);
}

async function exchange(form) {
  withdraw();
  say(form, "");
  busy(form, true);
  try {
    const publicKey = await ask(form);
    const made = form.dataset.passkey === "create";
    const credential = await (made ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    send(form, credential);
  } catch (error) {
    busy(form, false);
    if (error.name !== "AbortError") say(form, reason(form, error));
  }
}

function send(form, credential) {
  field(form).value = answer(credential);
  busy(form, false);
  form.requestSubmit();
}

/* The browser offers passkeys in the list under the user name for as long as the page is open. */
async function offerPasskeys(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = (offer = new AbortController());
  const renewal = setTimeout(() => {
    if (offer !== mine) return;
    withdraw();
    offerPasskeys(form);
  }, RENEW_MS);
  try {
    const publicKey = await ask(form);
    send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: mine.signal }));
  } catch {
    clearTimeout(renewal); // Nobody asked for it, so nobody is told that it did not come to anything.
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!POSSIBLE) continue;
  form.hidden = false;
  for (const other of document.querySelectorAll("[data-without-passkeys]")) other.hidden = true;
  form.addEventListener("submit", (event) => {
    if (field(form).value) return;
    event.preventDefault();
    exchange(form);
  });
  if (form.dataset.offer !== undefined) offerPasskeys(form);
}

/* A page that comes back from the history has an answer in it that was used. */
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) field(form).value = "";
});
