// A document slot shows the image that was chosen or dropped, with its name and size, before anything is sent.
(() => {
  const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

  const show = (slot, file) => {
    const image = slot.querySelector("img");
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    image.onload = () => {
      slot.querySelector("[data-slot-note]").textContent = `${file.name}, ${image.naturalWidth} × ${image.naturalHeight} px, ${size(file.size)}`;
    };
    image.alt = file.name;
    image.hidden = false;
    image.src = URL.createObjectURL(file);
    slot.querySelectorAll(":scope > .icon, .slot-look").forEach((part) => part.remove());
    slot.querySelector("[data-slot-note]").textContent = `${file.name}, ${size(file.size)}`;
    slot.querySelector(".slot-text strong").textContent = "Replace it";
  };

  document.addEventListener("change", ({ target }) => {
    const slot = target.matches("[data-slot] input[type=file]") && target.closest("[data-slot]");
    if (slot && target.files.length) show(slot, target.files[0]);
  });

  const over = ({ type, target }) => target.closest?.("[data-slot]")?.classList.toggle("slot--over", type === "dragover");
  ["dragover", "dragleave", "drop"].forEach((type) => document.addEventListener(type, over));
})();
