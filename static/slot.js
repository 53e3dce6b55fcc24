// A document slot takes an image that is chosen, dropped, pasted or photographed, and shows it before anything is sent.
// What was wrong is said on the slot. Whatever reaches its input, the input says with a change event.
(() => {
  const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  const slotOf = (target) => target.closest?.("[data-slot]");
  const noteOf = (slot) => slot.querySelector("[data-slot-note]");

  const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));

  const labelOf = (slot) => slot.closest(".field").querySelector("label").textContent.trim();

  const refuse = (slot, text) => {
    slot.classList.add("slot--refused");
    noteOf(slot).textContent = text;
    say(`${labelOf(slot)}: ${text}`);
  };

  // --- What was chosen

  const before = new WeakMap(); // slot → what it showed until something was chosen

  const remember = (slot) => {
    const { src, alt, hidden } = slot.querySelector("img");
    const text = slot.querySelector(".slot-text strong").textContent;
    if (!before.has(slot)) before.set(slot, { image: { src, alt, hidden }, note: noteOf(slot).textContent, text });
  };

  const showKept = (slot, isShown) =>
    slot.querySelectorAll(":scope > .icon, .slot-look").forEach((part) => part.toggleAttribute("hidden", !isShown));

  const show = (slot, file) => {
    remember(slot);
    const image = slot.querySelector("img");
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    image.onload = () => {
      noteOf(slot).textContent = `${file.name}, ${image.naturalWidth} × ${image.naturalHeight} px, ${size(file.size)}`;
    };
    image.onerror = () => {
      image.hidden = true; // a format this browser does not know; the portal may
    };
    image.alt = file.name;
    image.hidden = false;
    image.src = URL.createObjectURL(file);
    slot.classList.remove("slot--refused");
    showKept(slot, false);
    noteOf(slot).textContent = `${file.name}, ${size(file.size)}`;
    slot.querySelector(".slot-text strong").textContent = "Replace it";
  };

  const takeBack = (slot) => {
    const { image, note, text } = before.get(slot) ?? {};
    if (!image) return;
    const shown = slot.querySelector("img");
    URL.revokeObjectURL(shown.src);
    Object.assign(shown, { ...image, onload: null, onerror: null });
    if (!image.src) shown.removeAttribute("src");
    slot.querySelector("input[type=file]").value = "";
    slot.querySelector(".slot-text strong").textContent = text;
    noteOf(slot).textContent = note;
    showKept(slot, true);
  };

  document.addEventListener("slot:cancelled", ({ target }) => takeBack(target));
  document.addEventListener("change", ({ target }) => {
    const slot = target.matches("[data-slot] input[type=file]") && slotOf(target);
    if (slot && target.files.length) show(slot, target.files[0]);
  });

  const put = (slot, file) => {
    const input = slot.querySelector("input[type=file]");
    const chosen = new DataTransfer();
    chosen.items.add(file);
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const take = (slot, files, how) => {
    if (slot.getAttribute("aria-busy")) return;
    if (files.length > 1) return refuse(slot, "Drop one image at a time.");
    if (!files.length) return refuse(slot, "That was no file. Save the image first, then drop it here.");
    put(slot, files[0]);
    say(`${how} into ${labelOf(slot)}`);
  };

  // --- Dropped: beside a slot nothing happens, where the browser would leave the page for the file

  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

  document.addEventListener("dragover", (event) => {
    const slot = slotOf(event.target);
    slot?.classList.add("slot--over");
    if (!slot && !hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = slot ? "copy" : "none";
  });
  document.addEventListener("dragleave", ({ target }) => slotOf(target)?.classList.remove("slot--over"));
  document.addEventListener("drop", (event) => {
    const slot = slotOf(event.target);
    if (slot || hasFiles(event)) event.preventDefault();
    slot?.classList.remove("slot--over");
    if (slot) take(slot, event.dataTransfer.files, "Dropped");
  });

  // --- Pasted: into the slot that has the focus or the pointer, else into the first one that is empty

  const isEmpty = (slot) => !slot.querySelector("img").getAttribute("src");

  const slotForPaste = (target) => {
    const pointed = slotOf(target) ?? document.querySelector("[data-slot]:hover");
    const around = target.closest?.(".requirement") ?? document;
    return pointed ?? [...around.querySelectorAll("[data-slot]")].find(isEmpty);
  };

  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files].filter(({ type }) => type.startsWith("image/"));
    const isTyping = event.target.matches?.("input:not([type=file]), textarea") && event.clipboardData.getData("text");
    const slot = files.length && !isTyping && slotForPaste(event.target);
    if (!slot) return;
    event.preventDefault();
    take(slot, files.slice(0, 1), "Pasted");
  });

  // --- Photographed, on a device that is held in the hand

  const camera = matchMedia("(pointer: coarse)");

  document.addEventListener("htmx:load", ({ target }) =>
    (target.parentElement ?? target).querySelectorAll("[data-camera]").forEach((button) => {
      button.hidden = !camera.matches || !("capture" in HTMLInputElement.prototype);
    }));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-camera]");
    if (!button) return;
    const input = slotOf(button).querySelector("input[type=file]");
    input.setAttribute("capture", "environment");
    input.click();
    input.removeAttribute("capture");
  });
})();
