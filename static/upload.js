// An image on its way up, from a slot whose input sends it by itself: how much of it has gone, with a number and a way
// to stop it. A form whose images are still on their way waits for them before it is sent.
(() => {
  const BUSY = 429;
  const AGAIN_MS = 3000;
  const held = new Map(); // form → how to send it
  const forms = new WeakMap(); // slot → its form

  // The answer may have put another slot in the place of the one that asked.
  const slotOf = ({ requestConfig: { elt } }) => (elt.matches("[data-slot] input[type=file]") ? elt.closest("[data-slot]") : null);
  const running = (root) => [...root.querySelectorAll("[data-slot][aria-busy]")];
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const part = (slot, name) => slot.querySelector(`[data-upload-${name}]`);

  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));

  const note = (slot, text) => {
    slot.querySelector("[data-slot-note]").textContent = text;
    say(text);
  };

  const show = (slot, loaded, total) => {
    const share = total ? Math.round((100 * loaded) / total) : 0;
    part(slot, "bar").value = share;
    part(slot, "amount").textContent = share < 100 ? `${share} % of ${megabytes(total)} MB` : "All sent. Being checked.";
    part(slot, "cancel").hidden = share === 100;
  };

  const start = (slot, { xhr }) => {
    forms.set(slot, slot.closest("form"));
    slot.setAttribute("aria-busy", "true");
    part(slot, "box").hidden = false;
    show(slot, 0, slot.querySelector("input[type=file]").files[0]?.size ?? 0);
    xhr.upload.addEventListener("progress", ({ loaded, total }) => show(slot, loaded, total));
    say("Uploading");
  };

  // What stands in the slot's place now says how it ended: what is kept, or what was wrong.
  const tell = (slot) => {
    const field = document.getElementById(slot.closest(".field").id);
    const ended = field?.querySelector(".field-error") ?? field?.querySelector("[data-slot-note]");
    if (ended) say(`${field.querySelector("label").textContent.trim()}: ${ended.textContent.trim()}`);
  };

  const stop = (slot) => {
    slot.removeAttribute("aria-busy");
    part(slot, "box").hidden = true;
  };

  // --- A form waits

  const setBusy = (form, busy) =>
    form.querySelectorAll("button:not([type=button])").forEach((button) => {
      if (busy) button.setAttribute("aria-busy", "true");
      else button.removeAttribute("aria-busy");
    });

  const release = (form, isComplete) => {
    const send = held.get(form);
    if (!send || (isComplete && running(form).length)) return;
    held.delete(form);
    setBusy(form, false);
    if (isComplete) send();
  };

  document.addEventListener("htmx:confirm", (event) => {
    const form = event.target;
    if (!form.matches("form") || !running(form).length) return;
    event.preventDefault();
    held.set(form, () => event.detail.issueRequest(true));
    setBusy(form, true);
    say("Waits for the image to arrive");
  });

  // --- An image goes up

  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    const slot = slotOf(detail);
    if (slot) start(slot, detail);
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const slot = slotOf(detail);
    if (!slot?.getAttribute("aria-busy")) return;
    stop(slot);
    if ([200, 409, 422].includes(detail.xhr.status)) tell(slot);
    release(forms.get(slot), detail.successful);
  });

  document.addEventListener("htmx:sendAbort", ({ detail }) => {
    const slot = slotOf(detail);
    if (!slot) return;
    slot.dispatchEvent(new CustomEvent("slot:cancelled", { bubbles: true }));
    say("Cancelled");
  });

  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((type) =>
    document.addEventListener(type, ({ detail }) => {
      const slot = slotOf(detail);
      if (slot && detail.xhr?.status === BUSY) again(slot);
      else if (slot) note(slot, "This did not arrive. It is sent again with the document.");
    }));

  // Many images are being checked: this one is sent again by itself, as long as it is still the one that was chosen.
  const again = (slot) => {
    const input = slot.querySelector("input[type=file]");
    const [file] = input.files;
    note(slot, "Many images are being checked at this moment. This one is sent again in a few seconds.");
    setTimeout(() => {
      if (input.isConnected && file && input.files[0] === file) htmx.trigger(input, "change");
    }, AGAIN_MS);
  };

  document.addEventListener("click", ({ target }) => {
    const slot = target.closest("[data-upload-cancel]")?.closest("[data-slot]");
    if (slot) htmx.trigger(slot.querySelector("input[type=file]"), "htmx:abort");
  });
})();
