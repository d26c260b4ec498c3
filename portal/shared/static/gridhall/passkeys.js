// Passkeys: a form with data-passkey asks the browser for a credential, puts it into its field and is sent.
const ENCODED = ["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"];

for (const form of document.querySelectorAll("form[data-passkey]")) prepare(form);

function prepare(form) {
  form.addEventListener("submit", (event) => {
    if ("ready" in form.dataset) return;
    event.preventDefault();
    ask(form).catch(() => fail(form));
  });
}

async function ask(form) {
  const options = await optionsOf(form);
  const wanted = form.dataset.passkey === "create" ? creation(form, options.publicKey) : request(options.publicKey);
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: wanted });
  form.elements.credential.value = JSON.stringify(plain(credential));
  form.dataset.ready = "";
  form.requestSubmit();
}

async function optionsOf(form) {
  if (!form.dataset.ask) return JSON.parse(form.querySelector("#passkey-options").textContent);
  const answer = await fetch(form.dataset.ask, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()).request_options;
}

function creation(form, options) {
  const alone = form.elements.passwordless?.checked ?? false;
  const selection = { ...options.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
  if (alone) selection.userVerification = "required";
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(descriptor),
    authenticatorSelection: selection,
  };
}

function request(options) {
  return { ...options, challenge: bytes(options.challenge), allowCredentials: (options.allowCredentials ?? []).map(descriptor) };
}

function descriptor(each) {
  return { ...each, id: bytes(each.id) };
}

function plain(credential) {
  const response = {};
  for (const name of ENCODED) {
    const value = credential.response[name];
    if (value) response[name] = text(value);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function bytes(encoded) {
  const base64 = encoded.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fail(form) {
  const place = form.querySelector("[data-passkey-error]");
  place.textContent = form.dataset.failed;
  place.hidden = false;
}
