// The board, again whenever it differs; when the line is cut it says so, and the browser dials again.
"use strict";
(() => {
  const doors = document.getElementById("doors"), sent = document.getElementById("sent");
  const lost = document.getElementById("lost");
  const put = (place, html) => { if (place.innerHTML !== html) place.innerHTML = html; };
  let late = 0;
  const source = new EventSource(doors.dataset.live);
  source.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    put(doors, told.doors);
    put(sent, told.sent);
  });
  source.addEventListener("open", () => { clearTimeout(late); lost.hidden = true; });
  source.addEventListener("error", () => {
    clearTimeout(late);
    late = setTimeout(() => { lost.hidden = false; }, 4000);
    if (source.readyState === EventSource.CLOSED) location.reload();  // signed out: the page says where to go
  });
})();
