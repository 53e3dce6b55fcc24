// On a narrow screen the places of the rail stand in one row that scrolls: bring the present one into sight.
(() => {
  const nav = document.querySelector(".nav");
  const place = nav?.querySelector("[aria-current]");
  if (place) nav.scrollLeft = place.offsetLeft - (nav.clientWidth - place.offsetWidth) / 2;
})();
