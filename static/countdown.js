// Counts down to a moment while the page is open, and takes away what can no longer be done when it has come.
(() => {
  const left = (moment) => Math.max(0, Math.ceil((Date.parse(moment) - Date.now()) / 1000));

  const inWords = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  };

  const tick = () => {
    document.querySelectorAll("time[data-until]").forEach((time) => {
      time.title ||= time.textContent;
      time.textContent = `${time.title} (${inWords(left(time.dateTime))})`;
    });
    document.querySelectorAll("[data-ends]").forEach((part) => {
      if (part.dataset.ends && !left(part.dataset.ends)) part.hidden = true;
    });
  };

  tick();
  setInterval(tick, 1000);
})();
