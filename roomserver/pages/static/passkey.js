// Passkeys: ask the server what to sign, have the browser sign it, send the answer.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function post(path, body, token) {
    const headers = { "X-Form-Token": token, "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  // `at` is before every path: nothing for residents, /committee for the committee.
  async function make(at, token) {
    const asked = await post(`${at}/passkey/new/options`, {}, token);
    asked.challenge = bytes(asked.challenge);
    asked.user.id = bytes(asked.user.id);
    for (const known of asked.excludeCredentials || []) known.id = bytes(known.id);
    const made = await navigator.credentials.create({ publicKey: asked });
    return post(`${at}/passkey/new`, {
      id: made.id, rawId: text(made.rawId), type: made.type,
      response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) },
    }, token);
  }

  async function signIn(at, token) {
    const asked = await post(`${at}/passkey/in/options`, {}, token);
    asked.challenge = bytes(asked.challenge);
    const signed = await navigator.credentials.get({ publicKey: asked });
    const said = signed.response;
    return post(`${at}/passkey/in`, {
      id: signed.id, rawId: text(signed.rawId), type: signed.type,
      response: {
        clientDataJSON: text(said.clientDataJSON), authenticatorData: text(said.authenticatorData),
        signature: text(said.signature), userHandle: said.userHandle ? text(said.userHandle) : null,
      },
    }, token);
  }

  for (const place of document.querySelectorAll("[data-passkey]")) {
    const button = place.querySelector("button"), failed = place.querySelector("[role=alert]");
    const token = place.querySelector("[name=form_token]").value, at = place.dataset.at || "";
    if (!window.PublicKeyCredential) continue;
    place.querySelector("[data-none]").hidden = true;
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      failed.hidden = true;
      try {
        const done = await (place.dataset.passkey === "new" ? make(at, token) : signIn(at, token));
        location.assign(done.to);
      } catch {
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
