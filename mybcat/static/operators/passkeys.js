"use strict";

// Buttons with data-passkey run a WebAuthn ceremony with the options that data-url gives, and post the answer there.
document.querySelectorAll("[data-passkey]").forEach((button) => {
  button.addEventListener("click", async () => {
    const told = document.getElementById("passkey-error");
    told.hidden = true;
    try {
      window.location.assign(await ceremony(button));
    } catch (error) {
      told.textContent = error.name === "NotAllowedError" ? "No passkey was used." : error.message;
      told.hidden = false;
    }
  });
});

async function ceremony(button) {
  const { passkey: kind, url, next } = button.dataset;
  const options = await (await fetch(url)).json();
  const credential =
    kind === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  const form = button.form;
  const answer = await fetch(next ? `${url}?next=${encodeURIComponent(next)}` : url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify({ credential: credential.toJSON(), name: form.elements.name?.value }),
  });
  const body = await answer.json();
  if (!answer.ok) {
    throw new Error(body.error);
  }
  return body.next;
}
