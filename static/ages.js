// Keeps "12 min" true while the page is open.
(() => {
  const EVERY_MS = 15000;

  const inWords = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (minutes < 1) return `${Math.floor(seconds)} s`;
    if (hours < 1) return `${minutes} min`;
    if (days < 1) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return days === 1 ? "1 day" : `${days} days`;
  };

  setInterval(() => {
    document.querySelectorAll("time[data-age]").forEach((time) => {
      time.textContent = inWords(Math.abs(Date.now() - Date.parse(time.dateTime)) / 1000);
    });
  }, EVERY_MS);
})();
